// What an erasure deletes, and what stays: the same before it and after it.
import { fill, plural } from "../../shared/i18n";
import { day } from "../../shared/time";
import type { Held, Kept } from "../../shared/types";
import { categoryName } from "../names";
import type { ChatState } from "../state";
import { language } from "../words";
import { say } from "./words";

type Count = { what: string; category?: string; count: number };

type CountsProps = { title: string; counts: Count[]; none: string; chat: ChatState };

export function Counts({ title, counts, none, chat }: CountsProps) {
  const order = Object.keys(say.kinds);
  const some = counts.filter((c) => c.count > 0).sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what));
  return (
    <section>
      <h3>{title}</h3>
      {some.length === 0 ? (
        <p class="quiet">{none}</p>
      ) : (
        <ul class="plain-list">
          {some.map((c) => (
            <li key={`${c.what}/${c.category}`} data-testid="count" data-what={c.what}>
              {c.category ? `${categoryName(chat, c.category)}: ${many(c)}` : many(c)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** "3 records" */
export function many({ what, count }: Count): string {
  const forms = say.kinds[what];
  return forms ? plural(language, count, forms) : `${what.replace(/_/g, " ")}: ${count}`;
}

export function Tickets({ tickets }: { tickets: { id: string; since: string }[] }) {
  if (tickets.length === 0) return null;
  return (
    <section data-testid="erase-tickets">
      <h3>{say.tickets}</h3>
      <ul class="plain-list">
        {tickets.map((t) => (
          <li key={t.id}>{fill(say.ticket, { date: day(t.since, language) })}</li>
        ))}
      </ul>
    </section>
  );
}

export function KeptElsewhere({ kept, chat }: { kept: Kept[]; chat: ChatState }) {
  if (kept.length === 0) return null;
  return (
    <section data-testid="erase-kept">
      <h3>{fill(say.kept, { brand: chat.brand })}</h3>
      <dl class="facts">
        {kept.map((k) => (
          <div key={k.what}>
            <dt>{k.what}</dt>
            <dd class="quiet">{k.why}</dd>
            <Until date={k.until} />
          </div>
        ))}
      </dl>
    </section>
  );
}

export function HeldBack({ held, chat }: { held: Held[]; chat: ChatState }) {
  if (held.length === 0) return null;
  return (
    <section data-testid="erase-held">
      <h3>{say.heldBack}</h3>
      <p class="quiet">{say.heldBackIntro}</p>
      <dl class="facts">
        {held.map((h) => (
          <div key={`${h.reason}/${h.until}`}>
            <dt>{(h.categories ?? []).map((c) => categoryName(chat, c)).join(", ")}</dt>
            <dd class="quiet">{h.reason}</dd>
            <Until date={h.until} />
          </div>
        ))}
      </dl>
    </section>
  );
}

function Until({ date }: { date: string | undefined }) {
  const until = day(date, language);
  return until ? <dd class="quiet">{fill(say.keptUntil, { date: until })}</dd> : null;
}
