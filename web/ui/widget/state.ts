// What the chat knows, and how each event of the stream changes it. Nothing
// here calls the server.
import type { Answer, Consents, ConversationState, Message, Sentence, StateEvent } from "../shared/types";

/** An answer as far as it is known: written sentence by sentence, then whole. */
export type AnswerView = {
  id: string;
  attempt: number;
  sentences: Sentence[];
  whole?: Answer;
  /** Its sentences were taken back because the customer's choices changed. */
  reset?: boolean;
};

/** A message that the server has not confirmed yet. */
export type Draft = { key: string; text: string; failed: boolean; problem?: string; messageID?: string };

export type ChatState = {
  phase: "loading" | "ready" | "failed";
  problem: string;
  brand: string;
  known: boolean; // a customer, not a visitor
  gpc: boolean;
  conversation: string;
  messages: Message[];
  drafts: Draft[];
  answers: Record<string, AnswerView>;
  /** Answers that are being looked for, before their first sentence. */
  expected: string[];
  state: ConversationState;
  queuePosition?: number;
  assignee?: string;
  typing?: string;
  live: boolean;
  online: boolean;
  consents?: Consents;
  consentsFailed: boolean;
  /** What became of an offer, by its id. */
  offers: Record<string, "allowed" | "declined">;
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
  live: true,
  online: navigator.onLine,
  consentsFailed: false,
  offers: {},
  announcement: "",
};

export function withMessage(s: ChatState, m: Message): Partial<ChatState> {
  if (s.messages.some((other) => other.id === m.id)) return {};
  const messages = [...s.messages, m].sort((a, b) => a.seq - b.seq);
  if (m.from !== "customer") return { messages, typing: undefined };
  // The stream may be faster than the answer to the POST: then the draft has no
  // id yet, and its text tells which one it is.
  const i = s.drafts.findIndex((d) => (d.messageID ? d.messageID === m.id : !d.failed && d.text === m.text));
  return { messages, drafts: s.drafts.filter((_, j) => j !== i) };
}

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

export function withReset(s: ChatState, e: { answer_id: string; attempt: number }): Partial<ChatState> {
  const attempt = Math.max(e.attempt, s.answers[e.answer_id]?.attempt ?? 0);
  return {
    answers: { ...s.answers, [e.answer_id]: { id: e.answer_id, attempt, sentences: [], reset: true } },
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
export const withPerson = (s: ChatState) => s.state === "open";

/** Answers that have sentences but whose message has not arrived, oldest first. */
export function unfinished(s: ChatState): AnswerView[] {
  const posted = new Set(s.messages.map((m) => m.answer_id));
  return Object.values(s.answers).filter((a) => !posted.has(a.id) && (a.whole ? a.sentences.length > 0 : true));
}

/** Whether a later answer replaces this one. */
export const superseded = (s: ChatState, id: string) => Object.values(s.answers).some((a) => a.whole?.supersedes === id);
