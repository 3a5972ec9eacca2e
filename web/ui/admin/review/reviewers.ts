// Who can be assigned an answer.
import { api } from "../../shared/staff";
import { Store } from "../../shared/store";
import { may } from "../roles";
import type { Person } from "../types";

export const reviewers = new Store<{ people: Person[] }>({ people: [] });

/** Reads them once; without them an answer can still be reviewed. */
export async function readReviewers(): Promise<void> {
  if (!may("review") || reviewers.get().people.length > 0) return;
  try {
    reviewers.set({ people: (await api.get<{ items: Person[] | null }>("/api/admin/reviewers")).items ?? [] });
  } catch {
    // They are asked for again when the next answer is opened.
  }
}
