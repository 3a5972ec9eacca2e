import { moment } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { ID } from "./ID";
import type { LogLine } from "./types";

/** What the log said, in its order: opened before anything was read, closed at the end. */
export function Timeline({ lines }: { lines: LogLine[] }) {
  return (
    <section>
      <h3>In the log</h3>
      {lines.length === 0 && <p class="quiet">No lines.</p>}
      <ol class="timeline">
        {lines.map((l) => (
          <li key={l.id} class={l.kind} data-testid="log-line">
            <p>
              <strong>{l.kind === "opened" ? "Opened" : l.kind === "closed" ? "Closed" : inWords(l.kind)}</strong>{" "}
              <span class="quiet">
                {moment(l.at, navigator.language)} · attempt {l.attempt}
                {l.kind === "closed" && l.status ? ` · ${inWords(l.status)}` : ""}
              </span>
            </p>
            <p>{reads(l)}</p>
            <ID value={l.id} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function reads(l: LogLine): string {
  const records = l.records ?? [];
  if (records.length === 0) return "No records.";
  const categories = [...new Set(records.map((r) => inWords(r.category)))].join(", ");
  const to = inWords(l.recipient || records[0]?.recipient);
  return `${records.length} ${records.length === 1 ? "record" : "records"} (${categories})${to ? ` to ${to}` : ""}`;
}
