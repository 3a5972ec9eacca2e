// What went wrong, in the customer's language.
import { ApiError } from "../shared/api";
import { fill } from "../shared/i18n";
import { line } from "../shared/line";
import { store, type Stuck } from "./state";
import { w } from "./words";

/** Why something waits that failed for now. */
export function stuckBy(e: ApiError): Stuck {
  return e.status === 429 ? "busy" : (e.trouble ?? "failing");
}

/** The same in words. */
export function reason(stuck: Stuck): string {
  if (!line.get().online) return w.offline;
  switch (stuck) {
    case "away":
      return w.away;
    case "unreachable":
      return fill(w.unreachable, { brand: store.get().brand || location.host });
    case "busy":
      return w.busy;
    case "failing":
      return w.failed;
  }
}

/** What to tell about an error. The server's own words come first, unless it passes. */
export function explain(e: unknown): string {
  if (!(e instanceof ApiError)) return w.failed;
  if (e.passing) return reason(stuckBy(e));
  if (e.status === 401) return e.detail || w.expired;
  return e.detail || w.failed;
}

/** What to tell about a change that failed. One that failed for now may have been made. */
export function explainChange(e: unknown): string {
  const passing = e instanceof ApiError && e.passing;
  return passing ? `${explain(e)} ${w.unconfirmed}` : `${w.changeFailed} ${explain(e)}`;
}
