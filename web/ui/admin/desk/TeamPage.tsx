import { useEffect, useState } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { day } from "../../shared/time";
import { inWords, languageName } from "../../shared/vocabulary";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { teamPage } from "../pages";
import { may } from "../roles";
import { FormPanel } from "./FormPanel";
import { InviteForm } from "./InviteForm";
import { ListHead } from "./ListHead";
import { MemberForm } from "./MemberForm";
import { MemberHistory } from "./MemberHistory";
import { Problem } from "./Problem";
import { openQueues, queues, titleOf, type Queue } from "./queues";
import { atDesk, openTeam, readTeam, seatOf, team, type Member } from "./team";

/** Who works here, what they may do, and what they serve. */
export function TeamPage({ me }: { me: Me }) {
  const { members, mails, problem } = useStore(team);
  const { queues: all } = useStore(queues);
  const [edited, setEdited] = useState(""); // an id, or "new"
  const change = may("changeTeam");
  useEffect(openTeam, []);
  useEffect(() => (change ? openQueues() : undefined), [change]);
  const close = () => setEdited("");
  const member = members?.find((m) => m.id === edited);
  return (
    <Frame page={teamPage} me={me} one={edited !== ""}>
      <main class="list">
        <ListHead
          about="Everybody has an account of their own; what they open is on record."
          add={change ? "Invite somebody" : undefined}
          testid="invite"
          open={() => setEdited("new")}
        />
        <Problem problem={problem} again="Load the people again" load={readTeam} />
        {!members && !problem && <p class="empty">Loading the people…</p>}
        {members && (
          <Rows kind="plain desk" columns={["Name", "Roles", "Serves", "At once", "Account", ""]}>
            {members.map((m) => (
              <Row key={m.id} member={m} queues={all} self={m.id === me.id} selected={m.id === edited} does={change ? "Change" : "Look"} open={() => setEdited(m.id)} />
            ))}
          </Rows>
        )}
      </main>
      {edited === "new" && <InviteForm mails={mails} close={close} />}
      {member && change && all && <MemberForm key={member.id} member={member} queues={all} self={member.id === me.id} close={close} />}
      {member && !change && (
        <FormPanel key={member.id} title={member.name} testid="member-panel" close={close}>
          <MemberHistory member={member} />
        </FormPanel>
      )}
    </Frame>
  );
}

type RowProps = { member: Member; queues?: Queue[]; self: boolean; selected: boolean; does: string; open: () => void };

function Row({ member: m, queues: all, self, selected, does, open }: RowProps) {
  const seat = seatOf(m);
  const serves = [...seat.queues.map((q) => titleOf(q, all)), ...seat.languages.map(languageName)].join(", ");
  const desk = atDesk(m.roles);
  return (
    <tr data-testid="member" data-email={m.email} class={selected ? "selected" : ""}>
      <th scope="row">
        <span class="cell">
          <span>
            {m.name} {self && <span class="tag">You</span>} {m.recipient && <span class="tag">{m.recipient}</span>}
          </span>
          <span class="quiet">{m.email}</span>
        </span>
      </th>
      <td data-label="Roles">{m.roles.map(inWords).join(", ")}</td>
      <td data-label="Serves">{!desk ? <span class="quiet">not at the desk</span> : serves || <span class="quiet">every queue</span>}</td>
      <td data-label="At once">{desk ? seat.capacity : <span class="quiet">none</span>}</td>
      <td data-label="Account">{standing(m)}</td>
      <td class="acts">
        <button type="button" class="button small" data-testid="member-change" aria-label={`${does}: ${m.name}`} onClick={open}>
          {does}
        </button>
      </td>
    </tr>
  );
}

function standing(m: Member) {
  if (m.disabled) return "Closed";
  if (m.active) return "Open";
  return m.invited_until ? `Invited, until ${day(m.invited_until, navigator.language)}` : <span class="late">The invitation has run out</span>;
}
