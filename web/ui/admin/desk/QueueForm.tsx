import { useState } from "preact/hooks";
import { inWords } from "../../shared/vocabulary";
import { useRefusal } from "../refusal";
import { Long, Many, NameField, NumberField, Refused, Text, Words } from "./Field";
import { FormPanel } from "./FormPanel";
import { holidayLines, holidaysOf, HoursFields } from "./Hours";
import { everyQueue, removeQueue, storeQueue, type Queue } from "./queues";

const reasons = ["customer_request", "missing_knowledge", "consent_missing", "policy_topic", "model_failure", "frustration", "low_confidence"];

const fresh: Queue = { name: "", title: "", order: 100, priority: 1, reserve: "30s", quiet: "24h", reopen: "72h" };

/** One queue: what it takes, when somebody is there, and how soon customers are served. */
export function QueueForm({ queue, all, close }: { queue?: Queue; all: Queue[]; close: () => void }) {
  const [q, setQ] = useState<Queue>(queue ?? fresh);
  const [holidays, setHolidays] = useState(holidayLines(queue?.hours));
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  const [removing, setRemoving] = useState(false);
  const change = (part: Partial<Queue>) => setQ((now) => ({ ...now, ...part }));
  const takes = (part: Queue["takes"]) => change({ takes: { ...q.takes, ...part } });
  const targets = (part: Queue["targets"]) => change({ targets: { ...q.targets, ...part } });

  async function run(work: () => Promise<string>) {
    setBusy(true);
    const why = await work();
    setBusy(false);
    setRefused(why);
    if (!why) close();
  }

  async function store() {
    // A PUT of a name that there is would change that queue.
    if (!queue && all.some((other) => other.name === q.name)) return `There is a queue of the name ${q.name}: change it instead, or choose another name.`;
    return storeQueue(q.hours ? { ...q, hours: { ...q.hours, holidays: holidaysOf(holidays) } } : q);
  }

  return (
    <FormPanel title={queue ? queue.title || queue.name : "Add a queue"} testid="queue-panel" close={close}>
      <form
        class="act desk-form"
        data-testid="queue-form"
        onSubmit={(e) => {
          e.preventDefault();
          void run(store);
        }}
      >
        {!queue && <NameField title="Name, as programs use it" testid="queue-name" value={q.name} set={(name) => change({ name })} />}
        <Text title="Title" required maxLength={80} testid="queue-title" value={q.title} set={(title) => change({ title })} />
        {q.name === everyQueue ? (
          <p class="quiet">It takes what no other queue takes.</p>
        ) : (
          <fieldset class="outcomes">
            <legend>What it takes</legend>
            <p class="quiet">Each line that is filled in must fit; what is empty takes anything.</p>
            <Words title="Languages, as codes such as pt, es" placeholder="any" value={q.takes?.languages} set={(languages) => takes({ languages })} testid="queue-languages" />
            <Words title="Topics of the policy" placeholder="any" value={q.takes?.topics} set={(topics) => takes({ topics })} />
            <Words title="Sites" placeholder="any" value={q.takes?.sites} set={(sites) => takes({ sites })} />
            <details class="notice">
              <summary>{q.takes?.reasons?.length ? `Reasons (${q.takes.reasons.length})` : "Reasons: any"}</summary>
              <Many title="Why a person is needed" choices={reasons.map((r) => [r, inWords(r)])} value={q.takes?.reasons ?? []} set={(chosen) => takes({ reasons: chosen })} testid="queue-reason" />
            </details>
            <NumberField title="Place in the order in which queues are tried, lower sooner" required value={q.order} set={(order) => change({ order })} />
          </fieldset>
        )}
        <fieldset class="outcomes">
          <legend>Who serves it, and when</legend>
          <Words title="Skills that its people need" placeholder="none" value={q.skills} set={(skills) => change({ skills })} />
          <label class="filter">
            Priority
            <select class="field" data-testid="queue-priority" value={q.priority} onChange={(e) => change({ priority: Number(e.currentTarget.value) })}>
              <option value={0}>Urgent</option>
              <option value={1}>Normal</option>
              <option value={2}>Low</option>
            </select>
          </label>
          <Long title="Kept for one agent at a time" unit="seconds" value={q.reserve} set={(reserve) => change({ reserve })} />
        </fieldset>
        <HoursFields hours={q.hours} set={(hours) => change({ hours })} holidays={holidays} setHolidays={setHolidays} />
        <fieldset class="outcomes">
          <legend>How soon{q.hours ? ", within these hours" : ""}</legend>
          <Long title="First reply" unit="minutes" value={q.targets?.first_reply} set={(first_reply) => targets({ first_reply })} testid="queue-first" />
          <Long title="Next replies" unit="minutes" value={q.targets?.next_reply} set={(next_reply) => targets({ next_reply })} />
          <Long title="Resolution" unit="hours" value={q.targets?.resolution} set={(resolution) => targets({ resolution })} />
          <label class="filter">
            What is late goes to
            <select class="field" value={q.targets?.escalate ?? ""} onChange={(e) => targets({ escalate: e.currentTarget.value })}>
              <option value="">The same queue, before the others</option>
              {all
                .filter((other) => other.name !== q.name)
                .map((other) => (
                  <option key={other.name} value={other.name}>
                    {other.title || other.name}
                  </option>
                ))}
            </select>
          </label>
        </fieldset>
        <fieldset class="outcomes">
          <legend>How it ends</legend>
          <Long title="Closed when the customer says nothing for" unit="hours" value={q.quiet} set={(quiet) => change({ quiet })} />
          <Long title="Comes back to its last agent within" unit="hours" value={q.reopen} set={(reopen) => change({ reopen })} />
        </fieldset>
        <Refused why={refused} testid="queue-refused" />
        <div class="act-buttons">
          <button type="submit" class="button small primary" data-testid="queue-save" disabled={busy}>
            {queue ? "Save the queue" : "Add the queue"}
          </button>
          {queue && queue.name !== everyQueue && !removing && (
            <button type="button" class="button small" data-testid="queue-remove" disabled={busy} onClick={() => setRemoving(true)}>
              Remove the queue…
            </button>
          )}
        </div>
        {removing && (
          <div class="confirm">
            <p>It can be removed when no conversation is in it. New ones then go to the other queues.</p>
            <div class="act-buttons">
              <button type="button" class="button small" data-testid="queue-remove-sure" disabled={busy} onClick={() => void run(() => removeQueue(q.name))}>
                Remove it
              </button>
              <button type="button" class="button small" onClick={() => setRemoving(false)}>
                Keep it
              </button>
            </div>
          </div>
        )}
      </form>
    </FormPanel>
  );
}
