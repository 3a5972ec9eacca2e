// The desk's own vocabulary. What is not known yet is shown as it is.
import { serverNow } from "../shared/api";
import { clock, moment, span } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import type { DeskState } from "./desk";
import type { DeskConversation, DueKind, Ticket, TicketEvent } from "./types";

const dues: Record<DueKind, string> = { first_reply: "First reply", next_reply: "Reply", resolution: "Solution" };

/** What is promised to the customer next: "First reply in 4 min", "Reply 2 min late". */
export function due(t: Ticket, now = serverNow()): { text: string; late: boolean } | undefined {
  if (!t.due || t.state === "snoozed") return undefined; // what is put off is not late
  const left = Date.parse(t.due.at) - now;
  const what = dues[t.due.kind] ?? inWords(t.due.kind);
  if (left <= 0) return { text: `${what} ${span(-left)} late`, late: true };
  return { text: `${what} in ${span(left)}`, late: t.due.late };
}

/** Until when it is put off: " until 14:05", " until 3 Nov 2026, 09:00". */
export function until(t: Ticket | null | undefined): string {
  if (!t?.until) return "";
  const today = new Date(t.until).toDateString() === new Date(serverNow()).toDateString();
  return ` until ${(today ? clock : moment)(t.until, navigator.language)}`;
}

/** What a queue is called. */
export function queueTitle(d: DeskState, name: string): string {
  return d.colleagues?.queues?.find((q) => q.name === name)?.title || inWords(name);
}

/** Customers are known by an internal id; their name is data like any other. */
export function customerName(c: DeskConversation): string {
  return c.visitor || !c.customer ? "Visitor" : `Customer ${c.customer.replace(/^cus_/, "").slice(0, 8)}`;
}

const happened: Record<string, string> = {
  opened: "Came to the desk",
  reserved: "Reserved",
  passed: "Let pass",
  lapsed: "Not taken in time",
  claimed: "Taken",
  released: "Put back in the queue",
  transferred: "Transferred",
  assigned: "Assigned",
  replied: "Answered",
  noted: "Note written",
  escalated: "Escalated: a promise was not kept",
  snoozed: "Put off",
  woke: "Back",
  returned: "Given back to the assistant",
  resolved: "Resolved",
  reopened: "Reopened",
  confirmed: "Confirmed by the customer",
  contact: "The customer left an address",
};

// Of these the detail is a reason, or which promise was not kept.
const reasoned = ["opened", "woke", "resolved", "reopened", "escalated"];

/** What happened to a ticket: "Transferred · Billing", "Resolved · Went quiet". */
export function event(e: TicketEvent, d: DeskState): string {
  const to = d.colleagues?.staff?.find((s) => s.id === e.detail)?.name;
  return [
    happened[e.kind] ?? inWords(e.kind),
    e.kind === "transferred" && !to && e.queue && queueTitle(d, e.queue),
    (e.kind === "transferred" || e.kind === "assigned") && to && `to ${to}`,
    reasoned.includes(e.kind) && (dues[e.detail as DueKind] ?? inWords(e.detail)),
  ]
    .filter(Boolean)
    .join(" · ");
}
