import { Close } from "../shared/icons";
import type { Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { inWords } from "../shared/vocabulary";
import { filterNames, filterTitles, options, valueWords, type FilterName } from "./filters";
import { ChoiceFilter, DayFilter, TextFilter } from "./Fields";
import type { Filters as FiltersOf } from "./list";
import { log } from "./log";
import { Menu } from "./Menu";
import { ExportMenu } from "./review/ExportMenu";
import { reviewers } from "./review/reviewers";
import { SampleMenu } from "./review/SampleMenu";
import { verdictInWords } from "./review/words";
import { may } from "./roles";

type Filters = FiltersOf<FilterName>;

/** The filters, and as chips those that are on. */
export function FilterBar({ filters, me }: { filters: Filters; me: Me }) {
  const { people } = useStore(reviewers);
  const called = (id: string) => (id === "none" ? "Nobody" : id === me.id ? "Me" : (people.find((p) => p.id === id)?.name ?? id));
  const inFull = (name: FilterName, value: string) => (name === "assigned" ? called(value) : valueInWords(name, value));
  const on = filterNames.filter((n) => filters[n]);
  return (
    <section class="filters" aria-label="Filters">
      <div class="filter-row">
        <Text name="q" filters={filters} placeholder="Words in the question" />
        <Choice name="status" filters={filters} />
        <Choice name="reviewed" filters={filters} />
        <Choice name="verdict" filters={filters} />
        <Menu label="More filters" testid="more-filters">
          <Choice name="complaint" filters={filters} />
          <Choice name="flagged" filters={filters} />
          <ChoiceFilter
            {...field({ name: "assigned", filters })}
            any="Anybody or nobody"
            choices={[
              ["none", "Nobody"],
              ...(me.id && may("review") ? ([[me.id, "Me"]] as [string, string][]) : []),
              ...people.filter((p) => p.id !== me.id).map((p): [string, string] => [p.id, p.name ?? p.id]),
            ]}
          />
          <Choice name="score_below" filters={filters} />
          <Choice name="category" filters={filters} />
          <Choice name="not_searched" filters={filters} />
          <Choice name="language" filters={filters} />
          <Text name="recipient" filters={filters} placeholder="brand_ai" />
          <Text name="model" filters={filters} placeholder="Name of a model" />
          <Text name="policy_version" filters={filters} placeholder="2026-11-01" />
          <Text name="customer" filters={filters} placeholder="Customer id" />
          <Text name="conversation" filters={filters} placeholder="Conversation id" />
          <Text name="record" filters={filters} placeholder="Record id" />
          <Day name="from" filters={filters} />
          <Day name="to" filters={filters} />
        </Menu>
        {may("review") && <SampleMenu />}
        <ExportMenu />
      </div>
      {on.length > 0 && (
        <ul class="active" aria-label="Filters that are on">
          {on.map((n) => (
            <li key={n}>
              <button type="button" class="chip" data-testid={`active-${n}`} onClick={() => log.setFilter(n, "")}>
                <span class="hidden">Remove the filter</span> {filterTitles[n]}: {inFull(n, filters[n]!)}
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

function valueInWords(name: FilterName, value: string): string {
  if (name === "verdict") return verdictInWords(value);
  const words = valueWords[name];
  if (words) return words[value] ?? value;
  return options[name] && name !== "language" && name !== "score_below" ? inWords(value) : value;
}

type Props = { name: FilterName; filters: Filters };

const field = ({ name, filters }: Props) => ({
  name,
  title: filterTitles[name],
  value: filters[name] ?? "",
  set: (value: string) => log.setFilter(name, value),
});

const Choice = (p: Props) => <ChoiceFilter {...field(p)} choices={(options[p.name] ?? []).map((o) => [o, valueInWords(p.name, o)])} />;

const Text = ({ placeholder, ...p }: Props & { placeholder: string }) => <TextFilter {...field(p)} placeholder={placeholder} />;

const Day = (p: Props) => <DayFilter {...field(p)} />;
