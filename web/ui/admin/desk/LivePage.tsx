import { useEffect } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { moment, waiting } from "../../shared/time";
import { inWords } from "../../shared/vocabulary";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { livePage } from "../pages";
import { languageName } from "./Field";
import { assign, live, openLive, readLive, type AgentNow, type Brief, type Live, type QueueNow } from "./live";
import { Problem } from "./Problem";
import { titleOf } from "./queues";

/** Who waits, who serves, and who could take what. */
export function LivePage({ me }: { me: Me }) {
  const { live: l, at, problem, refused, done } = useStore(live);
  useEffect(openLive, []);
  return (
    <Frame page={livePage} me={me} one={false}>
      <main class="list">
        <Problem problem={problem} again="Look again" load={readLive} />
        {refused && (
          <p class="problem" role="alert" data-testid="assign-refused">
            {refused}
          </p>
        )}
        <p class="hidden" role="status" data-testid="assigned">
          {done}
        </p>
        {!l && !problem && <p class="empty">Looking at the desk…</p>}
        {l && <Desk live={l} now={at} />}
      </main>
    </Frame>
  );
}

function Desk({ live: l, now }: { live: Live; now: number }) {
  const agents = l.agents ?? [];
  const line = l.waiting ?? [];
  return (
    <>
      {!l.presence_known && (
        <p class="notice-line" role="status">
          Who is here can't be told at the moment, so nobody is offered anything. Everybody can still take what waits.
        </p>
      )}
      <h2>Waiting</h2>
      {line.length === 0 ? (
        <p class="quiet" data-testid="live-nobody">
          Nobody is waiting.
        </p>
      ) : (
        <ul class="live-list" data-testid="live-waiting">
          {line.map((b) => (
            <li key={b.conversation_id} class="live-card">
              <Item brief={b} live={l} now={now} />
            </li>
          ))}
        </ul>
      )}
      <h2>People</h2>
      {agents.length === 0 && <p class="quiet">Nobody works at the desk yet. Whoever is invited as an agent shows here.</p>}
      <ul class="live-list">
        {agents.map((a) => (
          <li key={a.staff} class="live-card" data-testid="live-agent" data-status={a.status}>
            <p class="live-who">
              <span class={`status presence-${a.status || "gone"}`}>
                <strong>{a.name}</strong>
              </span>
              <span class="quiet">
                {presence(a)} · {a.load} of {a.capacity}
              </span>
            </p>
            {(a.conversations ?? []).map((b) => (
              <Item key={b.conversation_id} brief={b} live={l} owner={a.staff} now={now} />
            ))}
          </li>
        ))}
      </ul>
      <h2>Queues</h2>
      <Rows kind="plain numbers desk" columns={["Queue", "Waiting", "Longest", "Late", "With people", "Agents online", "Hours"]}>
        {(l.queues ?? []).map((q) => (
          <QueueRow key={q.name} queue={q} now={now} />
        ))}
      </Rows>
    </>
  );
}

function QueueRow({ queue: q, now }: { queue: QueueNow; now: number }) {
  return (
    <tr data-testid="live-queue" data-queue={q.name}>
      <th scope="row">{q.title || q.name}</th>
      <td data-label="Waiting">{q.waiting}</td>
      <td data-label="Longest">{q.oldest ? waiting(q.oldest, now) : <span class="quiet">nobody</span>}</td>
      <td data-label="Late" class={q.late > 0 ? "late" : ""}>
        {q.late}
      </td>
      <td data-label="With people">{q.owned}</td>
      <td data-label="Agents online">{q.agents}</td>
      <td data-label="Hours">{q.open ? "Open" : q.opens_at ? `Opens ${moment(q.opens_at, navigator.language)}` : "Closed"}</td>
    </tr>
  );
}

/** One ticket: of whoever has it, or of the line. */
function Item({ brief: b, live: l, owner, now }: { brief: Brief; live: Live; owner?: string; now: number }) {
  const others = (l.agents ?? []).filter((a) => a.staff !== owner);
  const queue = titleOf(b.queue, l.queues);
  const what = `${inWords(b.reason)}, ${queue}`;
  return (
    <div class="live-item" data-testid="live-ticket" data-conversation={b.conversation_id}>
      <p>
        {inWords(b.reason)}{" "}
        <span class="quiet">
          {queue}
          {b.language && ` · ${languageName(b.language)}`} · {owner ? `asked ${waiting(b.since, now)} ago` : `waits ${waiting(b.since, now)}`}
        </span>{" "}
        {b.late && <span class="late">late</span>}
      </p>
      <div class="live-acts">
        <a class="button small" href={`/desk#${b.conversation_id}`} data-testid="listen" aria-label={`${owner ? "Listen in" : "Open"}: ${what}`}>
          {owner ? "Listen in" : "Open"}
        </a>
        <select
          class="field"
          aria-label={`Give to somebody${owner ? " else" : ""}: ${what}`}
          data-testid="assign"
          value=""
          disabled={others.length === 0}
          onChange={(e) => {
            const to = others.find((a) => a.staff === e.currentTarget.value);
            e.currentTarget.value = "";
            if (to) void assign(b.conversation_id, to);
          }}
        >
          <option value="">Give to…</option>
          {others.map((a) => (
            <option key={a.staff} value={a.staff}>
              {a.name}: {presence(a).toLowerCase()}, {a.load} of {a.capacity}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

const presence = (a: AgentNow) => (a.status ? inWords(a.status) : "Not here");
