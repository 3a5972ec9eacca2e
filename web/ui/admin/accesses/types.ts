// What the endpoint of the access log returns.
export type AccessLine = {
  id: string;
  at: string;
  actor: string;
  /** Of a member of staff. */
  name?: string;
  kind: string;
  reason?: string;
  customer: string;
  conversation_id?: string;
  answer_id?: string;
  categories?: string[] | null;
};

export type AccessPage = { items: AccessLine[] | null; next?: string };
