import { useEffect, useRef, useState } from "preact/hooks";
import { explain } from "../../shared/staff";
import { Once } from "../once";
import { sendCorrection, usesOf, type Correction, type CorrectionTo } from "./follow";
import { CorrectionProgressLine } from "./CorrectionProgressLine";
import type { SourceOf } from "./FollowUp";
import { many } from "./words";

type Props = { site: string; answer: string; records: SourceOf[]; cancel: () => void };

/** Writes a correction, says how many get it, and sends it. */
export function CorrectionForm({ site, answer, records, cancel }: Props) {
  const [to, setTo] = useState(""); // a record's id; empty: this answer only
  const [text, setText] = useState("");
  const [once] = useState(() => new Once());
  const [count, setCount] = useState<number>();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState("");
  const whoGets = useRef<HTMLParagraphElement>(null);
  const [sent, setSent] = useState<Correction>();
  // Counted anew at each second look, so that one that failed can be had again.
  useEffect(() => {
    setCount(to ? undefined : 1);
    let mine = true;
    if (to && asking) {
      usesOf(site, to).then(
        (u) => mine && setCount(u.kept),
        (e) => mine && setRefused(explain(e)),
      );
    }
    return () => {
      mine = false;
    };
  }, [site, to, asking]);
  useEffect(() => {
    if (asking) whoGets.current?.focus();
  }, [asking]);
  // A second look is at what is then sent.
  const edit = (change: () => void) => {
    change();
    setAsking(false);
    setRefused("");
  };

  async function send() {
    setBusy(true);
    setRefused("");
    const target: CorrectionTo = to ? { record: to } : { answers: [answer] };
    const words = text.trim();
    try {
      setSent(await sendCorrection(site, target, words, once.keyFor([target, words])));
    } catch (e) {
      setRefused(explain(e));
    }
    setBusy(false);
  }

  if (sent) return <CorrectionProgressLine sent={sent} />;
  return (
    <form
      class="act"
      data-testid="correction-form"
      onSubmit={(e) => {
        e.preventDefault();
        setRefused("");
        setAsking(true);
      }}
    >
      <fieldset class="outcomes">
        <legend>Who gets it</legend>
        <label class="check">
          <input type="radio" name="correction-to" data-testid="correction-answer" checked={to === ""} onChange={() => edit(() => setTo(""))} />
          The customer of this answer
        </label>
        {records.map((r) => (
          <label key={r.id} class="check">
            <input type="radio" name="correction-to" data-testid="correction-record" checked={to === r.id} onChange={() => edit(() => setTo(r.id))} />
            Everybody who was answered from {r.title || r.id}
          </label>
        ))}
      </fieldset>
      <label class="filter">
        What is right
        <textarea
          class="field"
          rows={4}
          required
          maxLength={2000}
          data-testid="correction-text"
          value={text}
          onInput={(e) => {
            const words = e.currentTarget.value;
            edit(() => setText(words));
          }}
        />
      </label>
      <p class="quiet">It is sent as it is written here, after “Correction from” and the company's name in the customer's language.</p>
      {refused && (
        <p class="problem" role="alert" data-testid="correction-refused">
          {refused}
        </p>
      )}
      {asking ? (
        <div class="confirm" role="group" aria-label="Send the correction?">
          <p data-testid="correction-count" tabIndex={-1} ref={whoGets}>
            {count !== undefined
              ? `One message goes into ${many(count, "conversation")}. It cannot be taken back.`
              : refused
                ? "How many get it is not known."
                : "Counting the conversations…"}
          </p>
          <div class="act-buttons">
            <button type="button" class="button small" data-testid="correction-send" disabled={busy || count === undefined || count === 0} onClick={() => void send()}>
              {busy ? "Sending…" : count === undefined ? "Send it" : `Send it into ${many(count, "conversation")}`}
            </button>
            <button type="button" class="button small" disabled={busy} onClick={() => setAsking(false)}>
              Go on writing
            </button>
          </div>
        </div>
      ) : (
        <div class="act-buttons">
          <button type="submit" class="button small" data-testid="correction-next" disabled={!text.trim()}>
            See who gets it
          </button>
          <button type="button" class="button small" onClick={cancel}>
            Send nothing
          </button>
        </div>
      )}
    </form>
  );
}
