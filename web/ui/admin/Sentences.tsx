import { useState } from "preact/hooks";
import type { Citation } from "../shared/types";
import { Quoted } from "./review/Quoted";
import type { Detail } from "./types";

/** The answer as the customer got it; each source opens below its sentence. */
export function Sentences({ detail: d }: { detail: Detail }) {
  const [open, setOpen] = useState<string>();
  const sentences = d.sentences ?? [];
  const numbers = new Map<string, number>();
  for (const c of sentences.flatMap((s) => s.citations ?? [])) {
    if (!numbers.has(c.record_id)) numbers.set(c.record_id, numbers.size + 1);
  }
  const used = new Map((d.used ?? []).map((u) => [u.record_id, u]));
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
        aria-label={`Source ${numbers.get(c.record_id)}: ${used.get(c.record_id)?.title || c.record_id}`}
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
          {(s.citations ?? []).map((c, j) => open === `${i}:${j}` && <Quoted key={j} citation={c} detail={d} />)}
        </div>
      ))}
    </section>
  );
}
