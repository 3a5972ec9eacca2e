// A sample: answers that nobody has reviewed yet, one after the other.
import { api, explain } from "../../shared/staff";
import { Store } from "../../shared/store";
import type { FilterName } from "../filters";
import { log } from "../log";
import { giveReason } from "../reason";
import type { Entry, EntryPage } from "../types";

export const sampleKinds = ["random", "low_score", "complaint"] as const;

export type SampleKind = (typeof sampleKinds)[number];

type Sample = {
  /** Of what is on the screen; none: the whole log is. */
  kind?: SampleKind;
  items: Entry[];
  taking: boolean;
  problem: string;
};

export const sample = new Store<Sample>({ items: [], taking: false, problem: "" });

/** Takes one and opens its first answer. */
export async function takeSample(kind: SampleKind, n: number): Promise<void> {
  sample.set({ taking: true, problem: "" });
  try {
    const { items } = await api.get<EntryPage>(`/api/admin/citations/sample?kind=${kind}&n=${n}`);
    sample.set({ kind, items: items ?? [], taking: false });
    giveReason(kind === "complaint" ? "complaint" : "sample");
    go(0);
  } catch (e) {
    sample.set({ taking: false, problem: explain(e) });
  }
}

export function dropSample(): void {
  sample.set({ kind: undefined, items: [], problem: "" });
}

/** Back to the whole log; what is open stays open. */
export function leaveSample(): void {
  dropSample();
  void log.load();
}

/** Shows the answers that have this, of the whole log. */
export function only(name: FilterName, value: string): void {
  dropSample();
  log.setOnly(name, value);
}

/** Where in the sample the open answer is; -1 if it is not of it. */
export const placeIn = (items: Entry[], answer: string): number => items.findIndex((e) => e.answer_id === answer);

/** Opens the next (+1) or the one before (-1), if there is one. */
export function step(by: 1 | -1): void {
  const { kind, items } = sample.get();
  if (kind) go(placeIn(items, log.state.get().selected) + by);
}

function go(n: number): void {
  const next = sample.get().items[n];
  if (next) location.hash = next.answer_id;
}

/** Shows what is known of an answer now. */
export function update(id: string, entry: Partial<Entry>): void {
  sample.set(({ items }) => ({ items: items.map((e) => (e.answer_id === id ? { ...e, ...entry } : e)) }));
}
