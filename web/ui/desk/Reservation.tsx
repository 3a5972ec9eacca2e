import { useState } from "preact/hooks";
import { inWords, languageName } from "../shared/vocabulary";
import { act, kept, type DeskState } from "./desk";
import type { Ticket } from "./types";
import { useNow } from "./useNow";

/** A conversation that is kept for me for a moment: I take it, or it goes to the next. */
export function Reserved({ state }: { state: DeskState }) {
  const now = useNow();
  const [busy, setBusy] = useState(false);
  const waiting = kept(state).filter((r) => Date.parse(r.until) > now);
  const first = waiting[0];
  if (!first) return null;
  const ticket = state.tickets?.find((t) => t.conversation_id === first.conversation_id);
  const left = Math.ceil((Date.parse(first.until) - now) / 1000);
  const open = first.conversation_id === state.selected; // and read there, with the same two buttons
  const run = async (action: "claim" | "pass") => {
    setBusy(true);
    const done = await act(action, {}, undefined, first.conversation_id);
    if (done && action === "claim") location.hash = first.conversation_id;
    setBusy(false);
  };
  return (
    <section class="reserved" aria-label="Reserved for you" data-testid="reserved">
      <p class="reserved-text" role="alert">
        <strong>Reserved for you{waiting.length > 1 && ` (1 of ${waiting.length})`}:</strong>{" "}
        {open ? "the conversation that is open" : ticket ? <Named ticket={ticket} /> : "a conversation"}
      </p>
      <span class="countdown" role="timer" aria-label={`${left} seconds left`} data-testid="countdown">
        {left} s
      </span>
      {!open && (
        <div class="actions">
          <button type="button" class="button small primary" data-testid="take" disabled={busy} onClick={() => void run("claim")}>
            Take it
          </button>
          <button type="button" class="button small" data-testid="let-pass" disabled={busy} onClick={() => void run("pass")}>
            Let it pass
          </button>
        </div>
      )}
    </section>
  );
}

/** Why they wait, in which language, and what they want. */
function Named({ ticket: t }: { ticket: Ticket }) {
  return (
    <>
      {[inWords(t.reason), t.language && languageName(t.language)].filter(Boolean).join(" · ")}
      {t.summary && (
        <>
          {" · "}
          <span dir="auto">{t.summary}</span>
        </>
      )}
    </>
  );
}
