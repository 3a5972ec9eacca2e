import { moment } from "../../shared/time";
import { load, type RequestsState } from "./requests";
import { isClosed, type Request } from "./types";
import { dueInWords, kindInWords, statusInWords } from "./words";

/** The list: a table where there is room, cards on a phone. */
export function RequestTable({ state, now }: { state: RequestsState; now: number }) {
  const { items, next, loading, problem, filters } = state;
  const filtered = Object.values(filters).some(Boolean);
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
      {!items && !problem && <p class="empty">Loading the requests…</p>}
      {items?.length === 0 && !loading && (
        <div class="empty" data-testid="requests-empty">
          <p>{filtered ? "No requests match." : "Nobody has asked anything yet."}</p>
          <p class="quiet">What customers ask about their data appears here, with the date by which they must have an answer.</p>
        </div>
      )}
      {items && items.length > 0 && (
        <table class="entries requests" aria-busy={loading}>
          <thead>
            <tr>
              <th scope="col">Request</th>
              <th scope="col">Due</th>
              <th scope="col">Status</th>
              <th scope="col">Site</th>
              <th scope="col">Customer</th>
              <th scope="col">Asked</th>
            </tr>
          </thead>
          <tbody>
            {items.map((r) => (
              <Row key={r.id} request={r} now={now} selected={r.id === state.selected} />
            ))}
          </tbody>
        </table>
      )}
      {next && (
        <p class="load-more">
          <button type="button" class="button" data-testid="load-more" disabled={loading} onClick={() => void load(true)}>
            {loading ? "Loading…" : "Load more requests"}
          </button>
        </p>
      )}
    </>
  );
}

function Row({ request: r, now, selected }: { request: Request; now: number; selected: boolean }) {
  const open = () => (location.hash = r.id);
  const late = !isClosed(r) && new Date(r.due).getTime() <= now;
  return (
    <tr class={selected ? "selected" : ""} data-testid="request" data-request={r.id} onClick={open}>
      <td class="question">
        {/* The link is what the keyboard reaches; the row is only a larger target. */}
        <a href={`#${r.id}`} aria-current={selected ? "true" : undefined}>
          {kindInWords(r.kind)}
        </a>
        {r.disputes && <span class="quiet"> of a record</span>}
      </td>
      <td data-label="Due">
        <span class={late ? "late" : isClosed(r) ? "quiet" : ""} title={moment(r.due, navigator.language)}>
          {dueInWords(r, now)}
        </span>
      </td>
      <td data-label="Status">
        <span class={`status ${r.status}`}>{statusInWords(r.status)}</span>
      </td>
      <td data-label="Site">{r.site}</td>
      <td data-label="Customer" class="mono">
        {r.customer.slice(0, 14)}
      </td>
      <td data-label="Asked" class="when">
        {moment(r.at, navigator.language)}
      </td>
    </tr>
  );
}
