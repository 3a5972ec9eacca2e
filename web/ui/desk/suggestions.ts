// Suggested answers, by conversation. They are made of what the customer shares,
// so they are kept in memory only and go when the customer stops.
import { api, explain } from "../shared/staff";
import { Store } from "../shared/store";
import { mayShow, needs } from "./drafts";
import type { DeskConversation, Suggestion } from "./types";

export type Suggested = { busy: boolean; problem: string; value?: Suggestion };

export const suggestions = new Store<{ of: Record<string, Suggested> }>({ of: {} });

function set(id: string, to?: Suggested): void {
  suggestions.set(({ of }) => {
    const next = { ...of };
    if (to) next[id] = to;
    else delete next[id];
    return { of: next };
  });
}

/** Has an answer drafted. */
export async function suggest(id: string, instruction = ""): Promise<void> {
  const asked: Suggested = { busy: true, problem: "" };
  set(id, asked);
  const asking = () => suggestions.get().of[id] === asked; // and not dismissed meanwhile
  try {
    const path = `/api/desk/conversations/${encodeURIComponent(id)}/suggest`;
    const value = await api.post<Suggestion>(path, instruction ? { instruction } : {});
    if (asking()) set(id, { busy: false, problem: "", value });
  } catch (e) {
    if (asking()) set(id, { busy: false, problem: explain(e) });
  }
}

export const dismiss = (id: string) => set(id);

/** Forgets all of them, as who leaves does. */
export const forgetSuggestions = () => suggestions.set({ of: {} });

/** Drops a suggestion that was made of data that is shared no more, and says so. */
export function blankSuggestion(c: DeskConversation): void {
  const value = suggestions.get().of[c.id]?.value;
  if (!value || c.unchecked || mayShow(needs(value), c)) return;
  set(c.id, { busy: false, problem: "The customer has stopped sharing what the suggestion was made of. It is gone." });
}
