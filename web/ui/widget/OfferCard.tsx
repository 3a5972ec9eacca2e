import { useState } from "preact/hooks";
import { fill } from "../shared/i18n";
import { Lock, Unlocked } from "../shared/icons";
import { allows, type Offer } from "../shared/types";
import { loadConsents, replyToOffer, StaleNotice, type OfferReply } from "./chat";
import { explainChange } from "./explain";
import { store, type ChatState } from "./state";
import { useProblem } from "./useProblem";
import { w } from "./words";

/** A consent that would help, with three answers that look the same. */
export function OfferCard({ offer, chat, askedAt }: { offer: Offer; chat: ChatState; askedAt: string }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const [notice, setNotice] = useState(offer.notice);
  const outcome = chat.offers[offer.id] ?? earlier(offer, chat, askedAt);

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
    return <p class="note">{outcome === "allowed" ? w.offerAllowed : w.offerDeclined}</p>;
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

/** What was said to an offer before this page was opened, as far as the choices tell. */
function earlier(offer: Offer, chat: ChatState, askedAt: string): "allowed" | "declined" | undefined {
  const choices = offer.changes.map((t) =>
    chat.consents?.choices.find((c) => c.purpose === t.purpose && c.category === t.category && c.recipient === t.recipient),
  );
  if (choices.length > 0 && choices.every(allows)) return "allowed";
  const since = (at: string | undefined) => at !== undefined && new Date(at) >= new Date(askedAt);
  if (choices.some((c) => (c?.state === "deferred" || c?.state === "refused") && since(c.since))) return "declined";
  return undefined;
}
