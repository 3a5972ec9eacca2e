// What the server says about a customer's data, field by field.
import type { Held, Kept, Source, Triple } from "../../shared/types";

/** One change of a choice, as the ledger keeps it. */
export type ConsentEvent = Triple & {
  id: string;
  at: string;
  state: string;
  channel?: string;
  actor?: string;
  notice?: { id: string; version: string };
  expires?: string;
  conversation?: string;
  delete?: boolean;
};

/** What was done with data. */
export type UseKind = "answer" | "desk" | "log" | "choices" | "backend" | "export" | "request" | "embedding" | "webhook" | "deletion";

/** One time that data was used, read, given out or deleted. */
export type Use = {
  id: string;
  at: string;
  kind: UseKind;
  purpose?: string;
  recipient?: string;
  who?: { kind: string; name?: string };
  categories: string[] | null;
  records: { id: string; title: string; category: string }[] | null;
  reason?: string;
  /** What was deleted, and how many. */
  what?: string;
  count?: number;
};

/** What is held about the customer, granted or not. */
export type HeldRecord = {
  id: string;
  category: string;
  title: string;
  text: string;
  source?: Source;
  collected_at?: string;
  expires?: string;
  disputed?: boolean;
  mine?: boolean;
};

/** What a customer can say is wrong with an answer. */
export type ComplaintKind = "wrong" | "wrong_source" | "should_not_use" | "tone" | "other";

/** A request with a date by which it is answered. */
export type Request = {
  id: string;
  kind: string;
  status: string;
  at: string;
  due?: string;
  closed?: string;
  text?: string;
  /** The answer that it is about, and what is said to be wrong with it. */
  answer_id?: string;
  complaint?: ComplaintKind;
  /** What became of the record that it is about. */
  outcome?: string;
  notes?: { at: string; text: string }[] | null;
};

export type Export = { id: string; status: "running" | "done" | "failed"; done?: number; total?: number; size?: number };

/** What an erasure would delete. */
export type Preview = {
  goes: { what: string; category?: string; count: number }[] | null;
  kept: Kept[] | null;
  tickets: { id: string; since: string }[] | null;
  held: Held[] | null;
};
