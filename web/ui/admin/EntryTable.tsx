import { moment } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { ListRow, ListTable } from "./ListTable";
import { log, type LogState } from "./log";
import type { Entry } from "./types";

/** The entries of the log, the newest first. */
export function EntryTable({ state }: { state: LogState }) {
  return (
    <ListTable
      list={log}
      state={state}
      columns={["Question", "Status", "Used", "Not searched", "Customer", "When"]}
      loading="Loading the log…"
      more="Load older entries"
      empty={
        <>
          <p>No entries match.</p>
          <p class="quiet">Every answer of the assistant appears here, refusals and greetings included.</p>
        </>
      }
    >
      {state.items?.map((e) => (
        <Row key={e.id} entry={e} selected={e.answer_id === state.selected} />
      ))}
    </ListTable>
  );
}

function Row({ entry: e, selected }: { entry: Entry; selected: boolean }) {
  const skipped = e.not_searched ?? [];
  return (
    <ListRow id={e.answer_id} testid="entry" selected={selected} link={e.question || "Question not readable"}>
      <td data-label="Status">
        <span class={`status ${e.status}`}>{inWords(e.status)}</span>
        {e.kind === "opened" && <span class="quiet"> opened</span>}
        {e.attempt > 1 && <span class="quiet"> attempt {e.attempt}</span>}
      </td>
      <td data-label="Used">
        <Categories entry={e} />
      </td>
      <td data-label="Not searched" class="quiet">
        {skipped.length === 0 ? "None" : skipped.slice(0, 2).map((n) => inWords(n.category)).join(", ")}
        {skipped.length > 2 && ` +${skipped.length - 2}`}
      </td>
      <td data-label="Customer" class="mono">
        {e.customer ? e.customer.slice(0, 14) : "Visitor"}
      </td>
      <td data-label="When" class="when">
        {moment(e.at, navigator.language)}
      </td>
    </ListRow>
  );
}

function Categories({ entry: e }: { entry: Entry }) {
  const categories = e.categories ?? [];
  if (e.records === 0 || categories.length === 0) return <span class="quiet">Nothing</span>;
  return (
    <span class="tags">
      {categories.map((c) => (
        <span key={c} class={c === "knowledge" ? "tag" : "tag personal"}>
          {inWords(c)}
        </span>
      ))}
      <span class="quiet">
        {e.records} {e.records === 1 ? "record" : "records"}
      </span>
    </span>
  );
}
