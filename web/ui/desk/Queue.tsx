import { useLayoutEffect, useRef } from "preact/hooks";
import { outside } from "../shared/staff";
import { waiting } from "../shared/time";
import { inWords, languageName } from "../shared/vocabulary";
import { desk, loadQueue, type DeskState } from "./desk";
import type { Ticket } from "./types";
import { useNow } from "./useNow";
import { due, queueTitle, until } from "./words";

/** Who waits, longest first; one's own conversations on top. */
export function Queue({ state }: { state: DeskState }) {
  const now = useNow();
  const list = useRef<HTMLElement>(null);
  const shown = groups(state);
  // It may have been chosen by a key, or by its address.
  useLayoutEffect(() => list.current!.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }), [state.selected, !state.tickets]);
  return (
    <nav
      class="queue"
      aria-label="Conversations"
      ref={list}
      onKeyDown={(e) => {
        const by = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
        if (!by || !(e.target instanceof HTMLAnchorElement)) return;
        e.preventDefault();
        const links = [...list.current!.querySelectorAll<HTMLAnchorElement>("a.ticket")];
        links[links.indexOf(e.target) + by]?.focus();
      }}
    >
      <Filter state={state} />
      {state.queueProblem && (
        <div class="problem" role="alert">
          <p>{state.queueProblem}</p>
          <button type="button" class="button small" onClick={() => void loadQueue()}>
            Load the queue again
          </button>
        </div>
      )}
      {!state.tickets && !state.queueProblem && <p class="empty">Loading the queue…</p>}
      {state.tickets && shown.length === 0 && (
        <div class="empty">
          <p>{state.filter ? `Nobody is waiting in ${queueTitle(state, state.filter)}.` : "Nobody is waiting."}</p>
          <p class="quiet">A new conversation appears here by itself.</p>
        </div>
      )}
      {shown.map(({ title, tickets }) => (
        <section key={title}>
          <h2>
            {title} <span class="quiet">{tickets.length}</span>
          </h2>
          <ul>
            {tickets.map((t) => (
              <li key={t.id}>
                <Row ticket={t} now={now} state={state} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

/** Which queue is listed. One's own conversations always are. */
function Filter({ state }: { state: DeskState }) {
  const names = new Set([...(state.colleagues?.queues ?? []).map((q) => q.name), ...(state.tickets ?? []).map((t) => t.queue)]);
  names.delete("");
  if (names.size < 2) return null;
  return (
    <select
      class="field"
      aria-label="Queue"
      data-testid="filter"
      value={state.filter}
      onChange={(e) => desk.set({ filter: e.currentTarget.value })}
    >
      <option value="">All queues</option>
      {[...names].map((name) => (
        <option key={name} value={name}>
          {queueTitle(state, name)}
        </option>
      ))}
    </select>
  );
}

function Row({ ticket: t, now, state }: { ticket: Ticket; now: number; state: DeskState }) {
  const promise = due(t, now);
  return (
    <a
      class="ticket"
      href={`#${t.conversation_id}`}
      aria-current={t.conversation_id === state.selected ? "true" : undefined}
      data-testid="ticket"
      data-conversation={t.conversation_id}
      data-state={t.state}
    >
      <span class="ticket-top">
        <strong>
          {t.unread ? <Unread /> : null}
          {inWords(t.reason)}
        </strong>
        {!putOff(t) && <time dateTime={t.waiting_since}>{waiting(t.waiting_since, now)}</time>}
      </span>
      <span class="ticket-text" dir="auto">
        {t.summary || (outside() ? "Not shared with your desk" : "No summary")}
      </span>
      {putOff(t) && (
        <span class="due" data-testid="until">
          Put off{until(t)}
        </span>
      )}
      {promise && (
        <span class={promise.late ? "due late" : "due"} data-testid="due">
          {promise.text}
        </span>
      )}
      <span class="ticket-foot">
        <span class="tags">
          {t.priority === 0 && !putOff(t) && <span class="tag urgent">{t.escalated ? (t.asked ? "Late" : "Was late") : "Urgent"}</span>}
          <Tag words={t.language ? languageName(t.language) : "?"} />
          {t.topic && <Tag words={inWords(t.topic)} />}
          {t.queue && t.queue !== "support" && <Tag words={queueTitle(state, t.queue)} />}
        </span>
        <span>{standing(t)}</span>
      </span>
    </a>
  );
}

/** All of it is its title, where there is no room. */
const Tag = ({ words }: { words: string }) => (
  <span class="tag" title={words}>
    {words}
  </span>
);

const Unread = () => (
  <span class="unread" data-testid="unread">
    <span class="hidden">Unread: </span>
  </span>
);

function standing(t: Ticket): string {
  if (t.mine) return "Yours";
  if (t.assignee) return `With ${t.assignee.name}`;
  if (t.reserved) return t.reserved.mine ? "For you" : `For ${t.reserved.name}`;
  return t.state === "waiting" ? "Waiting" : inWords(t.state);
}

const putOff = (t: Ticket) => t.state === "snoozed";
const sooner = (a: Ticket, b: Ticket) => (a.until ?? "").localeCompare(b.until ?? "");

type Group = { title: string; tickets: Ticket[] };

/** The list as it is shown: whose the conversations are, and who waits longest first. */
export function groups({ tickets, filter }: DeskState): Group[] {
  const oldest = [...(tickets ?? [])].sort(
    (a, b) => (a.priority ?? 1) - (b.priority ?? 1) || a.waiting_since.localeCompare(b.waiting_since),
  );
  const listed = oldest.filter((t) => !filter || t.queue === filter);
  const forMe = (t: Ticket) => !t.mine && !t.assignee && t.reserved?.mine;
  return [
    { title: "Yours", tickets: oldest.filter((t) => t.mine && !putOff(t)) },
    { title: "Reserved for you", tickets: oldest.filter(forMe) },
    { title: "Waiting", tickets: listed.filter((t) => !t.mine && !t.assignee && !forMe(t)) },
    { title: "With others", tickets: listed.filter((t) => !t.mine && t.assignee && !putOff(t)) },
    { title: "Put off", tickets: oldest.filter((t) => putOff(t) && (t.mine || listed.includes(t))).sort(sooner) },
  ].filter((g) => g.tickets.length > 0);
}
