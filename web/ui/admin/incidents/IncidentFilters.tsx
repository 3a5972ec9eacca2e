import { ChoiceFilter } from "../Fields";
import { may } from "../roles";
import { incidents, type IncidentsState } from "./incidents";
import { kinds, statuses } from "./words";

/** The filters, and the way to record another. */
export function IncidentFilters({ state: { filters }, record }: { state: IncidentsState; record: () => void }) {
  return (
    <section class="filters" aria-label="Filters">
      <div class="filter-row few">
        <ChoiceFilter name="status" title="Status" value={filters.status ?? ""} set={(v) => incidents.setFilter("status", v)} choices={Object.entries(statuses)} />
        <ChoiceFilter name="kind" title="Kind" value={filters.kind ?? ""} set={(v) => incidents.setFilter("kind", v)} choices={Object.entries(kinds)} />
        {incidents.names.some((n) => filters[n]) && (
          <button type="button" class="link" onClick={incidents.clearFilters}>
            Remove all filters
          </button>
        )}
        {may("recordIncident") && (
          <button type="button" class="button small" data-testid="incident-new" onClick={record}>
            Record an incident
          </button>
        )}
      </div>
    </section>
  );
}
