import { useEffect, useState } from "preact/hooks";
import { staff, type Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { clock, moment, waiting } from "../../shared/time";
import { inWords, languageName } from "../../shared/vocabulary";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { livePage } from "../pages";
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

// How many of those who wait are listed before one asks for the rest.
const first = 10;

function Desk({ live: l, now }: { live: Live; now: number }) {
  const agents = l.agents ?? [];
  const line = l.waiting ?? [];
  const putOff = l.snoozed ?? [];
  const [all, setAll] = useState(false);
  return (
    <>
      {!l.presence_known && (
        <p class="notice-line" role="status">
          Who is here can't be told at the moment, so nobody is offered anything. Everybody can still take what waits.
        </p>
      )}
      <h2>Queues</h2>
      <Rows kind="plain numbers desk" columns={["Queue", "Waiting", "Longest", "Late", "With people", "Agents online", "Hours"]}>
        {(l.queues ?? []).map((q) => (
          <QueueRow key={q.name} queue={q} now={now} />
        ))}
      </Rows>
      <h2>Waiting</h2>
      {line.length === 0 ? (
        <p class="quiet" data-testid="live-nobody">
          Nobody is waiting.
        </p>
      ) : (
        <ul class="live-list" data-testid="live-waiting">
          {(all ? line : line.slice(0, first)).map((b) => (
            <li key={b.conversation_id} class="live-card">
              <Item brief={b} live={l} now={now} />
            </li>
          ))}
        </ul>
      )}
      {!all && line.length > first && (
        <p>
          <button type="button" class="button small" data-testid="live-all" onClick={() => setAll(true)}>
            Show all {line.length} who wait
          </button>
        </p>
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
                {presence(a)} · {a.capacity > 0 ? `${a.load} of ${a.capacity}` : a.load}
              </span>
            </p>
            {(a.conversations ?? []).map((b) => (
              <Item key={b.conversation_id} brief={b} live={l} owner={a.staff} now={now} />
            ))}
          </li>
        ))}
      </ul>
      {putOff.length > 0 && (
        <>
          <h2>Put off</h2>
          <ul class="live-list" data-testid="live-put-off">
            {putOff.map((s) => (
              <li key={s.conversation_id} class="live-card">
                <Row
                  item={s}
                  live={l}
                  owner={s.assignee.id}
                  open="Open"
                  standing={`by ${s.assignee.name}, until ${moment(s.until, navigator.language)}`}
                />
              </li>
            ))}
          </ul>
        </>
      )}
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
  const today = new Date(b.since).toDateString() === new Date(now).toDateString();
  const at = (today ? clock : moment)(b.since, navigator.language);
  const standing = owner ? `asked ${waiting(b.since, now)} ago, ${at}` : `waits ${waiting(b.since, now)}, since ${at}`;
  return <Row item={b} live={l} owner={owner} open={owner && owner !== staff.get().me?.id ? "Listen in" : "Open"} standing={standing} late={b.late} />;
}

type RowProps = {
  item: { conversation_id: string; queue: string; reason: string; language: string };
  live: Live;
  owner?: string;
  /** What opens it is called. */
  open: string;
  standing: string;
  late?: boolean;
};

/** What a ticket is about, the way to it, and whom it can be given to. */
function Row({ item: i, live: l, owner, open, standing, late }: RowProps) {
  const others = (l.agents ?? []).filter((a) => a.staff !== owner && a.capacity > 0);
  const queue = titleOf(i.queue, l.queues);
  // Without anybody's words many are alike: the end of the id, which the desk's address has too, is no other's.
  const end = i.conversation_id.slice(-6);
  const what = `${inWords(i.reason)}, ${queue}, ${end}`;
  return (
    <div class="live-item" data-testid="live-ticket" data-conversation={i.conversation_id}>
      <p>
        {inWords(i.reason)}{" "}
        <span class="quiet">
          <code class="mono">{end}</code> · {queue}
          {i.language && ` · ${languageName(i.language)}`} · {standing}
        </span>{" "}
        {late && <span class="late">late</span>}
      </p>
      <div class="live-acts">
        <a class="button small" href={`/desk#${i.conversation_id}`} data-testid="listen" aria-label={`${open}: ${what}`}>
          {open}
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
            if (to) void assign(i.conversation_id, to);
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
