// What the chat knows, and how each event of the stream changes it. Nothing
// here calls the server.
import type { Trouble } from "../shared/line";
import { Store } from "../shared/store";
import type { Answer, Consents, ConversationState, Message, ReadMarks, Sentence, StateEvent, Wait } from "../shared/types";
import type { Slots } from "./person/person";

/** An answer as far as it is known: written sentence by sentence, then whole. */
export type AnswerView = {
  id: string;
  attempt: number;
  sentences: Sentence[];
  whole?: Answer;
  /** Why its sentences were taken back, if they were. */
  reset?: string;
};

/** A file that goes along with a message. */
export type Attached = {
  key: string;
  name: string;
  type: string;
  size: number;
  /** Once the server has it. */
  id?: string;
  /** How much of it has been sent, from 0 to 1. */
  sent?: number;
  /** Why it cannot be sent. */
  problem?: string;
  /** Sends it, unless that is under way. What a reload has interrupted cannot be sent. */
  upload?: () => Promise<string>;
};

/** A message that the server has not confirmed yet, or that has not come back from it. */
export type Draft = {
  key: string;
  text: string;
  files?: Attached[];
  /** It was sent at least once, so the server may have it. */
  tried?: boolean;
  /** Why it will not be sent as it is. */
  refused?: string;
  /** The message that the server made of it. */
  messageID?: string;
  /** A message with its words that has come back while it was being sent. */
  seen?: string;
};

/** Why something waits to be sent again. */
export type Stuck = Trouble | "failing" | "busy";

export type ChatState = {
  phase: "loading" | "ready" | "failed";
  problem: string;
  brand: string;
  known: boolean; // a customer, not a visitor
  gpc: boolean;
  conversation: string;
  messages: Message[];
  /** In the order in which they were written, and are sent. */
  drafts: Draft[];
  /** Why the first of them waits. */
  stuck?: Stuck;
  /** A person has been asked for, and the server has not confirmed it. */
  asking?: { stuck?: Stuck };
  answers: Record<string, AnswerView>;
  /** Answers that are being looked for, before their first sentence. */
  expected: string[];
  state: ConversationState;
  queuePosition?: number;
  wait?: Wait;
  assignee?: string;
  read?: ReadMarks;
  /** The customer has not seen the chat since it was loaded, or last closed or left for another tab. */
  away: boolean;
  /** What will go along with the message that is being typed. */
  attached: Attached[];
  /** What the chat shows of people, once it is loaded. */
  slots?: Slots;
  typing?: string;
  consents?: Consents;
  consentsFailed: boolean;
  /** What became of an offer, by its id. */
  offers: Record<string, "allowed" | "declined">;
  /** Whoever was here has just had their data deleted. */
  erased?: boolean;
  /** Said once to screen readers. */
  announcement: string;
};

export const initial: ChatState = {
  phase: "loading",
  problem: "",
  brand: "",
  known: false,
  gpc: false,
  conversation: "",
  messages: [],
  drafts: [],
  answers: {},
  expected: [],
  state: "pending",
  away: true,
  attached: [],
  consentsFailed: false,
  offers: {},
  announcement: "",
};

export const store = new Store<ChatState>(initial);

export function withMessage(s: ChatState, m: Message): Partial<ChatState> {
  if (s.messages.some((other) => other.id === m.id)) return {};
  const messages = [...s.messages, m].sort((a, b) => a.seq - b.seq);
  if (m.from !== "customer") return { messages, typing: undefined };
  if (s.drafts.some((d) => d.messageID === m.id)) return { messages, drafts: s.drafts.filter((d) => d.messageID !== m.id) };
  // The stream may be faster than the answer to the POST, which may never come:
  // then the draft has no id yet, and its text tells which one it is. It is not
  // shown twice, and is sent until the server has confirmed it.
  // What was hidden in the message is still in the draft.
  const i = s.drafts.findIndex((d) => d.tried && !d.messageID && !d.seen && (d.text === m.text || m.masked));
  return { messages, drafts: s.drafts.map((d, j) => (j === i ? { ...d, seen: m.id } : d)) };
}

/** The server has confirmed a draft. */
export function withSent(s: ChatState, key: string, sent: { message_id: string; answer_id?: string }): Partial<ChatState> {
  const there = s.messages.some((m) => m.id === sent.message_id);
  const confirmed = (d: Draft) => ({ ...d, messageID: sent.message_id, seen: undefined });
  return {
    drafts: there ? s.drafts.filter((d) => d.key !== key) : s.drafts.map((d) => (d.key === key ? confirmed(d) : d)),
    expected: expecting(s, sent.answer_id),
    stuck: undefined,
  };
}

/** Whether a draft is still to be sent. */
export const unsent = (d: Draft) => !d.messageID;

export type SentenceEvent = Sentence & { answer_id: string; attempt: number; index: number };

export function withSentence(s: ChatState, e: SentenceEvent): Partial<ChatState> {
  const view = s.answers[e.answer_id];
  if (view?.whole || (view && e.attempt < view.attempt)) return {};
  const sentences = view && view.attempt === e.attempt ? [...view.sentences] : [];
  sentences[e.index] = { text: e.text, citations: e.citations ?? [] };
  return {
    answers: { ...s.answers, [e.answer_id]: { id: e.answer_id, attempt: e.attempt, sentences, reset: view?.reset } },
    expected: s.expected.filter((id) => id !== e.answer_id),
  };
}

export type ResetEvent = { answer_id: string; attempt: number; reason?: string };

export function withReset(s: ChatState, e: ResetEvent): Partial<ChatState> {
  const attempt = Math.max(e.attempt, s.answers[e.answer_id]?.attempt ?? 0);
  return {
    answers: { ...s.answers, [e.answer_id]: { id: e.answer_id, attempt, sentences: [], reset: e.reason ?? "consent_changed" } },
    expected: s.expected.filter((id) => id !== e.answer_id),
  };
}

export function withAnswer(s: ChatState, a: Answer): Partial<ChatState> {
  const view: AnswerView = {
    id: a.id,
    attempt: a.attempt,
    sentences: a.sentences ?? [],
    whole: a,
    reset: s.answers[a.id]?.reset,
  };
  return { answers: { ...s.answers, [a.id]: view }, expected: s.expected.filter((id) => id !== a.id) };
}

export function withState(s: ChatState, e: StateEvent): Partial<ChatState> {
  return {
    state: e.state,
    queuePosition: e.queue_position,
    wait: e.wait,
    assignee: e.state === "open" ? e.assignee?.name : undefined,
    typing: undefined,
    // Once a person has it, the assistant says nothing more.
    expected: e.state === "pending" ? s.expected : [],
  };
}

/** The answers to wait for, with one more unless it is being written already. */
export function expecting(s: ChatState, id: string | undefined): string[] {
  return id && !s.answers[id] && !s.expected.includes(id) ? [...s.expected, id] : s.expected;
}

/** Whether somebody other than the assistant is, or will be, answering. */
export const withPerson = (s: ChatState) => s.state === "open" || s.state === "snoozed";

/** Whether people have, had or are asked to have anything to do with the conversation. */
export const peopled = (s: ChatState) => s.state !== "pending" || s.asking !== undefined || s.messages.some((m) => m.from === "agent" || m.attachments);

/** How many messages of people the customer has not read. */
export const unread = (s: ChatState) => s.messages.filter((m) => m.from === "agent" && m.seq > (s.read?.customer ?? 0)).length;

/** Answers that have sentences but whose message has not arrived, oldest first. */
export function unfinished(s: ChatState): AnswerView[] {
  const posted = new Set(s.messages.map((m) => m.answer_id));
  return Object.values(s.answers).filter((a) => !posted.has(a.id) && (a.whole ? a.sentences.length > 0 : true));
}

/** Whether a later answer replaces this one. */
export const superseded = (s: ChatState, id: string) => Object.values(s.answers).some((a) => a.whole?.supersedes === id);
