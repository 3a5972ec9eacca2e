// The citation log as the page holds it: a filtered list, and one answer.
import { filterNames, momentsOf, type FilterName } from "./filters";
import { List, type ListState } from "./list";
import type { Detail, EntryPage } from "./types";

export type LogState = ListState<FilterName, EntryPage, Detail>;

export const log = new List<FilterName, EntryPage, Detail>("/api/admin/citations", filterNames, momentsOf);
