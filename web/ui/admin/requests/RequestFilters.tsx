import { TextFilter } from "../Fields";
import { requests, type RequestsState } from "./requests";
import { kindInWords, statusInWords } from "./words";

const kinds = ["access", "rectification", "erasure", "complaint"];
const statuses = ["open", "in_progress", "done", "refused"];

/** How many there are, and the filters. */
export function RequestFilters({ state }: { state: RequestsState }) {
  const { filters } = state;
  const counts = state.page?.counts ?? [];
  const open = counts.reduce((n, c) => n + c.open, 0);
  const overdue = counts.reduce((n, c) => n + c.overdue, 0);
  return (
    <section class="filters" aria-label="Filters">
      {counts.length > 0 && (
        <p data-testid="request-counts">
          {open === 0 ? "No request is open." : `${open} open`}
          {overdue > 0 && (
            <>
              , <strong class="late">{overdue} late</strong>
            </>
          )}
        </p>
      )}
      <div class="filter-row few">
        <label class="filter">
          Kind
          <select class="field" data-testid="filter-kind" value={filters.kind ?? ""} onChange={(e) => requests.setFilter("kind", e.currentTarget.value)}>
            <option value="">Any</option>
            {kinds.map((k) => (
              <option key={k} value={k}>
                {kindInWords(k)}
              </option>
            ))}
          </select>
        </label>
        <label class="filter">
          Status
          <select class="field" data-testid="filter-status" value={filters.status ?? ""} onChange={(e) => requests.setFilter("status", e.currentTarget.value)}>
            <option value="">Any</option>
            {statuses.map((s) => (
              <option key={s} value={s}>
                {statusInWords(s)}
              </option>
            ))}
          </select>
        </label>
        <TextFilter name="site" title="Site" placeholder="Id of a site" value={filters.site ?? ""} set={(v) => requests.setFilter("site", v)} />
        <label class="check">
          <input
            type="checkbox"
            data-testid="filter-overdue"
            checked={filters.overdue === "true"}
            onChange={(e) => requests.setFilter("overdue", e.currentTarget.checked ? "true" : "")}
          />
          Only those that are late
        </label>
        {requests.names.some((n) => filters[n]) && (
          <button type="button" class="link" onClick={requests.clearFilters}>
            Remove all filters
          </button>
        )}
      </div>
    </section>
  );
}
