import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { uuid } from "../shared/api";
import type { Me } from "../shared/staff";
import { act, desk, loadColleagues, owned, type DeskState } from "./desk";
import { Dialog } from "./Dialog";
import type { Colleagues, DeskConversation } from "./types";
import { inWords } from "../shared/vocabulary";

type Props = { state: DeskState; me: Me; conversation: DeskConversation; close: () => void };

/** Hands a conversation on: to a queue or a colleague, with a note. A supervisor assigns it. */
export function Transfer({ state, me, conversation: c, close }: Props) {
  const mine = owned(c);
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const key = useMemo(uuid, [to, note]); // with others it is another request
  const id = useId();
  useEffect(() => void loadColleagues(), []);
  const colleagues = (state.colleagues?.staff ?? []).filter((s) => s.id !== (mine ? me.id : c.ticket?.assignee?.id));
  // Who assigns may take it over; the list of colleagues is without me.
  const staff = mine || !me.id ? colleagues : [{ id: me.id, name: `${me.name} (you)`, status: state.presence, ...standingOf(state) }, ...colleagues];
  const queues = mine ? (state.colleagues?.queues ?? []).filter((q) => q.name !== c.ticket?.queue) : [];
  const nobody = state.colleagues && staff.length + queues.length === 0;

  async function send() {
    const [kind, name] = [to.slice(0, to.indexOf(":")), to.slice(to.indexOf(":") + 1)];
    if (!name || busy) return;
    setBusy(true);
    const said = note.trim();
    const done = mine
      ? await act("transfer", { [kind]: name, note: said }, key)
      : await act("assign", { staff: name }, key);
    setBusy(false);
    if (!done) return;
    const whom = staff.find((s) => s.id === name)?.name ?? queues.find((q) => q.name === name)?.title ?? name;
    desk.set({ done: mine ? `Transferred to ${whom}.` : `Assigned to ${whom}.` });
    close();
  }

  return (
    <Dialog title={mine ? "Transfer this conversation" : "Assign this conversation"} testid="transfer-dialog" close={close}>
      <form
        class="stack"
        onSubmit={(e) => {
          e.preventDefault();
          void send();
        }}
      >
        {!state.colleagues && <p class="quiet">Loading who is there…</p>}
        {nobody && <p class="quiet">There is nobody else, and no other queue.</p>}
        <label for={`${id}-to`}>To</label>
        <select id={`${id}-to`} class="field" required data-testid="transfer-to" value={to} onChange={(e) => setTo(e.currentTarget.value)}>
          <option value="" disabled>
            Choose
          </option>
          {queues.length > 0 && (
            <optgroup label="Queues">
              {queues.map((q) => (
                <option key={q.name} value={`queue:${q.name}`}>
                  {q.title || q.name}
                </option>
              ))}
            </optgroup>
          )}
          {staff.length > 0 && (
            <optgroup label="Colleagues">
              {staff.map((s) => (
                <option key={s.id} value={`staff:${s.id}`}>
                  {s.name}
                  {standing(s)}
                </option>
              ))}
            </optgroup>
          )}
        </select>
        {mine && (
          <>
            <label for={`${id}-note`}>Note for who takes it</label>
            <textarea
              id={`${id}-note`}
              class="field"
              dir="auto"
              rows={3}
              maxLength={4000}
              data-testid="transfer-note"
              value={note}
              onInput={(e) => setNote(e.currentTarget.value)}
            />
            <p class="quiet">The customer does not see it in the chat.</p>
          </>
        )}
        {state.problem && (
          <p class="problem" role="alert">
            {state.problem}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="button small primary" data-testid="transfer-send" disabled={busy || to === ""}>
            {mine ? "Transfer" : "Assign"}
          </button>
          <button type="button" class="button small" disabled={busy} onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const standingOf = ({ mine }: DeskState) => ({ load: mine?.load, capacity: mine?.seat?.capacity });

/** " · online · 2 of 4" */
function standing(s: NonNullable<Colleagues["staff"]>[number]): string {
  const load = s.capacity ? `${s.load ?? 0} of ${s.capacity}` : "";
  return [" ", s.status ? inWords(s.status).toLowerCase() : "away", load].filter(Boolean).join(" · ").replace("  ·", " ·");
}
