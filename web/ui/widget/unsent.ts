// What the customer has typed and not sent outlives a reload of the page. It is
// kept for whoever typed it, and forgotten when somebody else comes. Where a
// frame has no storage, it is kept as long as the page.
import type { Draft } from "./state";
import { place, recall, retain } from "./storage";

type Unsent = { owner: string; typed: string; drafts: Pick<Draft, "key" | "text" | "tried" | "files">[] };

const here = place("candor-unsent");

let kept: Unsent = { owner: "", typed: "", drafts: [] };

/** What this person left behind. */
export function recallUnsent(owner: string): Unsent {
  const last = kept.owner ? kept : recall<Unsent>(here);
  kept = last?.owner === owner ? last : { owner, typed: "", drafts: [] };
  save();
  return kept;
}

export function keepUnsent(change: Partial<Unsent>): void {
  kept = { ...kept, ...change };
  save();
}

/** What is in the box, and not sent. */
export const typed = () => kept.typed;

const save = () => retain(here, (kept.typed || kept.drafts.length > 0) && kept);
