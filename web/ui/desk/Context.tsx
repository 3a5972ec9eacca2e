import { moment } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import type { DeskState } from "./desk";
import { Records } from "./Records";
import { show } from "./show";
import type { DeskConversation, DeskMessage, Point, Rating } from "./types";
import { event } from "./words";

/** What belongs to a conversation beside what is said in it. */
export function Context({ state, conversation: c }: { state: DeskState; conversation: DeskConversation }) {
  return (
    <aside class="context" aria-label="About this conversation" tabIndex={0}>
      {c.rating && <Rated rating={c.rating} />}
      <SummaryView conversation={c} />
      <Records records={c.records ?? []} />
      {c.contact && <p class="quiet">The customer left an address: if they are gone, a mail tells them that you have answered.</p>}
      <History state={state} conversation={c} />
    </aside>
  );
}

const shown: Record<string, string> = { yes: "yes", no: "no", unsure: "not sure" };

function Rated({ rating: r }: { rating: Rating }) {
  return (
    <section data-testid="rating">
      <h3>Rating</h3>
      <p>
        <strong>{r.score} of 5</strong>
      </p>
      {r.comment && (
        <p class="said" dir="auto">
          {r.comment}
        </p>
      )}
      {r.shown && <p class="quiet">Did we show what we used? {shown[r.shown] ?? r.shown}</p>}
    </section>
  );
}

const kinds: Record<string, string> = {
  wants: "Wants",
  latest: "Latest",
  answered: "Answered",
  missing: "Not found",
  not_allowed: "Not allowed",
  shared: "Shared",
  left: "Not answered",
};

function SummaryView({ conversation: c }: { conversation: DeskConversation }) {
  const points = c.summary?.points ?? [];
  if (points.length === 0) return null;
  return (
    <section data-testid="summary">
      <h3>Summary</h3>
      <ul class="points">
        {points.map((p, i) => (
          <li key={i}>
            <span class="point-kind">{kinds[p.kind] ?? inWords(p.kind)}</span>
            <span class={p.masked ? "masked" : ""} dir="auto">{textOf(p)}</span> <Sources point={p} conversation={c} />
          </li>
        ))}
      </ul>
      {c.summary && c.summary.by !== "extractive" && <p class="quiet">Written by {c.summary.by}; each point checked against its source.</p>}
    </section>
  );
}

// A category is worded for its customer: "your orders".
const textOf = (p: Point) => (p.category && (p.kind === "shared" || p.kind === "not_allowed") ? inWords(p.category) : p.text);

function Sources({ point, conversation: c }: { point: Point; conversation: DeskConversation }) {
  return (
    <span class="chips">
      {(point.sources ?? []).map((s, i) => {
        const label = named(s, c);
        return (
          label && (
            <button type="button" key={i} class="chip" title={label} data-testid="point-source" aria-label={`Show where this is from: ${label}`} onClick={() => show(s)}>
              {label}
            </button>
          )
        );
      })}
    </span>
  );
}

function named(s: { message?: string; record?: string; answer?: string }, c: DeskConversation): string {
  if (s.record) return c.records?.find((r) => r.id === s.record)?.title ?? "";
  const said: DeskMessage | undefined = c.messages?.find((m) => (s.message ? m.id === s.message : m.answer_id === s.answer));
  if (!said) return "";
  return `${said.from === "assistant" ? "answer" : "message"} ${c.messages!.indexOf(said) + 1}`;
}

function History({ state, conversation: c }: { state: DeskState; conversation: DeskConversation }) {
  const events = c.history ?? [];
  if (events.length === 0) return null;
  return (
    <details class="history" data-testid="history">
      <summary>
        <h3>History</h3> <span class="quiet">{events.length}</span>
      </summary>
      <ol>
        {events.map((e, i) => (
          <li key={i}>
            {event(e, state)}
            {e.name && <span class="quiet"> · {e.name}</span>}
            <br />
            <time class="quiet" dateTime={e.at}>
              {moment(e.at, navigator.language)}
            </time>
          </li>
        ))}
      </ol>
    </details>
  );
}
