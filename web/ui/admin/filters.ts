// The filters of the citation log.

export const filterNames = [
  "q",
  "status",
  "reviewed",
  "verdict",
  "complaint",
  "flagged",
  "assigned",
  "score_below",
  "category",
  "recipient",
  "not_searched",
  "model",
  "policy_version",
  "language",
  "customer",
  "conversation",
  "record",
  "from",
  "to",
] as const;

export type FilterName = (typeof filterNames)[number];

/** How a filter is called on the screen. */
export const filterTitles: Record<FilterName, string> = {
  q: "Text",
  status: "Status",
  reviewed: "Reviewed",
  verdict: "Verdict",
  complaint: "Complaint",
  flagged: "Flagged by an agent",
  assigned: "Assigned to",
  score_below: "Score below",
  category: "Category used",
  recipient: "Recipient",
  not_searched: "Not searched because",
  model: "Model",
  policy_version: "Policy version",
  language: "Language",
  customer: "Customer",
  conversation: "Conversation",
  record: "Record",
  from: "From",
  to: "Until",
};

const yesNo = { true: "Yes", false: "No" };

/** The words for values that read differently in a filter than elsewhere. */
export const valueWords: Partial<Record<FilterName, Record<string, string>>> = {
  reviewed: yesNo,
  complaint: yesNo,
  flagged: yesNo,
};

/** The values of the closed vocabularies. */
export const options: Partial<Record<FilterName, string[]>> = {
  status: ["answered", "partial", "declined", "needs_consent", "clarify", "smalltalk", "handoff", "interrupted", "writing"],
  reviewed: ["false", "true"],
  verdict: ["correct", "unsupported", "wrong_source", "should_not_have_been_used", "tone"],
  complaint: ["true", "false"],
  flagged: ["true", "false"],
  score_below: ["0.5", "0.6", "0.7", "0.8", "0.9"],
  category: [
    "knowledge",
    "conversation",
    "profile",
    "orders",
    "billing",
    "support_history",
    "preferences",
    "browsing",
    "location",
    "inferences",
  ],
  not_searched: [
    "no_consent",
    "refused",
    "withdrawn",
    "expired",
    "notice_changed",
    "recipient_denied",
    "anonymous",
    "minor",
    "gpc",
    "unavailable",
  ],
  language: ["en", "pt-BR", "es", "uk", "ru"],
};

/** Days become moments, in the reader's time zone. */
export function momentsOf(query: URLSearchParams): void {
  for (const [name, plus] of [
    ["from", 0],
    ["to", 1],
  ] as const) {
    const day = query.get(name);
    if (day) query.set(name, moment(day, plus));
  }
}

function moment(day: string, plus: number): string {
  const [y = 0, m = 1, d = 1] = day.split("-").map(Number);
  const date = new Date(y, m - 1, d + plus);
  return Number.isNaN(date.getTime()) ? day : date.toISOString();
}
