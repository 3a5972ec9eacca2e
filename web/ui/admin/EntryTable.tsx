import { moment } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { load, type LogState } from "./log";
import type { Entry } from "./types";

/** The list: a table where there is room, cards on a phone. */
export function EntryTable({ state }: { state: LogState }) {
  const { entries, next, loading, problem } = state;
  return (
    <>
      {problem && (
        <div class="problem" role="alert">
          <p>{problem}</p>
          <button type="button" class="button small" onClick={() => void load()}>
            Load the list again
          </button>
        </div>
      )}
      {!entries && !problem && <p class="empty">Loading the log…</p>}
      {entries?.length === 0 && !loading && (
        <div class="empty">
          <p>No entries match.</p>
          <p class="quiet">Every answer of the assistant appears here, refusals and greetings included.</p>
        </div>
      )}
      {entries && entries.length > 0 && (
        <table class="entries" aria-busy={loading}>
          <thead>
            <tr>
              <th scope="col">Question</th>
              <th scope="col">Status</th>
              <th scope="col">Used</th>
              <th scope="col">Not searched</th>
              <th scope="col">Customer</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((e) => (
              <Row key={e.id} entry={e} selected={e.answer_id === state.selected} />
            ))}
          </tbody>
        </table>
      )}
      {next && (
        <p class="load-more">
          <button type="button" class="button" data-testid="load-more" disabled={loading} onClick={() => void load(true)}>
            {loading ? "Loading…" : "Load older entries"}
          </button>
        </p>
      )}
    </>
  );
}

function Row({ entry: e, selected }: { entry: Entry; selected: boolean }) {
  const open = () => (location.hash = e.answer_id);
  const skipped = e.not_searched ?? [];
  return (
    <tr class={selected ? "selected" : ""} data-testid="entry" data-answer={e.answer_id} onClick={open}>
      <td class="question">
        {/* The link is what the keyboard reaches; the row is only a larger target. */}
        <a href={`#${e.answer_id}`} aria-current={selected ? "true" : undefined}>
          {e.question || "Question not readable"}
        </a>
      </td>
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
    </tr>
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
