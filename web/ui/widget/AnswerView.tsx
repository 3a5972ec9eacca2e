import { useState } from "preact/hooks";
import { Person } from "../shared/icons";
import type { Show } from "./App";
import type { AnswerView as View, ChatState } from "./state";
import { superseded } from "./state";
import { LeftOut } from "./LeftOut";
import { OfferCard } from "./OfferCard";
import { SentenceView } from "./SentenceView";
import { UsedLine } from "./UsedLine";
import { w } from "./words";

type Props = { view: View; text?: string; chat: ChatState; show: Show };

/** The record's number in an answer: sources are numbered as they are first cited. */
export function numbering(view: View): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const s of view.sentences) {
    for (const c of s?.citations ?? []) if (!numbers.has(c.record_id)) numbers.set(c.record_id, numbers.size + 1);
  }
  return numbers;
}

/** Why what was written is gone. What went wrong here is nothing to look back on. */
function reset(view: View): string | undefined {
  if (view.reset === "consent_changed") return w.reset;
  return view.reset && !view.whole ? w.resetAgain : undefined;
}

/** One answer of the assistant, being written or whole. */
export function AnswerView({ view, text, chat, show }: Props) {
  // Only one source is open at a time: "sentence:record".
  const [open, setOpen] = useState<string>();
  const numbers = numbering(view);
  const answer = view.whole;
  const status = answer?.status ?? "writing";
  const again = reset(view);
  const replaced = superseded(chat, view.id);
  return (
    <article class={`answer ${status} ${replaced ? "replaced" : ""}`} data-testid="answer" data-status={status}>
      {again && (
        <p class="note" data-testid="reset">
          {again}
        </p>
      )}
      {view.sentences.length === 0 && (text || answer?.text) && <p class="bubble" dir="auto">{answer?.text || text}</p>}
      {view.sentences.map((s, i) =>
        // The offer says the same once more, with its buttons.
        s && s.text !== answer?.offer?.text ? (
          <SentenceView key={i} index={i} sentence={s} view={view} chat={chat} numbers={numbers} open={open} setOpen={setOpen} />
        ) : null,
      )}
      {answer?.offer && !replaced && <OfferCard offer={answer.offer} chat={chat} askedAt={answer.at} allowed={w.offerAllowed} />}
      {replaced && <p class="note">{w.superseded}</p>}
      {answer?.status === "interrupted" && <p class="note">{w.interrupted}</p>}
      {answer?.status === "declined" && !replaced && chat.state === "pending" && (
        <button type="button" class="button" data-testid="declined-person" onClick={() => show("person")}>
          <Person />
          {w.person}
        </button>
      )}
      {answer?.verification && answer.verification.dropped > 0 && <LeftOut checks={answer.verification} />}
      {answer && <UsedLine answer={answer} chat={chat} />}
    </article>
  );
}
