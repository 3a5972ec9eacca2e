// What is taken off the page while nobody can say that it is still shared: all that the
// server would not give any more if it were not.
import type { DeskConversation, DeskMessage, Segment, Ticket } from "./types";

const masked = (category?: string): Segment => ({ text: "[not shown for now]", masked: true, category });

/**
 * A conversation without the customer's data. At the desk of somebody else, `outside`,
 * their words are data too, and so is what others answered and noted.
 */
export function blank(c: DeskConversation, outside: boolean): DeskConversation {
  const points = (c.summary?.points ?? []).filter((p) => !outside && !p.category && p.kind !== "answered");
  return {
    ...c,
    unchecked: true,
    shared: [],
    records: [],
    summary: c.summary && { ...c.summary, points },
    messages: (c.messages ?? []).map((m) => blankMessage(m, outside)),
    ...(outside ? { notes: [], history: [], ticket: c.ticket && blankTicket(c.ticket) } : {}),
  };
}

function blankMessage(m: DeskMessage, outside: boolean): DeskMessage {
  if (outside && !m.mine && m.from !== "system") return { ...m, text: "", segments: [masked("conversation")], attachments: [] };
  const segments = (m.segments ?? []).map((s) => (s.category && !s.masked ? masked(s.category) : s));
  return { ...m, text: "", segments };
}

/** A ticket without what its customer wrote. */
export const blankTicket = (t: Ticket): Ticket => ({ ...t, summary: "" });
