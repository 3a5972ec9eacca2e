import { useEffect, useState } from "preact/hooks";
import { waiting } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { loadQueue, type DeskState } from "./desk";
import type { Ticket } from "./types";

/** Who waits, longest first; one's own conversations on top. */
export function Queue({ state }: { state: DeskState }) {
  const now = useNow();
  return (
    <nav class="queue" aria-label="Conversations">
      {state.queueProblem && (
        <div class="problem" role="alert">
          <p>{state.queueProblem}</p>
          <button type="button" class="button small" onClick={() => void loadQueue()}>
            Load the queue again
          </button>
        </div>
      )}
      {!state.tickets && !state.queueProblem && <p class="empty">Loading the queue…</p>}
      {state.tickets?.length === 0 && (
        <div class="empty">
          <p>Nobody is waiting.</p>
          <p class="quiet">A new conversation appears here by itself.</p>
        </div>
      )}
      {groups(state.tickets ?? []).map(({ title, tickets }) => (
        <section key={title}>
          <h2>
            {title} <span class="quiet">{tickets.length}</span>
          </h2>
          <ul>
            {tickets.map((t) => (
              <li key={t.id}>
                <Row ticket={t} now={now} selected={t.conversation_id === state.selected} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Row({ ticket: t, now, selected }: { ticket: Ticket; now: number; selected: boolean }) {
  return (
    <a
      class="ticket"
      href={`#${t.conversation_id}`}
      aria-current={selected ? "true" : undefined}
      data-testid="ticket"
      data-conversation={t.conversation_id}
      data-state={t.state}
    >
      <span class="ticket-top">
        <strong>{inWords(t.reason)}</strong>
        <time dateTime={t.waiting_since}>{waiting(t.waiting_since, now)}</time>
      </span>
      <span class="ticket-text">{t.summary || "No summary"}</span>
      <span class="ticket-foot">
        <span class="tag">{t.language || "?"}</span>
        <span>{standing(t)}</span>
      </span>
    </a>
  );
}

function standing(t: Ticket): string {
  if (t.mine) return "Yours";
  if (t.assignee) return `With ${t.assignee.name}`;
  return t.state === "waiting" ? "Waiting" : inWords(t.state);
}

function groups(tickets: Ticket[]): { title: string; tickets: Ticket[] }[] {
  const oldest = [...tickets].sort((a, b) => a.waiting_since.localeCompare(b.waiting_since));
  return [
    { title: "Yours", tickets: oldest.filter((t) => t.mine) },
    { title: "Waiting", tickets: oldest.filter((t) => !t.mine && !t.assignee) },
    { title: "With others", tickets: oldest.filter((t) => !t.mine && t.assignee) },
  ].filter((g) => g.tickets.length > 0);
}

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
