// What the admin's endpoints return about the citation log.
import type { Answer, NotSearched, Triple, Used } from "../shared/types";

/** A member of staff; an account that was closed has no name. */
export type Person = { id: string; name?: string };

/** Whether what was said can be read: sealed may be opened, gone never again. */
export type BodyState = "open" | "sealed" | "gone";

export type Verdict = "correct" | "unsupported" | "wrong_source" | "should_not_have_been_used" | "tone";

export type Entry = {
  id: string;
  answer_id: string;
  conversation_id: string;
  customer?: string;
  site?: string;
  at: string;
  kind: string;
  status: string;
  language?: string;
  model?: { name: string; recipient: string };
  attempt: number;
  records: number;
  categories: string[] | null;
  not_searched: NotSearched[] | null;
  question?: string;
  /** The question was not opened. */
  sealed?: boolean;
  body?: BodyState;
  /** The lowest score of a citation; null where nothing was cited. */
  score?: number | null;
  /** The latest, empty if nobody has given one. */
  verdict?: Verdict | "";
  assignee?: Person | null;
  /** A customer has complained about it. */
  complaint?: boolean;
  /** How often an agent has flagged it. */
  flags?: number;
  leaf_index?: number | null;
};

export type EntryPage = { items: Entry[] | null; next?: string };

/** One line of the log about an answer: what was about to be read, or how it ended. */
export type LogLine = {
  id: string;
  kind: "opened" | "closed" | string;
  at: string;
  attempt: number;
  recipient?: string;
  records: { record_id?: string; category: string; grant_id?: string; recipient?: string }[] | null;
  not_searched?: NotSearched[] | null;
  status?: string;
};

/** How a source stands now, beside how it was quoted. */
export type SourceState = "same" | "changed" | "gone" | "hidden" | "not_permitted";

export type QuotedSource = {
  record_id: string;
  title: string;
  category: string;
  /** The quote, and what stood around it. */
  then: { quote: string; before: string; after: string };
  now: { state: SourceState | string; text?: string };
};

/** What a customer chose: that on which the answer relied, or what changed it since. */
export type GrantEvent = Triple & {
  /** Of the event. */
  grant_id: string;
  state: string;
  at: string;
  expires?: string | null;
  notice?: { id: string; version: string; language?: string; text?: string } | null;
};

/** What an answer took. */
export type Spent = {
  /** Milliseconds until the first sentence was released; 0: none was. */
  first_ms: number;
  took_ms: number;
  /** That language models read and wrote. */
  tokens: number;
};

export type Review = { id: string; verdict: Verdict | string; note?: string; reviewer: Person; at: string };

export type Complaint = { request_id: string; status: string; at: string; due: string };

export type Flag = { kind: string; note?: string; by: Person; at: string };

export type UsedNow = Used & {
  /** Somebody has hidden it from answers. */
  hidden: boolean;
};

export type Detail = Omit<Answer, "used"> & {
  used?: UsedNow[] | null;
  customer?: string;
  site?: string;
  language?: string;
  leaf?: { index: number | null; id: string } | null;
  entries?: LogLine[] | null;
  /** The conversation is kept no longer: this is what the log has of it. */
  gone?: boolean;
  /** Nothing sealed was opened, because no reason was given. */
  sealed?: boolean;
  body?: BodyState;
  sources?: QuotedSource[] | null;
  grants?: GrantEvent[] | null;
  spent?: Spent | null;
  reviews?: Review[] | null;
  assignee?: Person | null;
  complaints?: Complaint[] | null;
  flags?: Flag[] | null;
};
