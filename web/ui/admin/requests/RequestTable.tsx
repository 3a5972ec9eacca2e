import { moment } from "../../shared/time";
import { ListRow, ListTable } from "../ListTable";
import { requests, type RequestsState } from "./requests";
import { isClosed, type Request } from "./types";
import { dueInWords, kindInWords, statusInWords } from "./words";

/** The requests, the most urgent first. */
export function RequestTable({ state, now }: { state: RequestsState; now: number }) {
  const filtered = Object.values(state.filters).some(Boolean);
  return (
    <ListTable
      list={requests}
      state={state}
      kind="requests"
      columns={["Request", "Due", "Status", "Site", "Customer", "Asked"]}
      loading="Loading the requests…"
      more="Load more requests"
      empty={
        <>
          <p>{filtered ? "No requests match." : "Nobody has asked anything yet."}</p>
          <p class="quiet">What customers ask about their data appears here, with the date by which they must have an answer.</p>
        </>
      }
    >
      {state.items?.map((r) => (
        <Row key={r.id} request={r} now={now} selected={r.id === state.selected} />
      ))}
    </ListTable>
  );
}

function aboutWhat(r: Request) {
  if (r.disputes) return <span class="quiet"> of a record</span>;
  return r.answer_id && <span class="quiet"> about an answer</span>;
}

function Row({ request: r, now, selected }: { request: Request; now: number; selected: boolean }) {
  const late = !isClosed(r) && new Date(r.due).getTime() <= now;
  return (
    <ListRow id={r.id} testid="request" selected={selected} link={kindInWords(r.kind)} note={aboutWhat(r)}>
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
    </ListRow>
  );
}
