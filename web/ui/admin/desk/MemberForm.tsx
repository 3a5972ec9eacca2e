import { useState } from "preact/hooks";
import { useRefusal } from "../refusal";
import { Many, NumberField, Refused, Text, Words } from "./Field";
import { FormPanel } from "./FormPanel";
import { MemberHistory } from "./MemberHistory";
import { PasswordLink } from "./PasswordLink";
import type { Queue } from "./queues";
import { Roles } from "./Roles";
import { atDesk, changeMember, newLink, seatOf, type Link, type Member } from "./team";

type Props = { member: Member; queues: Queue[]; self: boolean; close: () => void };

/** What somebody may do and serves; and closing their account. */
export function MemberForm({ member: m, queues: all, self, close }: Props) {
  const [name, setName] = useState(m.name);
  const [roles, setRoles] = useState(m.roles);
  const [seat, setSeat] = useState(seatOf(m));
  const [link, setLink] = useState<Link>();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  const seated = atDesk(roles) && !m.disabled;

  async function run(body: object) {
    setBusy(true);
    const why = await changeMember(m.id, body);
    setBusy(false);
    setRefused(why);
    if (!why) close();
  }

  async function makeLink() {
    setBusy(true);
    const out = await newLink(m.id);
    setBusy(false);
    setRefused(typeof out === "string" ? out : "");
    if (typeof out !== "string") setLink(out);
  }

  return (
    <FormPanel title={m.name} testid="member-panel" close={close}>
      <form
        class="act desk-form"
        data-testid="member-form"
        onSubmit={(e) => {
          e.preventDefault();
          void run({ name: name.trim(), roles, ...(seated ? { seat } : {}) });
        }}
      >
        <p class="quiet">
          {m.email}
          {m.recipient && ` · works for ${m.recipient}`}
        </p>
        <Text title="Name, as customers see it" required maxLength={80} testid="member-name" value={name} set={setName} />
        <Roles value={roles} set={setRoles} fixed={self ? "admin" : undefined} />
        {seated && (
          <fieldset class="outcomes">
            <legend>At the desk</legend>
            <Many
              title="Serves these queues; with none, all of them"
              choices={all.map((q) => [q.name, q.title || q.name])}
              value={seat.queues}
              set={(queues) => setSeat({ ...seat, queues })}
              testid="seat-queue"
            />
            <Words title="Speaks, as codes such as en, pt-BR" placeholder="every language" value={seat.languages} set={(languages) => setSeat((s) => ({ ...s, languages }))} testid="seat-languages" />
            <Words title="Skills" placeholder="none" value={seat.skills} set={(skills) => setSeat((s) => ({ ...s, skills }))} testid="seat-skills" />
            <NumberField title="Conversations at once" required max={50} value={seat.capacity} set={(capacity) => setSeat((s) => ({ ...s, capacity }))} testid="seat-capacity" />
          </fieldset>
        )}
        <Refused why={refused} testid="member-refused" />
        <div class="act-buttons">
          <button type="submit" class="button small primary" data-testid="member-save" disabled={busy || roles.length === 0}>
            Save
          </button>
        </div>
      </form>
      {!self && (
        <section class="act" aria-label="Their account">
          {link && <PasswordLink link={link} email={m.email} holds={m.active ? "an hour" : "seven days"} />}
          <div class="act-buttons">
            {!m.disabled && (
              <button type="button" class="button small" data-testid="member-link" disabled={busy} onClick={() => void makeLink()}>
                {m.active ? "Make a link to another password" : "Make another invitation"}
              </button>
            )}
            <button type="button" class="button small" data-testid="member-close-account" disabled={busy} onClick={() => void run({ disabled: !m.disabled })}>
              {m.disabled ? "Open the account again" : "Close the account"}
            </button>
          </div>
          {!m.disabled && <p class="quiet">Closing the account signs them out everywhere at once. What they did stays on record.</p>}
        </section>
      )}
      <MemberHistory member={m} />
    </FormPanel>
  );
}
