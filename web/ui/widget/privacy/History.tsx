import { fill } from "../../shared/i18n";
import { day, moment } from "../../shared/time";
import { categoryName, purposeName, recipientName } from "../names";
import type { ChatState } from "../state";
import { language } from "../words";
import { ListView, useList } from "./list";
import { SaveFile } from "./SaveFile";
import type { ConsentEvent } from "./types";
import { say } from "./words";

/** Every choice that was ever made, with the proof of it. */
export function History({ chat }: { chat: ChatState }) {
  const list = useList<ConsentEvent>("/api/me/consents/history", chat.consents?.epoch);
  return (
    <>
      <p>{say.historyIntro}</p>
      <ListView list={list} empty={say.historyEmpty}>
        {(e) => <Event key={e.id} event={e} chat={chat} />}
      </ListView>
    </>
  );
}

function Event({ event: e, chat }: { event: ConsentEvent; chat: ChatState }) {
  const what = `${happened(e)}: ${categoryName(chat, e.category)}`;
  const at = moment(e.at, language);
  return (
    <li class="item" data-testid="event" data-state={e.state}>
      <p class="what">{what}</p>
      <p class="quiet">
        {purposeName(chat, e.purpose)} · {recipientName(chat, e.recipient)}
      </p>
      <p class="quiet">{[at, by(e.actor, chat), say.channels[e.channel ?? ""], until(e), notice(e)].filter(Boolean).join(" · ")}</p>
      <SaveFile path={`/api/me/receipts/${encodeURIComponent(e.id)}`} label={say.receipt} about={`${say.receipt}: ${what}, ${at}`} />
    </li>
  );
}

function happened(e: ConsentEvent): string {
  if (e.delete) return say.events["deleted"]!;
  return say.events[e.state] ?? e.state;
}

function by(actor: string | undefined, chat: ChatState): string | undefined {
  const kind = (actor ?? "").split(":")[0]!;
  const text = say.actors[kind];
  return text && fill(text, { brand: chat.brand });
}

const until = (e: ConsentEvent) => e.expires && fill(say.until, { date: day(e.expires, language) });

const notice = (e: ConsentEvent) => e.notice?.version && fill(say.noticeVersion, { version: e.notice.version });
