import { useEffect, useRef, useState } from "preact/hooks";
import { api, explain, type Me } from "../../shared/staff";
import { moment } from "../../shared/time";
import { changed } from "../log";
import { Once } from "../once";
import { useRefusal } from "../refusal";
import { may } from "../roles";
import type { Detail, Verdict } from "../types";
import { Assign } from "./Assign";
import { update } from "./sample";
import { verdictHints, verdictInWords, verdicts } from "./words";

/** What reviewers think of the answer, and the way to say so. */
export function ReviewBox({ detail: d, me }: { detail: Detail; me: Me }) {
  const reviews = d.reviews ?? [];
  return (
    <section class="act" aria-label="Review" data-testid="review">
      <h3>Review</h3>
      {reviews.length === 0 && <p class="quiet">Nobody has reviewed it yet.</p>}
      {reviews.length > 0 && (
        <ol class="raised-list">
          {reviews.map((r) => (
            <li key={r.id} data-testid="review-line">
              <p>
                <span class={`verdict ${r.verdict}`}>{verdictInWords(r.verdict)}</span>{" "}
                <span class="quiet">
                  {r.reviewer?.name || "Somebody who has left"}, {moment(r.at, navigator.language)}
                </span>
              </p>
              {r.note && <p class="said">{r.note}</p>}
            </li>
          ))}
        </ol>
      )}
      {may("review") ? (
        <>
          <Assign detail={d} me={me} />
          <VerdictForm detail={d} me={me} />
        </>
      ) : (
        <p class="quiet">{d.assignee ? `Assigned to ${d.assignee.name}. ` : ""}Your role reads reviews. A reviewer gives them.</p>
      )}
    </section>
  );
}

/** What is written stays until it is taken. */
function VerdictForm({ detail: d, me }: { detail: Detail; me: Me }) {
  const [note, setNote] = useState("");
  const [giving, setGiving] = useState("");
  const [refused, setRefused] = useRefusal();
  const [given, setGiven] = useState("");
  const [once] = useState(() => new Once());
  const told = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (!given) return;
    // In a sample the next answer is what comes next.
    const next = document.querySelector<HTMLButtonElement>("[data-testid=sample-next]:enabled");
    (next ?? told.current)?.focus();
  }, [given]);

  async function give(verdict: Verdict) {
    setGiving(verdict);
    setRefused("");
    setGiven("");
    const text = note.trim();
    try {
      const body = { verdict, ...(text ? { note: text } : {}) };
      const { id } = await api.post<{ id: string }>(`/api/admin/citations/${encodeURIComponent(d.id)}/review`, body, once.keyFor(body));
      once.taken();
      const review = { id, verdict, note: text || undefined, reviewer: { id: me.id ?? "", name: me.name }, at: new Date().toISOString() };
      changed(d.id, { reviews: [...(d.reviews ?? []), review] }, { verdict });
      update(d.id, { verdict });
      setNote("");
      setGiven(`Recorded: ${verdicts[verdict]}.`);
    } catch (e) {
      setRefused(explain(e));
    }
    setGiving("");
  }

  return (
    <>
      <label class="filter">
        Note, for reviewers
        <textarea class="field" rows={2} maxLength={4000} data-testid="review-note" value={note} onInput={(e) => setNote(e.currentTarget.value)} />
      </label>
      {refused && (
        <p class="problem" role="alert" data-testid="review-refused">
          {refused}
        </p>
      )}
      <div class="act-buttons" role="group" aria-label="Give a verdict">
        {(Object.keys(verdicts) as Verdict[]).map((v) => (
          <button key={v} type="button" class="button small" title={verdictHints[v]} data-testid={`verdict-${v}`} disabled={giving !== ""} onClick={() => void give(v)}>
            {giving === v ? "Recording…" : verdicts[v]}
          </button>
        ))}
      </div>
      <p class="quiet" role="status" tabIndex={-1} ref={told} data-testid="review-given">
        {given}
      </p>
    </>
  );
}
