import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { ApiError, uuid } from "../../shared/api";
import { fill } from "../../shared/i18n";
import { Person } from "../../shared/icons";
import { day } from "../../shared/time";
import type { Answer } from "../../shared/types";
import type { Show } from "../App";
import { api } from "../session";
import { withPerson, type ChatState } from "../state";
import { language, w } from "../words";
import { Form } from "./Form";
import { over } from "./Requests";
import type { ComplaintKind, Request } from "./types";
import { say } from "./words";

type Props = { answer: Answer; chat: ChatState; show: Show; close: () => void };

/** What is wrong with an answer, said to people who check it; a person of the team is as near. */
export function Complaint({ answer, chat, show, close }: Props) {
  const [kind, setKind] = useState<ComplaintKind>();
  const [outcome, setOutcome] = useState("");
  const name = useId();
  const told = useRef<HTMLParagraphElement>(null);
  useEffect(() => told.current?.focus(), [outcome]);
  useEffect(() => void already().catch(() => undefined), [answer.id]);
  // Sent once more after the line broke, it is the same complaint.
  const keys = useMemo(() => new Map<string, string>(), [answer.id]);

  /** Says that there is a complaint about this answer which is still open, if there is one. */
  async function already(): Promise<boolean> {
    const { items } = await api.get<{ items: Request[] | null }>("/api/me/requests?limit=200");
    const open = items?.find((r) => r.answer_id === answer.id && !over(r));
    if (open) setOutcome(fill(say.amiss.already, { date: day(open.due, language) }));
    return open !== undefined;
  }

  async function send(text: string) {
    const said = JSON.stringify([kind, text]);
    const key = keys.get(said) ?? uuid();
    keys.set(said, key);
    try {
      const { due } = await api.post<{ due: string }>(`/api/answers/${answer.id}/complaint`, { kind, ...(text ? { text } : {}) }, key);
      setOutcome(fill(say.amiss.sent, { date: day(due, language) }));
    } catch (e) {
      if (!(e instanceof ApiError) || e.status !== 409 || !(await already())) throw e;
    }
  }

  return (
    <div class="section" data-testid="wrong-panel">
      <blockquote class="quoted">{answer.text || (answer.sentences ?? []).map((s) => s.text).join(" ")}</blockquote>
      {outcome ? (
        <>
          <p role="status" class="told" tabIndex={-1} ref={told} data-testid="wrong-outcome">
            {outcome}
          </p>
          <button type="button" class="button small" data-testid="wrong-see" onClick={() => show("yourData", "rights")}>
            {say.amiss.see}
          </button>
        </>
      ) : (
        <>
          <p>{fill(say.amiss.intro, { brand: chat.brand })}</p>
          <Form
            label={say.amiss.words}
            action={say.complaintSend}
            testid="wrong-form"
            ready={kind !== undefined}
            ahead={
              <fieldset class="share">
                <legend>{say.amiss.label}</legend>
                {(Object.keys(say.amiss.kinds) as ComplaintKind[]).map((k) => (
                  <label key={k}>
                    <input type="radio" name={name} data-testid={`wrong-${k}`} checked={kind === k} onChange={() => setKind(k)} />
                    {say.amiss.kinds[k]}
                  </label>
                ))}
              </fieldset>
            }
            submit={send}
            stays
            close={close}
          />
        </>
      )}
      {!withPerson(chat) && (
        <>
          <p class="quiet">{say.amiss.person}</p>
          <button type="button" class="button small" data-testid="wrong-person" onClick={() => show("person")}>
            <Person />
            {w.person}
          </button>
        </>
      )}
    </div>
  );
}
