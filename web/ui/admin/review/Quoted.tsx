import { plain } from "../../shared/plain";
import type { Citation } from "../../shared/types";
import type { Detail, QuotedSource } from "../types";
import { stateInWords } from "./words";

/** What a sentence quotes: the source as it was then, beside what it is now. */
export function Quoted({ citation: c, detail: d }: { citation: Citation; detail: Detail }) {
  const source = sourceOf(c, d.sources ?? []);
  const title = d.used?.find((u) => u.record_id === c.record_id)?.title || source?.title || c.record_id;
  return (
    <figure class="quoted" data-testid="quote">
      <figcaption class="quiet">
        {title}
        {c.score !== undefined && ` · score ${c.score.toFixed(2)}`}
      </figcaption>
      <div class="then-now">
        <section>
          <h4>Then</h4>
          <blockquote data-testid="quote-then">
            {source && <span class="around">{plainStart(source.then.before)}</span>}
            <mark>{source ? source.then.quote : plain(c.quote)}</mark>
            {source && <span class="around">{source.then.after}</span>}
          </blockquote>
        </section>
        {source && (
          <section>
            <h4>Now</h4>
            <p class={`source-state ${source.now.state}`} data-testid="quote-now">
              {stateInWords(source.now.state)}
            </p>
            {source.now.text && source.now.state !== "same" && <blockquote>{source.now.text}</blockquote>}
          </section>
        )}
      </div>
    </figure>
  );
}

function sourceOf(c: Citation, sources: QuotedSource[]): QuotedSource | undefined {
  const same = sources.filter((s) => s.record_id === c.record_id);
  return same.find((s) => s.then.quote === c.quote) ?? same[0];
}

// The text around a quote is cut anywhere; what is left of a heading's sign says
// nothing.
const plainStart = (text: string) => text.replace(/^\s*#{1,6}\s+/, "");
