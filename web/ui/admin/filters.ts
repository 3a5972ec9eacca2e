// The filters, which live in the address: a filtered list can be sent to a
// colleague, and Back undoes a filter.

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
export type Filters = Partial<Record<FilterName, string>>;

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

export function readFilters(search: string): Filters {
  const params = new URLSearchParams(search);
  const filters: Filters = {};
  for (const name of filterNames) {
    const value = params.get(name)?.trim();
    if (value) filters[name] = value;
  }
  return filters;
}

/** The address of the list with these filters; what is empty is left out, never sent as "any". */
export function pageAddress(filters: Filters): string {
  const query = params(filters).toString();
  return `${location.pathname}${query ? `?${query}` : ""}${location.hash}`;
}

/** The same filters as the server wants them: days become moments, in the reader's time zone. */
export function apiQuery(filters: Filters, cursor: string | undefined): string {
  const query = params(filters);
  if (filters.from) query.set("from", moment(filters.from, 0));
  if (filters.to) query.set("to", moment(filters.to, 1));
  if (cursor) query.set("cursor", cursor);
  return query.toString();
}

function params(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of filterNames) if (filters[name]) query.set(name, filters[name]!);
  return query;
}

function moment(day: string, plus: number): string {
  const [y = 0, m = 1, d = 1] = day.split("-").map(Number);
  const date = new Date(y, m - 1, d + plus);
  return Number.isNaN(date.getTime()) ? day : date.toISOString();
}
