import { useState } from "preact/hooks";
import { plural } from "../shared/i18n";
import type { Verification } from "../shared/types";
import { Lazy } from "./lazy";
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
  const [opened, setOpened] = useState(false);
  const toggled = (box: HTMLElement) => {
    setOpened(true);
    box.scrollIntoView({ block: "nearest" });
  };
  return (
    <details class="used left-out" data-testid="left-out" onToggle={(e) => toggled(e.currentTarget)}>
      <summary>{text}</summary>
      {opened && <Lazy name="privacy">{(m) => <m.Removed removed={removed} />}</Lazy>}
    </details>
  );
}
