// Why sealed answers are opened. It is never in the address: a link that somebody
// sends must not open anything in their colleague's name.
import { staff } from "../shared/staff";
import { Store } from "../shared/store";

export const reasons = ["complaint", "sample", "incident", "request", "legal"] as const;

export type Reason = (typeof reasons)[number];

export const reasonWords: Record<Reason, string> = {
  complaint: "a complaint",
  sample: "a quality sample",
  incident: "an incident",
  request: "a customer's request",
  legal: "a legal matter",
};

const key = "candor-reason";

/** The reason that was given in this tab; empty: nothing is opened. */
export const reason = new Store<{ given: Reason | "" }>({ given: remembered() });

function remembered(): Reason | "" {
  try {
    return reasons.find((r) => r === sessionStorage.getItem(key)) ?? "";
  } catch {
    return ""; // a browser that keeps nothing for pages
  }
}

/** Opens for a reason from now on, or nothing more. */
export function giveReason(given: Reason | ""): void {
  if (given === reason.get().given) return;
  try {
    if (given) sessionStorage.setItem(key, given);
    else sessionStorage.removeItem(key);
  } catch {
    // It then lasts until the page is left.
  }
  reason.set({ given });
}

/** Adds the tab's reason to a call. */
export function withReason(query: URLSearchParams): void {
  const { given } = reason.get();
  if (given) query.set("reason", given);
}

// Whoever signs in next has not given it.
staff.subscribe(() => {
  if (staff.get().me === null && reason.get().given) giveReason("");
});
