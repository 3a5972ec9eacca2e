import { useEffect, useState } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { span } from "../../shared/time";
import { inWords, languageName } from "../../shared/vocabulary";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { queuesPage } from "../pages";
import { ListHead } from "./ListHead";
import { Problem } from "./Problem";
import { QueueForm } from "./QueueForm";
import { days, everyQueue, openQueues, queues, readQueues, type Hours, type Queue } from "./queues";
import { secondsOf } from "./spans";

const priorities = ["Urgent", "Normal", "Low"];

/** Where tickets wait, and which go where. */
export function QueuesPage({ me }: { me: Me }) {
  const { queues: all, problem } = useStore(queues);
  const [edited, setEdited] = useState<Queue | "new">();
  useEffect(openQueues, []);
  const close = () => setEdited(undefined);
  return (
    <Frame page={queuesPage} me={me} one={edited !== undefined}>
      <main class="list">
        <ListHead about="A new ticket goes to the first queue that takes it, in this order." add="Add a queue" testid="queue-new" open={() => setEdited("new")} />
        <Problem problem={problem} again="Load the queues again" load={readQueues} />
        {!all && !problem && <p class="empty">Loading the queues…</p>}
        {all && (
          <Rows kind="plain desk" columns={["Queue", "Takes", "Priority", "First reply within", "Hours", ""]}>
            {all.map((q) => (
              <tr key={q.name} data-testid="queue" data-queue={q.name} class={edited === q ? "selected" : ""}>
                <th scope="row">
                  <span class="cell">
                    {q.title || q.name}
                    <span class="quiet mono">{q.name}</span>
                  </span>
                </th>
                <td data-label="Takes">{taken(q)}</td>
                <td data-label="Priority">{priorities[q.priority] ?? q.priority}</td>
                <td data-label="First reply within">{q.targets?.first_reply ? span(secondsOf(q.targets.first_reply) * 1000) : <span class="quiet">no target</span>}</td>
                <td data-label="Hours">{q.hours ? <Week hours={q.hours} /> : "Always"}</td>
                <td class="acts">
                  <button type="button" class="button small" data-testid="queue-change" aria-label={`Change ${q.title || q.name}`} onClick={() => setEdited(q)}>
                    Change
                  </button>
                </td>
              </tr>
            ))}
          </Rows>
        )}
      </main>
      {edited && <QueueForm key={edited === "new" ? "" : edited.name} queue={edited === "new" ? undefined : edited} all={all ?? []} close={close} />}
    </Frame>
  );
}

function taken(q: Queue) {
  const t = q.takes ?? {};
  const said = [t.sites, t.languages?.map(languageName), t.reasons?.map(inWords), t.topics].flatMap((list) => (list && list.length > 0 ? [list.join(", ")] : []));
  if (said.length > 0) return said.join(" · ");
  return <span class="quiet">{q.name === everyQueue ? "what no other takes" : "everything"}</span>;
}

function Week({ hours: h }: { hours: Hours }) {
  const open = days.filter(([d]) => (h.week[d] ?? []).length > 0);
  return (
    <span class="cell">
      {open.length === 0 ? "Never" : open.map(([, name]) => name.slice(0, 3)).join(", ")}
      <span class="quiet">{h.zone}</span>
    </span>
  );
}
