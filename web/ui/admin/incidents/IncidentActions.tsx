import { useState } from "preact/hooks";
import { useRefusal } from "../refusal";
import { Count } from "./Count";
import { change, type Change } from "./incidents";
import { localNow } from "./moments";
import type { IncidentDetail, Told } from "./types";

const choices: [value: Told | "", words: string][] = [
  ["", "Nobody now"],
  ["authority", "The authority"],
  ["customers", "The customers"],
];

/** What can be done about the incident now. What is typed stays until it is taken. */
export function IncidentActions({ detail: d }: { detail: IncidentDetail }) {
  const [note, setNote] = useState("");
  const [told, setTold] = useState<Told | "">("");
  const [at, setAt] = useState(localNow);
  const [answers, setAnswers] = useState(d.answers);
  const [customers, setCustomers] = useState(d.customers);
  const [acting, setActing] = useState(false);
  const [refused, setRefused] = useRefusal();

  async function run(body: Change) {
    setActing(true);
    setRefused("");
    const counts = { ...(answers !== d.answers ? { answers } : {}), ...(customers !== d.customers ? { customers } : {}) };
    const why = await change(d.id, { ...body, ...counts, ...(note.trim() ? { note: note.trim() } : {}) });
    setActing(false);
    setRefused(why);
    if (why) return;
    setNote("");
    setTold("");
  }
  // Of a closed one nothing changes but that it is opened again.
  if (d.status === "closed") {
    return (
      <section class="act" aria-label="Work on this incident">
        <p class="quiet">It is closed.</p>
        <div class="act-buttons">
          <button type="button" class="button small" data-testid="incident-reopen" disabled={acting} onClick={() => void run({ status: "open" })}>
            Open it again
          </button>
        </div>
      </section>
    );
  }
  const counted = answers !== d.answers || customers !== d.customers;
  const button = (id: string, label: string, body: Change, disabled = false) => (
    <button type="button" class="button small" data-testid={`incident-${id}`} disabled={acting || disabled} onClick={() => void run(body)}>
      {label}
    </button>
  );
  return (
    <section class="act" aria-label="Work on this incident">
      <h3>Work on it</h3>
      <label class="filter">
        Note
        <textarea class="field" rows={3} maxLength={4000} data-testid="incident-note" value={note} onInput={(e) => setNote(e.currentTarget.value)} />
      </label>
      <fieldset class="outcomes told">
        <legend>Somebody was told</legend>
        {choices.map(([value, words]) => (
          <label key={value} class="check">
            <input type="radio" name="told" data-testid={`told-${value || "nobody"}-choice`} checked={told === value} onChange={() => setTold(value)} />
            {words}
          </label>
        ))}
        {told && (
          <label class="filter">
            When
            <input class="field" type="datetime-local" required data-testid="told-at" value={at} onInput={(e) => setAt(e.currentTarget.value)} />
          </label>
        )}
      </fieldset>
      <details class="notice">
        <summary data-testid="incident-counts">Change how many are affected</summary>
        <div class="pair">
          <Count title="Answers affected" testid="incident-answers" value={answers} set={setAnswers} />
          <Count title="Customers affected" testid="incident-customers" value={customers} set={setCustomers} />
        </div>
      </details>
      {refused && (
        <p class="problem" role="alert" data-testid="incident-refused">
          {refused}
        </p>
      )}
      <div class="act-buttons">
        {told
          ? button("told", "Record that they were told", { notification: { to: told, at: new Date(at).toISOString() } }, !at)
          : button("save", counted ? "Save" : "Add the note", {}, !note.trim() && !counted)}
        {button("close", "Close the incident", { status: "closed" })}
      </div>
    </section>
  );
}
