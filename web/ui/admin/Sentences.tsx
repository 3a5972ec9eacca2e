import { useState } from "preact/hooks";
import { plain } from "../shared/plain";
import type { Citation } from "../shared/types";
import type { Detail } from "./types";

/** The answer as the customer got it, each source's quote below its sentence. */
export function Sentences({ detail: d }: { detail: Detail }) {
  const [open, setOpen] = useState<string>();
  const sentences = d.sentences ?? [];
  const numbers = new Map<string, number>();
  for (const c of sentences.flatMap((s) => s.citations ?? [])) {
    if (!numbers.has(c.record_id)) numbers.set(c.record_id, numbers.size + 1);
  }
  const used = new Map((d.used ?? []).map((u) => [u.record_id, u]));
  if (d.gone) return <p class="answer-text quiet">The text of this conversation is no longer kept.</p>;
  if (sentences.length === 0) return <p class="answer-text">{d.text || "Nothing was released."}</p>;

  function chip(c: Citation, key: string) {
    const personal = used.get(c.record_id)?.category !== "knowledge";
    return (
      <button
        type="button"
        key={key}
        class={personal ? "chip personal" : "chip"}
        data-testid="chip"
        aria-expanded={open === key}
        aria-label={`Source ${numbers.get(c.record_id)}: ${used.get(c.record_id)?.title ?? c.record_id}`}
        onClick={() => setOpen(open === key ? undefined : key)}
      >
        {numbers.get(c.record_id)}
      </button>
    );
  }

  return (
    <section class="answer-text" aria-label="The answer">
      {sentences.map((s, i) => (
        <div key={i} data-testid="sentence">
          <p>
            {s.text} {(s.citations ?? []).map((c, j) => chip(c, `${i}:${j}`))}
          </p>
          {(s.citations ?? []).map(
            (c, j) =>
              open === `${i}:${j}` && (
                <blockquote key={j} data-testid="quote">
                  {plain(c.quote)}
                  <footer class="quiet">
                    {used.get(c.record_id)?.title ?? c.record_id}
                    {c.score !== undefined && ` · score ${c.score.toFixed(2)}`}
                  </footer>
                </blockquote>
              ),
          )}
        </div>
      ))}
    </section>
  );
}
