import { useState } from "preact/hooks";
import { act, type Action } from "./desk";
import type { DeskConversation } from "./types";

/** What can be done with a conversation, depending on whose it is. */
export function Actions({ conversation: c, mine }: { conversation: DeskConversation; mine: boolean }) {
  const [busy, setBusy] = useState(false);
  const run = async (action: Action, body?: object) => {
    setBusy(true);
    await act(action, body);
    setBusy(false);
  };
  const button = (action: Action, label: string, kind = "") => (
    <button type="button" class={`button small ${kind}`} data-testid={action} disabled={busy} onClick={() => void run(action)}>
      {label}
    </button>
  );
  if (mine) {
    return (
      <div class="actions">
        {button("return", "Give back to the assistant")}
        <Snooze busy={busy} snooze={(until) => void run("snooze", { until })} />
        {button("release", "Put back in the queue")}
        {button("resolve", "Resolve")}
      </div>
    );
  }
  if (c.ticket?.assignee && c.state === "open") return <p class="quiet">{c.ticket.assignee.name} has this conversation.</p>;
  if (c.state === "resolved") return <p class="quiet">Resolved.</p>;
  if (c.state === "pending") return <p class="quiet">The assistant has this conversation.</p>;
  return <div class="actions">{button("claim", "Take this conversation", "primary")}</div>;
}

function Snooze({ busy, snooze }: { busy: boolean; snooze: (until: string) => void }) {
  const [open, setOpen] = useState(false);
  const choice = (label: string, until: Date) => (
    <button
      type="button"
      class="button small"
      onClick={() => {
        setOpen(false);
        snooze(until.toISOString());
      }}
    >
      {label}
    </button>
  );
  return (
    <div
      class="snooze"
      onKeyDown={(e) => {
        if (e.key === "Escape") setOpen(false);
      }}
    >
      <button type="button" class="button small" data-testid="snooze" aria-expanded={open} disabled={busy} onClick={() => setOpen(!open)}>
        Snooze
      </button>
      {open && (
        <div class="snooze-choices">
          {choice("For an hour", later(1))}
          {choice("Until tomorrow, 9:00", nextMorning(1))}
          {choice("For a week", nextMorning(7))}
        </div>
      )}
    </div>
  );
}

function later(hours: number): Date {
  return new Date(Date.now() + hours * 3_600_000);
}

function nextMorning(days: number): Date {
  const d = new Date();
  d.setDate(d.getDate() + days);
  d.setHours(9, 0, 0, 0);
  return d;
}
