import { moment } from "../../shared/time";
import { ListRow, ListTable } from "../ListTable";
import { many } from "../review/words";
import { incidents, type IncidentsState } from "./incidents";
import type { Incident } from "./types";
import { kindInWords, leftInWords, statusInWords } from "./words";

/** The incidents, what is due next first. */
export function IncidentTable({ state, now }: { state: IncidentsState; now: number }) {
  return (
    <ListTable
      list={incidents}
      state={state}
      kind="incidents"
      columns={["Incident", "Due", "Status", "Kind", "Affected", "Found"]}
      loading="Loading the incidents…"
      more="Load more incidents"
      empty={
        <>
          <p>{incidents.names.some((n) => state.filters[n]) ? "No incidents match." : "No incident is recorded."}</p>
          <p class="quiet">When data was shown, used or changed as it should not have been, it is recorded here, with the dates by which the law wants it told.</p>
        </>
      }
    >
      {state.items?.map((i) => (
        <Row key={i.id} incident={i} now={now} selected={i.id === state.selected} />
      ))}
    </ListTable>
  );
}

function Row({ incident: i, now, selected }: { incident: Incident; now: number; selected: boolean }) {
  const late = i.due !== undefined && new Date(i.due).getTime() <= now;
  return (
    <ListRow id={i.id} testid="incident" selected={selected} link={i.title || "An incident"}>
      <td data-label="Due">
        {i.due ? (
          <span class={late ? "late" : ""} title={moment(i.due, navigator.language)}>
            {leftInWords(i.due, now)}
          </span>
        ) : (
          <span class="quiet">Nothing</span>
        )}
      </td>
      <td data-label="Status">
        <span class={`status ${i.status}`}>{statusInWords(i.status)}</span>
      </td>
      <td data-label="Kind">{kindInWords(i.kind)}</td>
      <td data-label="Affected">
        {many(i.answers, "answer")}, {many(i.customers, "customer")}
      </td>
      <td data-label="Found" class="when">
        {moment(i.found_at, navigator.language)}
      </td>
    </ListRow>
  );
}
