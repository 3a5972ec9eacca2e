import { useState } from "preact/hooks";
import { Lock, Unlocked } from "../shared/icons";
import { outside } from "../shared/staff";
import { inWords } from "../shared/vocabulary";
import { act } from "./desk";
import type { AskState, DeskConversation } from "./types";

/** What the customer shares with the desk, and how to do without the rest. */
export function Shared({ conversation: c, mine }: { conversation: DeskConversation; mine: boolean }) {
  const shared = c.shared ?? [];
  const not = c.not_shared ?? [];
  if (c.unchecked) {
    return (
      <section class="shared" aria-label="What is shared with you">
        <p data-testid="unchecked">
          <Lock />
          <span>What is shared with you can't be checked right now, so nothing of it is shown.</span>
        </p>
      </section>
    );
  }
  return (
    <section class="shared" aria-label="What is shared with you">
      <p>
        <Unlocked />
        <span>
          <strong>Shared with you:</strong> {shared.length > 0 ? shared.map(inWords).join(", ") : outside() ? "nothing" : "this chat only"}
        </span>
      </p>
      {not.length > 0 && (
        <p>
          <Lock />
          <span>
            <strong>Not shared:</strong> {not.map(inWords).join(", ")}.{" "}
            {not.includes("orders")
              ? "Ask for the order number, or use your order system under company rules."
              : "Ask the customer for what you need."}
          </span>
        </p>
      )}
      {mine && c.asks && <Asks key={c.id} categories={not} asks={c.asks} />}
    </section>
  );
}

/** Each category that is not shared: the customer can be asked for it, once. */
function Asks({ categories, asks }: { categories: string[]; asks: Record<string, AskState> }) {
  const [busy, setBusy] = useState(false);
  const told = categories.filter((c) => asks[c] && asks[c] !== "open" && asks[c] !== "never");
  const open = categories.filter((c) => asks[c] === "open");
  const ask = async (category: string) => {
    setBusy(true);
    await act("ask-consent", { categories: [category] });
    setBusy(false);
  };
  return (
    <div class="asks">
      {open.length > 0 && (
        <span class="asks-label" aria-hidden="true">
          Ask to see
        </span>
      )}
      {open.map((c) => (
        <button type="button" key={c} class="button small" data-testid={`ask-${c}`} disabled={busy} onClick={() => void ask(c)}>
          <span>
            <span class="asks-verb">Ask to see </span>
            {inWords(c).toLowerCase()}
          </span>
        </button>
      ))}
      {told.map((c) => (
        <p key={c} data-testid={`asked-${c}`} role="status">
          <strong>{inWords(c)}:</strong> {answers[asks[c]!]}
        </p>
      ))}
    </div>
  );
}

const answers: Record<AskState, string> = {
  open: "",
  never: "",
  shared: "shared",
  waiting: "asked, waiting",
  not_now: "the customer said not now",
  refused: "the customer said no",
  stopped: "the customer was asked, and stopped sharing",
};
