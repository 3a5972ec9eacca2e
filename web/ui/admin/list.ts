// A filtered list that lives in the address, and one of it beside: a filtered list
// can be sent to a colleague, and Back undoes a filter.
import { onBack } from "../shared/line";
import { api, explain, troubled } from "../shared/staff";
import { Store } from "../shared/store";

export type Filters<N extends string> = Partial<Record<N, string>>;

/** What the endpoint of a list returns, and maybe more. */
export type Page<I> = { items: I[] | null; next?: string };

export type ListState<N extends string, P extends Page<unknown>, D> = {
  filters: Filters<N>;
  items?: NonNullable<P["items"]>;
  /** The page that came last. */
  page?: P;
  loading: boolean;
  problem: string;
  /** The id in the address. */
  selected: string;
  detail?: D;
  detailProblem: string;
};

/** The list at a path of the API, whose items P holds, and of which D is one with everything. */
export class List<N extends string, P extends Page<unknown>, D> {
  readonly state: Store<ListState<N, P, D>>;
  private latest = 0; // an answer to an earlier filter must not replace a later one's
  private latestDetail = 0;
  private search = ""; // the address whose filters are on
  private missed = false; // the list could not be read, and is once the line is back

  constructor(
    private readonly path: string,
    readonly names: readonly N[],
    /** Makes what the server wants of the filters. */
    private readonly forServer: (query: URLSearchParams) => void = () => {},
    /** Adds what is not in the address, to the list's calls and to those for one of it. */
    private readonly unsaid: (query: URLSearchParams) => void = () => {},
  ) {
    this.state = new Store<ListState<N, P, D>>({ filters: {}, loading: false, problem: "", selected: "", detailProblem: "" });
  }

  /** Follows the address until the returned function is called. */
  open = (): (() => void) => {
    const follow = () => {
      this.search = location.search;
      this.state.set({ filters: this.read(location.search) });
      void this.load();
    };
    // What is selected is in the address too, and changes nothing of the list.
    const filtersChanged = () => location.search !== this.search && follow();
    const selectedChanged = () => this.select(location.hash.slice(1));
    addEventListener("popstate", filtersChanged);
    addEventListener("hashchange", selectedChanged);
    follow();
    selectedChanged();
    const stop = onBack(() => {
      if (this.missed) void this.load();
      const { selected, detail } = this.state.get();
      if (selected && !detail) void this.loadDetail();
    });
    return () => {
      stop();
      removeEventListener("popstate", filtersChanged);
      removeEventListener("hashchange", selectedChanged);
    };
  };

  setFilter(name: N, value: string): void {
    const change: Filters<N> = {};
    change[name] = value.trim() || undefined;
    this.filter({ ...this.state.get().filters, ...change });
  }

  /** Leaves no other filter. */
  setOnly(name: N, value: string): void {
    const only: Filters<N> = {};
    only[name] = value;
    this.filter(only);
  }

  clearFilters = (): void => this.filter({});

  private filter(filters: Filters<N>): void {
    const query = this.query(filters).toString();
    history.pushState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
    this.search = location.search;
    this.state.set({ filters });
    void this.load();
  }

  private read(search: string): Filters<N> {
    const params = new URLSearchParams(search);
    const filters: Filters<N> = {};
    for (const name of this.names) filters[name] = params.get(name)?.trim() || undefined;
    return filters;
  }

  /** Forgets what was read, and reads it anew, the list only where it shows. */
  again(shows: boolean): void {
    this.latest++;
    this.state.set({ items: undefined, page: undefined, detail: undefined, detailProblem: "" });
    if (shows) void this.load();
    if (this.state.get().selected) void this.loadDetail();
  }

  /** The filters as the server takes them. */
  asked(): URLSearchParams {
    const query = this.query(this.state.get().filters);
    this.forServer(query);
    this.unsaid(query);
    return query;
  }

  // What is empty is left out, never sent as "any".
  private query(filters: Filters<N>): URLSearchParams {
    const query = new URLSearchParams();
    for (const name of this.names) if (filters[name]) query.set(name, filters[name]!);
    return query;
  }

  async load(more = false): Promise<void> {
    const mine = ++this.latest;
    const { page: before, items } = this.state.get();
    const query = this.asked();
    if (more && before?.next) query.set("cursor", before.next);
    this.state.set({ loading: true, problem: "" });
    this.missed = false;
    try {
      const page = await api.get<P>(`${this.path}?${query}`);
      if (mine !== this.latest) return;
      this.state.set({ items: [...(more ? (items ?? []) : []), ...(page.items ?? [])], page, loading: false });
    } catch (e) {
      if (mine !== this.latest) return;
      this.missed = troubled(e);
      this.state.set({ loading: false, problem: this.missed ? "" : explain(e) });
    }
  }

  private select(id: string): void {
    if (id === this.state.get().selected) return;
    this.latestDetail++;
    this.state.set({ selected: id, detail: undefined, detailProblem: "" });
    if (id) void this.loadDetail();
  }

  async loadDetail(): Promise<void> {
    const id = this.state.get().selected;
    const mine = ++this.latestDetail;
    const query = new URLSearchParams();
    this.unsaid(query);
    try {
      const detail = await api.get<D>(`${this.path}/${encodeURIComponent(id)}${query.size > 0 ? `?${query}` : ""}`);
      if (mine === this.latestDetail) this.state.set({ detail, detailProblem: "" });
    } catch (e) {
      if (mine === this.latestDetail) this.state.set({ detailProblem: troubled(e) ? "" : explain(e) });
    }
  }
}
