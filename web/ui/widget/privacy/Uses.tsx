import { fill } from "../../shared/i18n";
import { moment } from "../../shared/time";
import { categoryName, purposeName, recipientName } from "../names";
import type { ChatState } from "../state";
import { language } from "../words";
import { many } from "./erasure";
import { ListView, useList } from "./list";
import type { Use, UseKind } from "./types";
import { say } from "./words";

/** Every time that the customer's data was used, and who got it. */
export function Uses({ chat }: { chat: ChatState }) {
  const list = useList<Use>("/api/me/usage");
  return (
    <>
      <p>{say.usesIntro}</p>
      <ListView list={list} empty={say.usesEmpty}>
        {(u) => <Row key={u.id} use={u} chat={chat} />}
      </ListView>
    </>
  );
}

function Row({ use: u, chat }: { use: Use; chat: ChatState }) {
  const categories = (u.categories ?? []).map((c) => categoryName(chat, c)).join(", ");
  const records = u.records ?? [];
  const facts = [moment(u.at, language), u.purpose && purposeName(chat, u.purpose), u.recipient && recipientName(chat, u.recipient)];
  return (
    <li class="item" data-testid="use" data-kind={u.kind}>
      <p class="what">{happened(u, chat)}</p>
      {categories && <p>{u.what && u.count ? `${categories}: ${many({ what: `${u.what}s`, count: u.count })}` : categories}</p>}
      <p class="quiet">{facts.filter(Boolean).join(" · ")}</p>
      {u.reason && <p class="quiet">{fill(say.useReason, { reason: say.useReasons[u.reason] ?? u.reason.replace(/_/g, " ") })}</p>}
      {records.length > 0 && (
        <details>
          <summary>{say.which}</summary>
          <ul class="plain-list">
            {records.map((r) => (
              <li key={r.id}>{r.title || say.untitled}</li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

function happened(u: Use, chat: ChatState): string {
  const name = u.who?.name;
  const by: Partial<Record<UseKind, string>> = say.usesBy;
  return fill((name && by[u.kind]) || say.uses[u.kind] || u.kind, { brand: chat.brand, name });
}
