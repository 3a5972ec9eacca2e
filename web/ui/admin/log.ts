// The citation log as the page holds it: a filtered list, and one answer.
import { filterNames, momentsOf, type FilterName } from "./filters";
import { List, type ListState } from "./list";
import { withReason } from "./reason";
import type { Detail, Entry, EntryPage } from "./types";

export type LogState = ListState<FilterName, EntryPage, Detail>;

export const log = new List<FilterName, EntryPage, Detail>("/api/admin/citations", filterNames, momentsOf, withReason);

/** Shows what was done to an answer without opening it once more. */
export function changed(id: string, detail: Partial<Detail>, entry: Partial<Entry>): void {
  log.state.set(({ detail: d, items }) => ({
    detail: d?.id === id ? { ...d, ...detail } : d,
    items: items?.map((e) => (e.answer_id === id ? { ...e, ...entry } : e)),
  }));
}
