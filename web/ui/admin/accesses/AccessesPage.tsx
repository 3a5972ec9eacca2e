import { useEffect } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { moment } from "../../shared/time";
import { inWords } from "../../shared/vocabulary";
import { ChoiceFilter, DayFilter, TextFilter } from "../Fields";
import { Frame } from "../Frame";
import { ListTable } from "../ListTable";
import { accessesPage } from "../pages";
import { reasons, reasonWords, type Reason } from "../reason";
import { accesses, type AccessesState, type AccessFilter } from "./accesses";
import type { AccessLine } from "./types";

/** Who opened what, when and why. */
export function AccessesPage({ me }: { me: Me }) {
  const state = useStore(accesses.state);
  useEffect(accesses.open, []);
  return (
    <Frame page={accessesPage} me={me} one={false}>
      <main class="list">
        <Filters state={state} />
        <ListTable
          list={accesses}
          state={state}
          kind="plain accesses"
          columns={["Who", "Why", "What", "Customer", "When"]}
          loading="Loading the access log…"
          more="Load older looks"
          empty={
            <>
              <p>{accesses.names.some((n) => state.filters[n]) ? "No looks match." : "Nobody has looked at anything yet."}</p>
              <p class="quiet">Whenever a member of staff opens what a customer said or has, it is written here first. The customer sees it too.</p>
            </>
          }
        >
          {state.items?.map((a) => (
            <Row key={a.id} line={a} />
          ))}
        </ListTable>
      </main>
    </Frame>
  );
}

function Filters({ state: { filters } }: { state: AccessesState }) {
  const field = (name: AccessFilter, title: string) => ({ name, title, value: filters[name] ?? "", set: (v: string) => accesses.setFilter(name, v) });
  return (
    <section class="filters" aria-label="Filters">
      <div class="filter-row few">
        <ChoiceFilter {...field("reason", "Why")} choices={[...reasons, "listen"].map((r) => [r, reasonInWords(r)])} />
        <TextFilter {...field("actor", "Who")} placeholder="staff:stf_…" />
        <TextFilter {...field("customer", "Customer")} placeholder="Customer id" />
        <TextFilter {...field("answer", "Answer")} placeholder="Answer id" />
        <DayFilter {...field("from", "From")} />
        <DayFilter {...field("to", "Until")} />
        {accesses.names.some((n) => filters[n]) && (
          <button type="button" class="link" onClick={accesses.clearFilters}>
            Remove all filters
          </button>
        )}
      </div>
    </section>
  );
}

const kinds: Record<string, string> = {
  desk: "A conversation at the desk",
  log: "An answer in the log",
  choices: "What the customer chose",
  backend: "Records, by the site's own backend",
  export: "Everything, by the customer",
  request: "A request of the customer's",
  embedding: "Records, by a model that tells what texts mean",
  webhook: "Messages, by a program that is sent them",
};

function Row({ line: a }: { line: AccessLine }) {
  const categories = (a.categories ?? []).map(inWords).join(", ");
  return (
    <tr data-testid="access">
      <td data-label="Who">
        <button type="button" class="link" onClick={() => accesses.setFilter("actor", a.actor)}>
          {a.name || actorInWords(a.actor)}
        </button>
      </td>
      <td data-label="Why">{a.reason ? reasonInWords(a.reason) : <span class="quiet">No reason needed</span>}</td>
      <td data-label="What">
        <div class="cell">
          {a.answer_id ? <a href={`/admin#${a.answer_id}`}>{kinds[a.kind] ?? inWords(a.kind)}</a> : (kinds[a.kind] ?? inWords(a.kind))}
          {categories && <p class="quiet">{categories}</p>}
        </div>
      </td>
      <td data-label="Customer">
        <button type="button" class="link mono" onClick={() => accesses.setFilter("customer", a.customer)}>
          {a.customer.slice(0, 14)}
        </button>
      </td>
      <td data-label="When" class="when">
        {moment(a.at, navigator.language)}
      </td>
    </tr>
  );
}

function actorInWords(actor: string): string {
  const [kind = "", id = ""] = actor.split(":");
  const words: Record<string, string> = { staff: "Somebody who has left", site: `The site ${id}`, customer: "The customer", visitor: "The visitor" };
  return words[kind] ?? inWords(actor);
}

function reasonInWords(r: string): string {
  const words = r === "listen" ? "listening in at the desk" : reasonWords[r as Reason];
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : inWords(r);
}
