// What the endpoints of requests return.
export type Request = {
  id: string;
  kind: string;
  status: "open" | "in_progress" | "done" | "refused" | string;
  site: string;
  customer: string;
  jurisdiction: string;
  at: string;
  due: string;
  closed?: string;
  overdue: boolean;
  /** It says that a record is wrong. */
  disputes: boolean;
  /** The answer that a complaint is about, and what is said to be wrong with it. */
  answer_id?: string;
  complaint?: string;
};

export type Count = { kind: string; open: number; overdue: number };

export type RequestPage = { items: Request[] | null; next?: string; counts: Count[] | null };

export type RequestEvent = {
  at: string;
  actor: string;
  name?: string;
  action: string;
  note?: string;
  for_customer?: boolean;
  outcome?: string;
};

export type RequestDetail = Request & {
  text?: string;
  record_id?: string;
  conversation_id?: string;
  history: RequestEvent[] | null;
  may_act: boolean;
};

/** Whether nothing more is to be done. */
export const isClosed = (r: Request) => r.status === "done" || r.status === "refused";
