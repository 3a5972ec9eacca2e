import { day } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { recordAnchor } from "./show";
import type { DeskRecord } from "./types";

/** What the customer lets the desk see of their data. */
export function Records({ records }: { records: DeskRecord[] }) {
  if (records.length === 0) return null;
  return (
    <section>
      <h3>Records shared with you</h3>
      {records.map((r) => (
        <Record key={r.id} record={r} />
      ))}
    </section>
  );
}

function Record({ record: r }: { record: DeskRecord }) {
  const fields = Object.entries(r.fields ?? {});
  return (
    <details class="record" id={recordAnchor(r.id)} data-testid="record">
      <summary>
        <span class="tag personal">{inWords(r.category)}</span> {r.title}
      </summary>
      <p class="record-text" dir="auto">
        {r.text}
      </p>
      {fields.length > 0 && (
        <dl class="record-fields">
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{inWords(name)}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p class="quiet">{[r.source?.system, r.source?.ref, day(r.collected_at, navigator.language)].filter(Boolean).join(" · ")}</p>
    </details>
  );
}
