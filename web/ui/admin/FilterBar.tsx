import { useState } from "preact/hooks";
import { Close } from "../shared/icons";
import { inWords } from "../shared/vocabulary";
import { filterNames, filterTitles, options, type FilterName } from "./filters";
import type { Filters as FiltersOf } from "./list";
import { log } from "./log";

type Filters = FiltersOf<FilterName>;

/** The filters, and as chips those that are on. */
export function FilterBar({ filters }: { filters: Filters }) {
  const on = filterNames.filter((n) => filters[n]);
  return (
    <section class="filters" aria-label="Filters">
      <div class="filter-row">
        <Text name="q" filters={filters} placeholder="Words in the question" />
        <Choice name="status" filters={filters} />
        <Choice name="category" filters={filters} />
        <details class="more">
          <summary class="button small">More filters</summary>
          <div class="more-body">
            <Choice name="not_searched" filters={filters} />
            <Choice name="language" filters={filters} />
            <Text name="recipient" filters={filters} placeholder="brand_ai" />
            <Text name="customer" filters={filters} placeholder="Customer id" />
            <Text name="conversation" filters={filters} placeholder="Conversation id" />
            <Text name="record" filters={filters} placeholder="Record id" />
            <Day name="from" filters={filters} />
            <Day name="to" filters={filters} />
          </div>
        </details>
      </div>
      {on.length > 0 && (
        <ul class="active" aria-label="Filters that are on">
          {on.map((n) => (
            <li key={n}>
              <button type="button" class="chip" data-testid={`active-${n}`} aria-label={`Remove the filter ${filterTitles[n]}`} onClick={() => log.setFilter(n, "")}>
                {filterTitles[n]}: {options[n] && n !== "language" ? inWords(filters[n]) : filters[n]}
                <Close />
              </button>
            </li>
          ))}
          <li>
            <button type="button" class="link" onClick={log.clearFilters}>
              Remove all filters
            </button>
          </li>
        </ul>
      )}
    </section>
  );
}

type Props = { name: FilterName; filters: Filters };

function Choice({ name, filters }: Props) {
  return (
    <label class="filter">
      {filterTitles[name]}
      <select class="field" data-testid={`filter-${name}`} value={filters[name] ?? ""} onChange={(e) => log.setFilter(name, e.currentTarget.value)}>
        <option value="">Any</option>
        {options[name]?.map((o) => (
          <option key={o} value={o}>
            {name === "language" ? o : inWords(o)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Applied at Enter or when it is left, not at every letter. */
function Text({ name, filters, placeholder }: Props & { placeholder: string }) {
  const [typed, setTyped] = useState<string>();
  const value = filters[name] ?? "";
  const apply = () => {
    if (typed !== undefined && typed.trim() !== value) log.setFilter(name, typed);
    setTyped(undefined);
  };
  return (
    <label class="filter">
      {filterTitles[name]}
      <input
        class="field"
        type="text"
        data-testid={`filter-${name}`}
        placeholder={placeholder}
        value={typed ?? value}
        onInput={(e) => setTyped(e.currentTarget.value)}
        onBlur={apply}
        onKeyDown={(e) => e.key === "Enter" && apply()}
      />
    </label>
  );
}

function Day({ name, filters }: Props) {
  return (
    <label class="filter">
      {filterTitles[name]}
      <input
        class="field"
        type="date"
        data-testid={`filter-${name}`}
        value={filters[name] ?? ""}
        onChange={(e) => log.setFilter(name, e.currentTarget.value)}
      />
    </label>
  );
}
