// What the server says, field by field. The names are those of the HTTP
// contract; nothing here is renamed on the way to the screen.

export type Triple = { purpose: string; category: string; recipient: string };

export type Citation = { record_id: string; passage_id: string; quote: string; score?: number };

export type Sentence = { text: string; citations: Citation[] };

export type Source = { system: string; ref: string; url?: string };

export type Used = {
  record_id: string;
  title: string;
  category: string;
  source: Source;
  collected_at?: string;
  purpose: string;
  recipient: string;
  grant_id?: string;
};

export type NotSearched = { category: string; reason: string; relevant?: boolean };

export type Notice = { id: string; version: string; sha256?: string; text?: string };

export type Offer = {
  id: string;
  changes: (Triple & { granted: boolean })[];
  text: string;
  notice: Notice;
};

export type AnswerStatus =
  | "writing"
  | "answered"
  | "partial"
  | "declined"
  | "needs_consent"
  | "clarify"
  | "smalltalk"
  | "handoff"
  | "interrupted";

export type Answer = {
  id: string;
  conversation_id: string;
  at: string;
  question: string;
  text: string;
  attempt: number;
  supersedes?: string;
  status: AnswerStatus;
  sentences: Sentence[] | null;
  used: Used[] | null;
  not_searched: NotSearched[] | null;
  offer?: Offer | null;
  epoch: number;
  policy_version: string;
  model: { name: string; recipient: string };
  verification?: Verification;
};

/** What the check of an answer's sentences did. */
export type Verification = {
  checked: number;
  released: number;
  dropped: number;
  /** For reviewers, and in the demo. */
  removed?: { text: string; reason: string }[] | null;
};

export type Message = {
  id: string;
  seq: number;
  from: "customer" | "assistant" | "agent" | "system";
  text: string;
  at: string;
  answer_id?: string;
  assisted?: boolean;
  /** The agent's name, as the customer sees it. */
  name?: string;
  /** An agent asks for a consent. */
  offer?: Offer | null;
  /** What was hidden in a customer's message before it was stored. */
  masked?: string[];
  attachments?: Attachment[] | null;
  /** When it was changed after it was sent. */
  edited?: string;
};

export type Attachment = { id: string; name: string; type: string; size: number; width?: number; height?: number };

/** How long it takes until a person answers: minutes only where it can be told honestly. */
export type Wait = { minutes?: number; opens_at?: string; agents: number };

/** The newest message that each side has read, by its seq. */
export type ReadMarks = { customer: number; desk: number };

export type ConversationState = "pending" | "open" | "snoozed" | "resolved";

export type Conversation = {
  id: string;
  state: ConversationState;
  reason?: string;
  messages: Message[] | null;
  assignee?: { name: string } | null;
  queue_position?: number;
  last_seq?: number;
  wait?: Wait;
  read?: ReadMarks;
  /** Whether an address can be left, and the one that was, shortened. */
  contact_offered?: boolean;
  contact?: { email: string };
  rating?: { score: number };
  /** Whether the customer may say that it is solved, or not. */
  may_confirm?: boolean;
};

export type StateEvent = {
  state: ConversationState;
  reason?: string;
  queue_position?: number;
  assignee?: { name: string } | null;
  wait?: Wait;
};

export type Choice = Triple & {
  state: string;
  grant_id?: string;
  /** Why it allows nothing at this moment, whatever its state. */
  reason?: string;
  since?: string;
  expires?: string;
};

export type Consents = {
  epoch: number;
  policy_version: string;
  notice: Notice;
  choices: Choice[];
  labels?: {
    purposes?: Record<string, { label: string; phrase?: string }>;
    categories?: Record<string, { label: string; phrase?: string; description?: string; source_basis?: string }>;
    recipients?: Record<string, { label: string; only?: string; third_party?: boolean }>;
  };
  gpc?: boolean;
  brand?: string;
};

export type ConsentChange = Triple & {
  granted: boolean;
  duration?: "conversation" | "standing";
  delete?: boolean;
};

/** What an erasure has deleted, by kind, and what stays where. */
export type Erased = {
  /** False while the rest is being deleted; nothing is used any more. */
  erased: boolean;
  at: string;
  deleted: Record<string, number> | null;
  kept: Kept[] | null;
  held: Held[] | null;
};

/** Something that stays, in words. */
export type Kept = { what: string; why: string; until?: string };

export type Held = { categories: string[] | null; reason: string; until?: string };

/** Whether a choice allows anything: of the DPV states only these two do. */
export function allows(choice: Choice | undefined): boolean {
  return (choice?.state === "given" || choice?.state === "renewed") && !choice.reason;
}

/** Whether a yes is paused until it is renewed, because the notice has changed since. */
export const paused = (choice: Choice | undefined) => choice?.reason === "notice_changed";

/** Whether there is a yes that could be stopped: one that allows, or is paused or masked. */
export function agreed(choice: Choice | undefined): boolean {
  return choice?.state === "given" || choice?.state === "renewed" || paused(choice);
}
