// The requests as the page holds them: a filtered list, and one of them.
import { onBack } from "../../shared/line";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";
import type { Count, Request, RequestDetail, RequestPage } from "./types";

export const filterNames = ["kind", "status", "overdue", "site"] as const;
export type FilterName = (typeof filterNames)[number];
export type Filters = Partial<Record<FilterName, string>>;

export type RequestsState = {
  filters: Filters;
  items?: Request[];
  counts: Count[];
  next?: string;
  loading: boolean;
  problem: string;
  /** The request in the address bar. */
  selected: string;
  detail?: RequestDetail;
  detailProblem: string;
  /** Whether an action is under way, and why the last one was not taken. */
  acting: boolean;
  refused: string;
};

export const requests = new Store<RequestsState>({
  filters: {},
  counts: [],
  loading: false,
  problem: "",
  selected: "",
  detailProblem: "",
  acting: false,
  refused: "",
});

let latest = 0; // an answer to an earlier filter must not replace a later one's
let missed = false; // the list could not be read, and is once the line is back

/** Follows the address until the returned function is called. */
export function openRequests(): () => void {
  const filtersChanged = () => {
    requests.set({ filters: readFilters() });
    void load();
  };
  const selectedChanged = () => select(location.hash.slice(1));
  addEventListener("popstate", filtersChanged);
  addEventListener("hashchange", selectedChanged);
  filtersChanged();
  selectedChanged();
  const stop = onBack(() => {
    if (missed) void load();
    if (requests.get().selected && !requests.get().detail) void loadDetail();
  });
  return () => {
    stop();
    removeEventListener("popstate", filtersChanged);
    removeEventListener("hashchange", selectedChanged);
  };
}

function readFilters(): Filters {
  const params = new URLSearchParams(location.search);
  const filters: Filters = {};
  for (const name of filterNames) {
    const value = params.get(name)?.trim();
    if (value) filters[name] = value;
  }
  return filters;
}

// What is empty is left out, never sent as "any".
function query(filters: Filters): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of filterNames) if (filters[name]) params.set(name, filters[name]!);
  return params;
}

export function setFilters(change: Filters): void {
  const filters = { ...requests.get().filters, ...change };
  const search = query(filters).toString();
  history.pushState(null, "", `${location.pathname}${search ? `?${search}` : ""}${location.hash}`);
  requests.set({ filters });
  void load();
}

export const clearFilters = () => setFilters({ kind: undefined, status: undefined, overdue: undefined, site: undefined });

export async function load(more = false): Promise<void> {
  const mine = ++latest;
  const { filters, next, items } = requests.get();
  const params = query(filters);
  if (more && next) params.set("cursor", next);
  requests.set({ loading: true, problem: "" });
  missed = false;
  try {
    const page = await api.get<RequestPage>(`/api/admin/requests?${params}`);
    if (mine !== latest) return;
    requests.set({
      items: [...(more ? (items ?? []) : []), ...(page.items ?? [])],
      next: page.next,
      counts: page.counts ?? [],
      loading: false,
    });
  } catch (e) {
    if (mine !== latest) return;
    missed = troubled(e);
    requests.set({ loading: false, problem: missed ? "" : explain(e) });
  }
}

function select(id: string): void {
  if (id === requests.get().selected) return;
  requests.set({ selected: id, detail: undefined, detailProblem: "", refused: "" });
  if (id) void loadDetail();
}

export async function loadDetail(): Promise<void> {
  const id = requests.get().selected;
  try {
    const detail = await api.get<RequestDetail>(`/api/admin/requests/${encodeURIComponent(id)}`);
    if (requests.get().selected === id) requests.set({ detail, detailProblem: "" });
  } catch (e) {
    if (requests.get().selected === id) requests.set({ detailProblem: troubled(e) ? "" : explain(e) });
  }
}

export type Act = { action: string; note?: string; for_customer?: boolean; record?: { outcome: string } };

/** Does something to the open request; resolves to whether it was taken. */
export async function act(body: Act): Promise<boolean> {
  const id = requests.get().selected;
  requests.set({ acting: true, refused: "" });
  try {
    await api.post(`/api/admin/requests/${encodeURIComponent(id)}`, body);
  } catch (e) {
    if (requests.get().selected === id) requests.set({ refused: explain(e) });
    return false;
  } finally {
    requests.set({ acting: false });
  }
  void load();
  void loadDetail();
  return true;
}
