import { useState } from "preact/hooks";
import { useRefusal } from "../refusal";
import { act } from "./requests";
import { isClosed, type RequestDetail } from "./types";
import { outcomes } from "./words";

/** What can be done to the request now. What is typed stays until it is taken. */
export function RequestActions({ detail: d }: { detail: RequestDetail }) {
  const [note, setNote] = useState("");
  const [told, setTold] = useState(false);
  const [outcome, setOutcome] = useState("");
  const [acting, setActing] = useState(false);
  const [refused, setRefused] = useRefusal();
  const closed = isClosed(d);
  const disputes = Boolean(d.record_id);
  const run = async (action: string) => {
    const body = {
      action,
      ...(note.trim() ? { note: note.trim(), for_customer: told } : {}),
      ...(action === "done" && outcome ? { record: { outcome } } : {}),
    };
    setActing(true);
    setRefused("");
    const why = await act(d.id, body);
    setActing(false);
    setRefused(why);
    if (why) return;
    setNote("");
    setTold(false);
    setOutcome("");
  };
  const button = (action: string, label: string) => (
    <button type="button" class="button" data-testid={`act-${action}`} disabled={acting} onClick={() => void run(action)}>
      {label}
    </button>
  );
  return (
    <section class="act" aria-label="Answer this request">
      <h3>{closed ? "Add to it" : "Answer it"}</h3>
      <label class="filter">
        Note
        <textarea
          class="field"
          rows={3}
          maxLength={4000}
          data-testid="act-note"
          value={note}
          onInput={(e) => setNote(e.currentTarget.value)}
        />
      </label>
      <label class="check">
        <input type="checkbox" data-testid="act-told" checked={told} onChange={(e) => setTold(e.currentTarget.checked)} />
        The customer reads this note
      </label>
      {disputes && !closed && (
        <fieldset class="outcomes">
          <legend>What became of the record?</legend>
          {Object.entries(outcomes).map(([value, words]) => (
            <label key={value} class="check">
              <input
                type="radio"
                name="outcome"
                data-testid={`outcome-${value}`}
                checked={outcome === value}
                onChange={() => setOutcome(value)}
              />
              {words}
            </label>
          ))}
        </fieldset>
      )}
      {refused && (
        <p class="problem" role="alert" data-testid="act-refused">
          {refused}
        </p>
      )}
      <div class="act-buttons">
        {d.status === "open" && button("start", "Start working on it")}
        {button("note", "Only add the note")}
        {!closed && button("done", outcome === "removed" ? "Remove the record and close" : "Close as done")}
        {!closed && button("refuse", "Refuse, with the note")}
        {closed && button("reopen", "Open it again")}
      </div>
    </section>
  );
}
