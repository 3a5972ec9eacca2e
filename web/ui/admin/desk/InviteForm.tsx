import { useState } from "preact/hooks";
import { Once } from "../once";
import { useRefusal } from "../refusal";
import { Refused, Text } from "./Field";
import { FormPanel } from "./FormPanel";
import { PasswordLink } from "./PasswordLink";
import { Roles } from "./Roles";
import { invite, type Link } from "./team";

/** Invites somebody to the team. */
export function InviteForm({ mails, close }: { mails: boolean; close: () => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [roles, setRoles] = useState(["agent"]);
  const [recipient, setRecipient] = useState("");
  const [once] = useState(() => new Once());
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  const [done, setDone] = useState<Link>();

  async function send() {
    const body = { name: name.trim(), email: email.trim(), roles, ...(recipient.trim() ? { recipient: recipient.trim() } : {}) };
    setBusy(true);
    const out = await invite(body, once.keyFor(body));
    setBusy(false);
    if (typeof out === "string") return setRefused(out);
    once.taken();
    setDone(out);
  }

  if (done) {
    return (
      <FormPanel key="done" title={`${name} is invited`} testid="invite-panel" close={close}>
        <PasswordLink link={done} email={email} holds="seven days" />
        <div class="act-buttons">
          <button type="button" class="button small" data-testid="invite-done" onClick={close}>
            Done
          </button>
        </div>
      </FormPanel>
    );
  }
  return (
    <FormPanel key="form" title="Invite somebody" testid="invite-panel" close={close}>
      <form
        class="act desk-form"
        data-testid="invite-form"
        onSubmit={(e) => {
          e.preventDefault();
          void send();
        }}
      >
        <Text title="Name, as customers see it" required maxLength={80} testid="invite-name" value={name} set={setName} />
        <Text
          title="E-mail"
          type="email"
          required
          maxLength={254}
          hint={mails ? "They get a link there, and choose their password themselves." : "No mail is set up here: you get a link to give to them, by which they choose their password."}
          testid="invite-email"
          value={email}
          set={setEmail}
        />
        <Roles value={roles} set={setRoles} />
        <details class="notice">
          <summary>They work for another company</summary>
          <Text
            title="Its desk, as the policy names it"
            hint="They then see only what customers share with that desk. They can be agents and supervisors."
            placeholder="desk:partner"
            testid="invite-desk"
            value={recipient}
            set={setRecipient}
          />
        </details>
        <Refused why={refused} testid="invite-refused" />
        <div class="act-buttons">
          <button type="submit" class="button small primary" data-testid="invite-send" disabled={busy || roles.length === 0}>
            {busy ? "Inviting…" : "Invite them"}
          </button>
        </div>
      </form>
    </FormPanel>
  );
}
