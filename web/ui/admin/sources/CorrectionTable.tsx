import { useEffect } from "preact/hooks";
import { useStore } from "../../shared/store";
import { moment } from "../../shared/time";
import { ID } from "../ID";
import { ListTable } from "../ListTable";
import { many } from "../review/words";
import { corrections } from "./corrections";

/** What customers were told about answers that were wrong. */
export function CorrectionTable() {
  const state = useStore(corrections.state);
  useEffect(corrections.open, []);
  return (
    <ListTable
      list={corrections}
      state={state}
      kind="plain"
      columns={["Correction", "Reached", "By", "Sent"]}
      loading="Loading the corrections…"
      more="Load older corrections"
      empty={
        <>
          <p>No correction was sent.</p>
          <p class="quiet">One is sent from an answer in the citation log, into every conversation that was told the same.</p>
        </>
      }
    >
      {state.items?.map((c) => (
        <tr key={c.id} data-testid="correction">
          <td data-label="Correction">
            <div class="cell">
              {c.sealed ? <p class="quiet">Sealed: it is about one customer</p> : <p class="said">{c.text}</p>}
              {c.record && (
                <>
                  <p class="quiet">About</p>
                  <ID value={c.record} />
                </>
              )}
            </div>
          </td>
          <td data-label="Reached">
            <div class="cell">
              {c.status === "done" ? many(c.sent, "conversation") : `${c.sent} of ${many(c.conversations, "conversation")} so far`}
              {c.skipped > 0 && <span class="quiet">{c.skipped} no longer there</span>}
            </div>
          </td>
          <td data-label="By">{c.by?.name || "Somebody who has left"}</td>
          <td data-label="Sent" class="when">
            {moment(c.at, navigator.language)}
          </td>
        </tr>
      ))}
    </ListTable>
  );
}
