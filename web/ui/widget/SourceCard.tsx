import { useEffect, useRef } from "preact/hooks";
import { fill } from "../shared/i18n";
import { Article, Close, Unlocked } from "../shared/icons";
import { plain } from "../shared/plain";
import { day } from "../shared/time";
import type { Used } from "../shared/types";
import { categoryName, purposeName, recipientName } from "./names";
import type { ChatState } from "./state";
import { Stop } from "./Stop";
import { language, w } from "./words";

type Props = { number: number; used: Used | undefined; given: Used[]; quotes: string[]; chat: ChatState; close: () => void };

/** Where a sentence comes from, and by which consent; with the way to end it. */
export function SourceCard({ number, used, given, quotes, chat, close }: Props) {
  const card = useRef<HTMLElement>(null);
  useEffect(() => card.current?.scrollIntoView({ block: "nearest" }), [used]);
  const personal = used !== undefined && used.category !== "knowledge";
  return (
    <section
      ref={card}
      class={personal ? "source personal" : "source"}
      data-testid="source"
      data-category={used?.category}
      aria-label={fill(w.source, { n: number, title: used?.title ?? "" })}
    >
      <div class="source-head">
        <div>
          <p class="kind">
            {personal ? <Unlocked /> : <Article />}
            {personal ? categoryName(chat, used.category) : w.helpArticle}
          </p>
          <h2>{used?.title ?? w.loading}</h2>
        </div>
        <button type="button" class="tool" aria-label={fill(w.closeSource, { n: number })} onClick={close}>
          <Close />
        </button>
      </div>
      {quotes.map((q) => (
        <blockquote key={q}>{plain(q)}</blockquote>
      ))}
      {used && (
        <p class="quiet">
          {facts(used)}
          {safe(used.source.url) && (
            <>
              {facts(used) && " · "}
              <a href={used.source.url} target="_blank" rel="noopener noreferrer">
                {w.openSource}
              </a>
            </>
          )}
        </p>
      )}
      {personal && <Consent used={used} given={given} chat={chat} />}
    </section>
  );
}

/** Which system has it, under which name, and since when we do. */
function facts(used: Used): string {
  const collected = day(used.collected_at, language);
  return [used.source.system, used.source.ref, collected && fill(w.collected, { date: collected })].filter(Boolean).join(" · ");
}

function Consent({ used, given, chat }: { used: Used; given: Used[]; chat: ChatState }) {
  return (
    <div class="consent">
      {given.map((u) => (
        <p class="consent-line" key={u.recipient}>
          <Unlocked />
          <span>
            {w.allowedBy}: {purposeName(chat, u.purpose)} · {recipientName(chat, u.recipient)}
            {since(u, chat)}
          </span>
        </p>
      ))}
      <Stop chat={chat} purpose={used.purpose} category={used.category} recipient={used.recipient} />
    </div>
  );
}

function since(u: Used, chat: ChatState): string {
  const choice = chat.consents?.choices.find((c) => c.purpose === u.purpose && c.category === u.category && c.recipient === u.recipient);
  const date = day(choice?.since, language);
  return date && choice?.grant_id === u.grant_id ? ` · ${fill(w.allowedSince, { date })}` : "";
}

/** Only addresses of web pages become links. */
function safe(url: string | undefined): boolean {
  return /^https?:\/\//.test(url ?? "");
}
