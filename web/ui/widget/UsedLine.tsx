import { fill, plural } from "../shared/i18n";
import type { Answer } from "../shared/types";
import { categoryName, recipientName, yours } from "./names";
import type { ChatState } from "./state";
import { language, w } from "./words";

const named = 3; // how many categories the closed line names before it says how many more

/** "Used: 2 help articles · your orders (with your permission) · Not looked at: billing, profile" */
export function UsedLine({ answer, chat }: { answer: Answer; chat: ChatState }) {
  const used = answer.used ?? [];
  const skipped = [...(answer.not_searched ?? [])].sort((a, b) => Number(b.relevant ?? false) - Number(a.relevant ?? false));
  return (
    <details class="used" data-testid="used">
      <summary>{summary(chat, answer, skipped)}</summary>
      {used.length > 0 && (
        <>
          <h2>{w.used}</h2>
          <ul>
            {used.map((u) => (
              <li key={u.record_id}>
                {u.title} <span class="quiet">({u.category === "knowledge" ? w.helpArticle : yours(chat, u.category)})</span>
              </li>
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
      {answer.model?.name && (
        <p class="quiet">{fill(w.answeredBy, { model: answer.model.name, recipient: recipientName(chat, answer.model.recipient) })}</p>
      )}
    </details>
  );
}

function summary(chat: ChatState, answer: Answer, skipped: { category: string }[]): string {
  const used = answer.used ?? [];
  const articles = used.filter((u) => u.category === "knowledge").length;
  const personal = [...new Set(used.map((u) => u.category).filter((c) => c !== "knowledge"))];
  const parts = [
    ...(articles > 0 ? [plural(language, articles, w.articles)] : []),
    ...personal.map((c) => fill(w.withPermission, { yours: yours(chat, c) })),
  ];
  const first = parts.length > 0 ? `${w.used}: ${parts.join(" · ")}` : w.usedNothing;
  if (skipped.length === 0) return first;
  const names = skipped.slice(0, named).map((n) => categoryName(chat, n.category));
  const more = skipped.length > named ? ` +${skipped.length - named}` : "";
  return `${first} · ${w.notLookedAt}: ${names.join(", ")}${more}`;
}
