// What the desk's endpoints return.
import type { Message, Sentence, Source, Used } from "../shared/types";

/** Which promise to the customer is due next. */
export type DueKind = "first_reply" | "next_reply" | "resolution";

export type Ticket = {
  id: string;
  conversation_id: string;
  queue: string;
  reason: string;
  topic?: string;
  /** 0 is urgent, 1 normal, 2 low. */
  priority?: number;
  opened?: string;
  waiting_since: string;
  /** Since when the customer waits for a reply. */
  asked?: string;
  due?: { kind: DueKind; at: string; late: boolean } | null;
  /** How often a promise was not kept. */
  escalated?: number;
  summary: string;
  language: string;
  /** `snoozed`: it has an owner, and is put off `until` then. */
  state: "waiting" | "owned" | "snoozed" | string;
  until?: string;
  assignee?: { id: string; name: string } | null;
  /** Kept for an agent for a moment, who takes it or lets it pass. */
  reserved?: { name: string; until: string; mine: boolean } | null;
  mine?: boolean;
  /** How many of the customer's messages nobody at the desk has read. */
  unread?: number;
};

/** A part of a message; a masked one says what is missing instead of its text. One of a category quotes its data. */
export type Segment = { text: string; masked?: boolean; category?: string };

/** What can be wrong with an answer: the verdicts of a review but one. */
export type FlagKind = "unsupported" | "wrong_source" | "should_not_have_been_used" | "tone";

/** A file of the conversation. `size` in bytes, width and height in pixels. */
export type Attachment = { id: string; name: string; type: string; size: number; width?: number; height?: number };

/** `flags`: what agents have said is wrong with the answer, the latest last. */
export type DeskMessage = Message & {
  /** I wrote it. */
  mine?: boolean;
  segments?: Segment[] | null;
  flags?: FlagKind[];
  attachments?: Attachment[] | null;
  /** When its author changed it. */
  edited?: string;
};

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

/** Where a point of the summary comes from: one of the three. */
export type PointSource = { message?: string; record?: string; answer?: string };

export type Point = {
  kind: "wants" | "latest" | "answered" | "missing" | "not_allowed" | "shared" | "left" | string;
  text: string;
  masked?: boolean;
  category?: string;
  sources?: PointSource[] | null;
};

/** `by`: "extractive", or the model that wrote it. */
export type Summary = { by: string; points: Point[] | null };

/** What the desk writes about a conversation, for itself. */
export type Note = { id: string; at: string; author?: string; name?: string; text: string };

/** What happened to a ticket. No customer's words. */
export type TicketEvent = { at: string; kind: string; actor?: string; name?: string; queue?: string; detail?: string };

export type Rating = { score: number; comment?: string; shown?: "yes" | "no" | "unsure" | "" };

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
  summary?: Summary | null;
  notes?: Note[] | null;
  /** Up to which message each side has read. */
  read?: { customer: number; desk: number };
  history?: TicketEvent[] | null;
  /** Whether the customer left an address for when they are gone. */
  contact?: boolean;
  rating?: Rating | null;
};

export type Presence = "online" | "busy" | "away";

export type Reservation = { conversation_id: string; until: string };

export type DeskMe = {
  seat?: { queues?: string[] | null; skills?: string[] | null; languages?: string[] | null; capacity: number };
  status?: Presence | "";
  load: number;
  reservations: Reservation[] | null;
};

/** Where a conversation can be transferred to. */
export type Colleagues = {
  queues: { name: string; title: string }[] | null;
  staff: { id: string; name: string; status?: Presence | ""; load?: number; capacity?: number }[] | null;
};

/** A reply that is written once and sent often. `rendered`: with its variables filled in, but the missing ones. */
export type Canned = { id: string; title: string; text: string; language?: string; queue?: string; rendered: string; missing?: string[] | null };

/** One of internal knowledge is for the agent's eyes, and not part of the text. */
export type SuggestedSentence = Sentence & { internal?: boolean };

export type Suggestion = {
  id: string;
  status: string;
  text: string;
  sentences: SuggestedSentence[] | null;
  used: Used[] | null;
  not_shared: string[] | null;
  model?: string;
  /** Why there is no text, or what was not done. */
  note?: string;
};

export type Article = { id: string; title: string; text: string; url?: string; visibility: string; score?: number };
