// What the desk's endpoints return.
import type { Message, Source } from "../shared/types";

export type Ticket = {
  id: string;
  conversation_id: string;
  queue: string;
  reason: string;
  priority?: number;
  waiting_since: string;
  summary: string;
  language: string;
  state: "waiting" | "owned" | string;
  assignee?: { id: string; name: string } | null;
  mine?: boolean;
};

/** A part of a message; a masked one says what is missing instead of its text. One of a category quotes its data. */
export type Segment = { text: string; masked?: boolean; category?: string };

/** What can be wrong with an answer: the verdicts of a review but one. */
export type FlagKind = "unsupported" | "wrong_source" | "should_not_have_been_used" | "tone";

/** `flags`: what agents have said is wrong with the answer, the latest last. */
export type DeskMessage = Message & { segments?: Segment[] | null; flags?: FlagKind[] };

export type DeskRecord = {
  id: string;
  category: string;
  title: string;
  text: string;
  fields?: Record<string, string>;
  source?: Source;
  collected_at?: string;
};

/** Whether the customer may be asked for a category. */
export type AskState = "open" | "shared" | "waiting" | "not_now" | "refused" | "stopped" | "never";

export type DeskConversation = {
  id: string;
  state: string;
  reason?: string;
  customer?: string;
  visitor?: boolean;
  language?: string;
  brand?: string;
  ticket?: Ticket | null;
  messages: DeskMessage[] | null;
  shared: string[] | null;
  not_shared: string[] | null;
  /** Of what is not shared, for who has the conversation. */
  asks?: Record<string, AskState>;
  /** It could not be read again: what it held of the customer's data is gone from here. */
  unchecked?: boolean;
  records: DeskRecord[] | null;
};

export type Presence = "online" | "busy" | "away";
