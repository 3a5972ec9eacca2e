import { fill, plural } from "../shared/i18n";
import type { Answer, NotSearched, Used } from "../shared/types";
import { categoryName, recipientName, withheld, writer, yours } from "./names";
import type { ChatState } from "./state";
import { language, w } from "./words";

const named = 3; // how many categories the closed line names before it says how many more

/** "Used: 2 help articles · your orders (with your permission) · Not looked at: billing, profile" */
export function UsedLine({ answer, chat }: { answer: Answer; chat: ChatState }) {
  const used = byRecord(answer.used ?? []);
  const all = [...(answer.not_searched ?? [])].sort((a, b) => Number(b.relevant ?? false) - Number(a.relevant ?? false));
  const kept = all.filter((n) => withheld(chat, answer, n));
  const skipped = all.filter((n) => !kept.includes(n));
  return (
    <details class="used" data-testid="used">
      <summary>{summary(chat, used.map((u) => u.record), kept, skipped)}</summary>
      {used.length > 0 && (
        <>
          <h2>{w.used}</h2>
          <ul>
            {used.map(({ record: u, recipients }) => (
              <li key={u.record_id}>
                {u.title}{" "}
                <span class="quiet">
                  ({[u.category === "knowledge" ? w.helpArticle : yours(chat, u.category), ...recipients.map((r) => recipientName(chat, r))].join(" · ")})
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {kept.length > 0 && (
        <>
          <h2>{w.notGiven}</h2>
          <ul>
            {kept.map((n) => (
              <li key={n.category}>{yours(chat, n.category)}</li>
            ))}
          </ul>
        </>
      )}
      {skipped.length > 0 && (
        <>
          <h2>{w.notLookedAt}</h2>
          <ul>
            {skipped.map((n) => (
              <li key={n.category}>
                {categoryName(chat, n.category)}: <span class="quiet">{w.reasons[n.reason] ?? n.reason}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {answer.model?.name && <p class="quiet">{writer(chat, answer.model)}</p>}
    </details>
  );
}

/** Each record once, with everybody who was given it. */
function byRecord(used: Used[]): { record: Used; recipients: string[] }[] {
  const records = [...new Map(used.map((u) => [u.record_id, u])).values()];
  return records.map((record) => ({ record, recipients: used.filter((u) => u.record_id === record.record_id).map((u) => u.recipient) }));
}

function summary(chat: ChatState, used: Used[], kept: NotSearched[], skipped: NotSearched[]): string {
  const articles = used.filter((u) => u.category === "knowledge").length;
  const personal = [...new Set(used.map((u) => u.category).filter((c) => c !== "knowledge"))];
  const parts = [
    ...(articles > 0 ? [plural(language, articles, w.articles)] : []),
    ...personal.map((c) => fill(w.withPermission, { yours: yours(chat, c) })),
  ];
  return [
    parts.length > 0 ? `${w.used}: ${parts.join(" · ")}` : w.usedNothing,
    ...(kept.length > 0 ? [`${w.notGiven}: ${some(kept.map((n) => yours(chat, n.category)))}`] : []),
    ...(skipped.length > 0 ? [`${w.notLookedAt}: ${some(skipped.map((n) => categoryName(chat, n.category)))}`] : []),
  ].join(" · ");
}

function some(names: string[]): string {
  const more = names.length > named ? ` +${names.length - named}` : "";
  return names.slice(0, named).join(", ") + more;
}
