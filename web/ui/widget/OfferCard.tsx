import { useState } from "preact/hooks";
import { fill } from "../shared/i18n";
import { Lock, Unlocked } from "../shared/icons";
import { day } from "../shared/time";
import { allows, type Choice, type Offer, type Triple } from "../shared/types";
import { loadConsents, replyToOffer, StaleNotice, type OfferReply } from "./chat";
import { explainChange } from "./explain";
import { store, type ChatState } from "./state";
import { useProblem } from "./useProblem";
import { language, w } from "./words";

type Props = {
  offer: Offer;
  chat: ChatState;
  askedAt: string;
  /** What to say once it is allowed. */
  allowed: string;
};

/** A consent that would help, with three answers that look the same. */
export function OfferCard({ offer, chat, askedAt, allowed }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const [notice, setNotice] = useState(offer.notice);
  const outcome = outcomeOf(offer, chat, askedAt);

  async function reply(r: OfferReply) {
    setBusy(true);
    setProblem("");
    try {
      await replyToOffer(offer, r, notice);
    } catch (e) {
      if (e instanceof StaleNotice) {
        // The new text is shown; the same buttons now answer to it.
        setNotice(store.get().consents?.notice ?? offer.notice);
        setProblem(w.noticeChanged);
      } else {
        setProblem(explainChange(e));
      }
    }
    setBusy(false);
  }

  if (outcome) {
    return (
      <>
        <p class="bubble">{offer.text}</p>
        <p class="note" data-testid="offer-outcome">
          {outcome === "allowed" ? allowed : outcome === "ended" ? w.offerEnded : declined(offer, chat)}
        </p>
      </>
    );
  }
  const text = notice.text ?? chat.consents?.notice.text;
  const choice = (r: OfferReply, label: string, id: string) => (
    <button type="button" class="button" data-testid={id} disabled={busy} onClick={() => void reply(r)}>
      {label}
    </button>
  );
  return (
    <section class="offer" data-testid="offer" data-offer={offer.id}>
      <p class="consent-line">
        {busy ? <Unlocked /> : <Lock />}
        <span>{offer.text}</span>
      </p>
      <div class="choices">
        {choice("conversation", w.offerConversation, "offer-conversation")}
        {choice("standing", w.offerStanding, "offer-standing")}
        {choice("not now", w.offerNotNow, "offer-not-now")}
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <details open={notice !== offer.notice} onToggle={() => !chat.consents && void loadConsents()}>
        <summary>{w.readNotice}</summary>
        <p class="quiet pre">{text ?? w.loading}</p>
        <p class="quiet">{fill(w.notice, { version: notice.version })}</p>
      </details>
    </section>
  );
}

function declined(offer: Offer, chat: ChatState): string {
  const choice = asked(offer, chat).find((c) => c?.state === "deferred");
  const until = day(choice?.expires, language);
  return until ? fill(w.offerDeferred, { date: until }) : w.offerDeclined;
}

/** How the choices stand that an offer asks for, as far as they are known. */
function asked(offer: Offer, chat: ChatState): (Choice | undefined)[] {
  const same = (a: Triple, b: Triple) => a.purpose === b.purpose && a.category === b.category && a.recipient === b.recipient;
  return offer.changes.map((t) => chat.consents?.choices.find((c) => same(c, t)));
}

/**
 * What became of an offer: as it was said here, or before this page was opened as far as
 * the choices tell. What was allowed holds only as long as they say so.
 */
function outcomeOf(offer: Offer, chat: ChatState, askedAt: string): "allowed" | "ended" | "declined" | undefined {
  const choices = asked(offer, chat);
  const said = chat.offers[offer.id];
  if (choices.every(allows)) return said ?? "allowed";
  if (said === "allowed" && chat.consents) return "ended";
  if (said) return said;
  const since = (...states: string[]) =>
    choices.some((c) => c && states.includes(c.state) && new Date(c.since ?? 0) >= new Date(askedAt));
  return since("withdrawn") ? "ended" : since("deferred", "refused") ? "declined" : undefined;
}
