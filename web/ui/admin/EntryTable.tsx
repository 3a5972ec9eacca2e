import { Lock } from "../shared/icons";
import { useStore } from "../shared/store";
import { moment } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { ListRow, ListTable, Rows } from "./ListTable";
import { log, type LogState } from "./log";
import { reason } from "./reason";
import { many, verdictInWords } from "./review/words";
import type { Entry } from "./types";

const columns = ["Question", "Status", "Score", "Review", "Used", "Customer", "When"];

/** The entries of the log, the newest first. */
export function EntryTable({ state }: { state: LogState }) {
  return (
    <ListTable
      list={log}
      state={state}
      kind="answers"
      columns={columns}
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

/** The answers of a sample, which are opened one by one. */
export function SampleTable({ items, selected }: { items: Entry[]; selected: string }) {
  return (
    <Rows kind="answers" columns={columns}>
      {items.map((e) => (
        <Row key={e.id} entry={e} selected={e.answer_id === selected} sealed="Not opened yet" />
      ))}
    </Rows>
  );
}

function Row({ entry: e, selected, sealed }: { entry: Entry; selected: boolean; sealed?: string }) {
  const { given } = useStore(reason);
  const link = e.question || (
    <span class="sealed">
      <Lock /> {e.body === "gone" ? "No longer kept" : (sealed ?? (given ? "Stays sealed" : "Sealed"))}
      <span class="hidden">, {moment(e.at, navigator.language)}</span>
    </span>
  );
  return (
    <ListRow id={e.answer_id} testid="entry" selected={selected} link={link} note={<Marks entry={e} />}>
      <td data-label="Status">
        <span class={`status ${e.status}`}>{inWords(e.status)}</span>
        {e.kind === "opened" && <span class="quiet"> opened</span>}
        {e.attempt > 1 && <span class="quiet"> attempt {e.attempt}</span>}
      </td>
      <td data-label="Score" class="score">
        {e.score == null ? <span class="quiet">None</span> : e.score.toFixed(2)}
      </td>
      <td data-label="Review">
        {e.verdict ? <span class={`verdict ${e.verdict}`}>{verdictInWords(e.verdict)}</span> : <span class="quiet">Not reviewed</span>}
        {e.assignee && <span class="quiet assignee">{e.assignee.name}</span>}
      </td>
      <td data-label="Used">
        <Categories entry={e} />
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

function Marks({ entry: e }: { entry: Entry }) {
  if (!e.complaint && !e.flags) return null;
  return (
    <span class="tags marks">
      {e.complaint && <span class="tag raised">Complaint</span>}
      {Boolean(e.flags) && <span class="tag raised">{e.flags === 1 ? "Flagged" : `Flagged ${e.flags} times`}</span>}
    </span>
  );
}

function Categories({ entry: e }: { entry: Entry }) {
  const categories = e.categories ?? [];
  const missed = (e.not_searched ?? []).filter((n) => n.relevant);
  return (
    <div class="cell">
      {categories.length === 0 || e.records === 0 ? (
        <span class="quiet">Nothing</span>
      ) : (
        <span class="tags">
          {categories.map((c) => (
            <span key={c} class={c === "knowledge" ? "tag" : "tag personal"}>
              {inWords(c)}
            </span>
          ))}
          <span class="quiet">{many(e.records, "record")}</span>
        </span>
      )}
      {missed.length > 0 && <p class="quiet">Would have helped: {missed.map((n) => inWords(n.category)).join(", ")}</p>}
    </div>
  );
}
