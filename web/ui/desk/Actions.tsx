import { useState } from "preact/hooks";
import { act, owned, type Action } from "./desk";
import { Menu } from "./Menu";
import type { DeskConversation } from "./types";
import { until } from "./words";

type Props = {
  conversation: DeskConversation;
  supervisor: boolean;
  transfer: () => void;
};

/** What can be done with a conversation, depending on whose it is. */
export function Actions({ conversation: c, supervisor, transfer }: Props) {
  const [busy, setBusy] = useState(false);
  const run = async (action: Action, body?: object) => {
    setBusy(true);
    await act(action, body);
    setBusy(false);
  };
  // By their keys, none turns into another under the finger that has just pressed it.
  const button = (action: Action, label: string, kind = "") => (
    <button type="button" key={action} class={`button small ${kind}`} data-testid={action} disabled={busy} onClick={() => void run(action)}>
      {label}
    </button>
  );
  const hand = (label: string) => (
    <button type="button" key="transfer" class="button small" data-testid="transfer" disabled={busy} onClick={transfer}>
      {label}
    </button>
  );
  if (owned(c)) {
    return (
      <div class="actions">
        <Menu key="snooze" label="Put off" testid="snooze" disabled={busy}>
          {snoozes.map(([label, until]) => (
            <button type="button" key={label} onClick={() => void run("snooze", { until: until().toISOString() })}>
              {label}
            </button>
          ))}
        </Menu>
        {hand("Transfer")}
        <Menu key="give-back" label="Give back" testid="give-back" disabled={busy}>
          <button type="button" data-testid="return" onClick={() => void run("return")}>
            To the assistant
          </button>
          <button type="button" data-testid="release" onClick={() => void run("release")}>
            To the queue
          </button>
        </Menu>
        {button("resolve", "Resolve", "primary")}
      </div>
    );
  }
  if (c.state === "resolved") return <p class="quiet">Resolved.</p>;
  if (c.state === "pending") return <p class="quiet">The assistant has this conversation.</p>;
  const { assignee, reserved } = c.ticket ?? {};
  if (assignee && (c.state === "open" || !c.ticket?.mine)) {
    return (
      <div class="actions">
        <p class="quiet">{c.state === "snoozed" ? `Put off by ${assignee.name}${until(c.ticket)}.` : `${assignee.name} has this conversation.`}</p>
        {supervisor && hand("Assign")}
        {supervisor && c.state === "snoozed" && button("claim", "Take this conversation", "primary")}
      </div>
    );
  }
  const others = reserved && !reserved.mine;
  return (
    <div class="actions">
      {others && <p class="quiet">Reserved for {reserved.name}.</p>}
      {c.state === "snoozed" && <p class="quiet">Put off{until(c.ticket)}.</p>}
      {reserved?.mine && button("pass", "Let this one pass")}
      {supervisor && hand("Assign")}
      {(!others || supervisor) && button("claim", c.state === "snoozed" ? "Take it up again" : "Take this conversation", "primary")}
    </div>
  );
}

const snoozes: [string, () => Date][] = [
  ["For an hour", () => new Date(Date.now() + 3_600_000)],
  ["Until tomorrow, 9:00", () => morning(1)],
  ["For a week", () => morning(7)],
];

function morning(days: number): Date {
  const d = new Date();
  d.setDate(d.getDate() + days);
  d.setHours(9, 0, 0, 0);
  return d;
}
