import { Lock, Unlocked } from "../shared/icons";
import { day } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import type { DeskConversation, DeskRecord } from "./types";

/** What the customer shares with the desk, and how to do without the rest. */
export function Shared({ conversation: c }: { conversation: DeskConversation }) {
  const shared = c.shared ?? [];
  const not = c.not_shared ?? [];
  return (
    <section class="shared" aria-label="What is shared with you">
      <p>
        <Unlocked />
        <span>
          <strong>Shared with you:</strong> {shared.length > 0 ? shared.map(inWords).join(", ") : "this chat only"}
        </span>
      </p>
      {not.length > 0 && (
        <p>
          <Lock />
          <span>
            <strong>Not shared:</strong> {not.map(inWords).join(", ")}.{" "}
            {not.includes("orders")
              ? "Ask for the order number, or use your order system under company rules."
              : "Ask the customer for what you need."}
          </span>
        </p>
      )}
      {(c.records ?? []).map((r) => (
        <Record key={r.id} record={r} />
      ))}
    </section>
  );
}

function Record({ record: r }: { record: DeskRecord }) {
  const fields = Object.entries(r.fields ?? {});
  return (
    <details class="record" data-testid="record">
      <summary>
        <span class="tag personal">{inWords(r.category)}</span> {r.title}
      </summary>
      <p class="record-text">{r.text}</p>
      {fields.length > 0 && (
        <dl class="record-fields">
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{inWords(name)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p class="quiet">{[r.source?.system, r.source?.ref, day(r.collected_at, navigator.language)].filter(Boolean).join(" · ")}</p>
    </details>
  );
}
