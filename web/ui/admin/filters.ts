// The filters of the citation log.

export const filterNames = [
  "q",
  "status",
  "category",
  "recipient",
  "not_searched",
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
  category: "Category used",
  recipient: "Recipient",
  not_searched: "Not searched because",
  language: "Language",
  customer: "Customer",
  conversation: "Conversation",
  record: "Record",
  from: "From",
  to: "Until",
};

/** The values of the closed vocabularies. */
export const options: Partial<Record<FilterName, string[]>> = {
  status: ["answered", "partial", "declined", "needs_consent", "clarify", "smalltalk", "handoff", "interrupted", "writing"],
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
