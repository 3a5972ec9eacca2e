import { useEffect, useRef, useState } from "preact/hooks";
import { fill } from "../shared/i18n";
import type { ConsentChange } from "../shared/types";
import { change } from "./chat";
import { explainChange } from "./explain";
import { allowing, mine, yours } from "./names";
import type { ChatState } from "./state";
import { useProblem } from "./useProblem";
import { w } from "./words";

type Props = { chat: ChatState; purpose: string; category: string; recipient: string };

/** One click stops; deleting is offered afterwards, and asked for nothing. */
export function Stop({ chat, purpose, category, recipient }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const [stopped, setStopped] = useState<ConsentChange[]>();
  const active = allowing(chat, purpose, category);

  async function stop() {
    setBusy(true);
    setProblem("");
    const triples = active.length > 0 ? active : [{ purpose, category, recipient }];
    const changes = triples.map((t) => ({ purpose: t.purpose, category: t.category, recipient: t.recipient, granted: false }));
    try {
      await change(changes);
      setStopped(changes);
    } catch (e) {
      setProblem(explainChange(e));
    }
    setBusy(false);
  }

  if (stopped) return <Stopped chat={chat} changes={stopped} />;
  // Stopped elsewhere meanwhile: there is nothing left to do here.
  if (chat.consents && active.length === 0) return <p class="quiet">{w.stopped}</p>;
  return (
    <>
      <button type="button" class="button small" data-testid={`stop-${category}`} disabled={busy} onClick={() => void stop()}>
        {busy ? w.stopping : fill(w.stop, { mine: mine(chat, category) })}
      </button>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

type StoppedProps = { chat: ChatState; changes: ConsentChange[]; done?: () => void };

/** "Stopped. Also delete your orders here?" */
export function Stopped({ chat, changes, done }: StoppedProps) {
  const [state, setState] = useState<"asking" | "busy" | "deleted" | "kept">("asking");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), []);
  const [problem, setProblem] = useProblem();

  async function remove() {
    setState("busy");
    setProblem("");
    try {
      await change(changes.map((c) => ({ ...c, granted: false, delete: true })));
      setState("deleted");
    } catch (e) {
      setState("asking");
      setProblem(explainChange(e));
    }
  }

  if (state === "deleted" || state === "kept") {
    return <p class="quiet">{state === "deleted" ? `${w.stopped} ${w.deleted}` : w.stopped}</p>;
  }
  return (
    <div class="stopped" data-testid="stopped" role="group" ref={box}>
      <p>
        {w.stopped} {fill(w.deleteToo, { yours: yours(chat, changes[0]!.category), brand: chat.brand })}
      </p>
      <div class="choices">
        <button type="button" class="button small" data-testid="stop-delete" disabled={state === "busy"} onClick={() => void remove()}>
          {w.stopAndDelete}
        </button>
        <button
          type="button"
          class="button small"
          data-testid="stop-keep"
          disabled={state === "busy"}
          onClick={() => {
            setState("kept");
            done?.();
          }}
        >
          {w.keepIt}
        </button>
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
