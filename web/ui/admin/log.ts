// The citation log as the page holds it: a filtered list, and one answer.
import { onBack } from "../shared/line";
import { api, explain, troubled } from "../shared/staff";
import { Store } from "../shared/store";
import { apiQuery, pageAddress, readFilters, type FilterName, type Filters } from "./filters";
import type { Detail, Entry, EntryPage } from "./types";

export type LogState = {
  filters: Filters;
  entries?: Entry[];
  next?: string;
  loading: boolean;
  problem: string;
  /** The answer in the address bar. */
  selected: string;
  detail?: Detail;
  detailProblem: string;
};

export const log = new Store<LogState>({
  filters: {},
  loading: false,
  problem: "",
  selected: "",
  detailProblem: "",
});

let latest = 0; // an answer to an earlier filter must not replace a later one's
let missed = false; // the list could not be read, and is once the line is back

/** Follows the address until the returned function is called. */
export function openLog(): () => void {
  const filtersChanged = () => {
    log.set({ filters: readFilters(location.search) });
    void load();
  };
  const answerChanged = () => select(location.hash.slice(1));
  addEventListener("popstate", filtersChanged);
  addEventListener("hashchange", answerChanged);
  filtersChanged();
  answerChanged();
  const stop = onBack(() => {
    if (missed) void load();
    if (log.get().selected && !log.get().detail) void loadDetail();
  });
  return () => {
    stop();
    removeEventListener("popstate", filtersChanged);
    removeEventListener("hashchange", answerChanged);
  };
}

export function setFilter(name: FilterName, value: string): void {
  const filters = { ...log.get().filters, [name]: value.trim() || undefined };
  history.pushState(null, "", pageAddress(filters));
  log.set({ filters });
  void load();
}

export function clearFilters(): void {
  history.pushState(null, "", pageAddress({}));
  log.set({ filters: {} });
  void load();
}

export async function load(more = false): Promise<void> {
  const mine = ++latest;
  const { filters, next, entries } = log.get();
  log.set({ loading: true, problem: "" });
  missed = false;
  try {
    const page = await api.get<EntryPage>(`/api/admin/citations?${apiQuery(filters, more ? next : undefined)}`);
    if (mine !== latest) return;
    log.set({ entries: [...(more ? (entries ?? []) : []), ...(page.items ?? [])], next: page.next, loading: false });
  } catch (e) {
    if (mine !== latest) return;
    missed = troubled(e);
    log.set({ loading: false, problem: missed ? "" : explain(e) });
  }
}

function select(id: string): void {
  if (id === log.get().selected) return;
  log.set({ selected: id, detail: undefined, detailProblem: "" });
  if (id) void loadDetail();
}

export async function loadDetail(): Promise<void> {
  const id = log.get().selected;
  try {
    const detail = await api.get<Detail>(`/api/admin/citations/${encodeURIComponent(id)}`);
    if (log.get().selected === id) log.set({ detail, detailProblem: "" });
  } catch (e) {
    if (log.get().selected === id) log.set({ detailProblem: troubled(e) ? "" : explain(e) });
  }
}
