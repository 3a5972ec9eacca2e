// What reviewers found, as the page holds it.
import { onBack } from "../../shared/line";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";
import { momentsOf } from "../filters";

export type Tally = {
  answers: number;
  /** Of each answer the latest. */
  verdicts: Record<string, number> | null;
};

export type Summary = Tally & {
  reviews: number;
  /** How many answers several people have reviewed, and of how many of them they say the same. */
  compared: number;
  agreed: number;
  by_model: Record<string, Tally> | null;
  by_language: Record<string, Tally> | null;
};

type Quality = { from: string; to: string; summary?: Summary; problem: string };

export const quality = new Store<Quality>({ from: "", to: "", problem: "" });

let latest = 0; // an answer about an earlier time must not replace a later one's

/** Reads it, of the days if they are given. */
export async function readQuality(days: { from?: string; to?: string } = {}): Promise<void> {
  const mine = ++latest;
  quality.set({ ...days, problem: "" });
  const query = new URLSearchParams();
  const { from, to } = quality.get();
  if (from) query.set("from", from);
  if (to) query.set("to", to);
  momentsOf(query);
  try {
    const summary = await api.get<Summary>(`/api/admin/reviews/summary${query.size > 0 ? `?${query}` : ""}`);
    if (mine === latest) quality.set({ summary });
  } catch (e) {
    if (mine === latest) quality.set({ problem: troubled(e) ? "" : explain(e) });
  }
}

/** Reads it, and anew when it could not be read, until the returned function is called. */
export function openQuality(): () => void {
  void readQuality();
  return onBack(() => void readQuality());
}
