// What the admin's endpoints return.
import type { Answer, NotSearched } from "../shared/types";

export type Entry = {
  id: string;
  answer_id: string;
  conversation_id: string;
  customer?: string;
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
};

export type EntryPage = { items: Entry[] | null; next?: string };

/** One line of the log about an answer: what was about to be read, or how it ended. */
export type LogLine = {
  id: string;
  kind: "opened" | "closed" | string;
  at: string;
  attempt: number;
  recipient?: string;
  records: { record_id: string; category: string; grant_id?: string; recipient?: string }[] | null;
  not_searched?: NotSearched[] | null;
  status?: string;
};

export type Detail = Answer & {
  customer?: string;
  language?: string;
  leaf?: { index: number | null; id: string } | null;
  entries?: LogLine[] | null;
  /** The conversation is kept no longer: there is only what the log names. */
  gone?: boolean;
};
