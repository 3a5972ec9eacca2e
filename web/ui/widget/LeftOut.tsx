import { useState } from "preact/hooks";
import { plural } from "../shared/i18n";
import type { Verification } from "../shared/types";
import { loadPrivacy, privacy } from "./lazy";
import { language, w } from "./words";

/** "Left out: 2 sentences that the sources did not support". Which ones, only the demo tells its customer. */
export function LeftOut({ checks }: { checks: Verification }) {
  const text = plural(language, checks.dropped, w.leftOut);
  if (!checks.removed) {
    return (
      <p class="quiet" data-testid="left-out">
        {text}
      </p>
    );
  }
  return <Details text={text} removed={checks.removed} />;
}

function Details({ text, removed }: { text: string; removed: NonNullable<Verification["removed"]> }) {
  const [module, setModule] = useState(privacy());
  const [failed, setFailed] = useState(false);
  const toggled = (box: HTMLElement) => {
    if (module) box.scrollIntoView({ block: "nearest" });
    else loadPrivacy().then(setModule, () => setFailed(true));
  };
  return (
    <details class="used left-out" data-testid="left-out" onToggle={(e) => toggled(e.currentTarget)}>
      <summary>{text}</summary>
      {module ? <module.Removed removed={removed} /> : <p>{failed ? w.panelFailed : w.wait}</p>}
    </details>
  );
}
