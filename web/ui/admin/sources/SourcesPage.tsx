import { useEffect, useState } from "preact/hooks";
import { Lock, Unlocked } from "../../shared/icons";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { moment } from "../../shared/time";
import { Frame } from "../Frame";
import { ID } from "../ID";
import { ListTable } from "../ListTable";
import { sourcesPage } from "../pages";
import { reason } from "../reason";
import { HideForm } from "../review/HideForm";
import { ReasonChoice } from "../review/ReasonBar";
import { may } from "../roles";
import { CorrectionTable } from "./CorrectionTable";
import { corrections } from "./corrections";
import { HideSource } from "./HideSource";
import { hidden, type Hidden } from "./hidden";

/** What no answer may use until somebody shows it again, and what customers were told about it. */
export function SourcesPage({ me }: { me: Me }) {
  const state = useStore(hidden.state);
  const { given } = useStore(reason);
  useEffect(hidden.open, []);
  useEffect(
    () =>
      reason.subscribe(() => {
        hidden.again(true);
        corrections.again(true);
      }),
    [],
  );
  return (
    <Frame page={sourcesPage} me={me} one={false}>
      <main class="list">
        <section class={given ? "reason given" : "reason"} aria-label="What is about one customer">
          {given ? <Unlocked /> : <Lock />}
          <label>
            {given ? "What is about one customer is open for" : "What is about one customer is sealed. Open it for"} <ReasonChoice testid="sources-reason" />
          </label>
          <p class="quiet">Each look is recorded with its reason, and the customer can see it. A quality sample opens answers alone.</p>
        </section>
        <h2>Hidden from answers</h2>
        {may("follow") && <HideSource />}
        <label class="check">
          <input
            type="checkbox"
            data-testid="filter-past"
            checked={state.filters.past === "true"}
            onChange={(e) => hidden.setFilter("past", e.currentTarget.checked ? "true" : "")}
          />
          Also what was shown again
        </label>
        <ListTable
          list={hidden}
          state={state}
          kind="plain"
          columns={["Source", "Why", "Hidden by", "Since"]}
          loading="Loading the hidden sources…"
          more="Load more"
          empty={
            <>
              <p>No source is hidden.</p>
              <p class="quiet">A source that is wrong can be hidden from answers here, or where the citation log shows an answer that used it.</p>
            </>
          }
        >
          {state.items?.map((h) => (
            <Row key={h.id} source={h} />
          ))}
        </ListTable>
        <h2>Corrections</h2>
        <CorrectionTable />
      </main>
    </Frame>
  );
}

function Row({ source: h }: { source: Hidden }) {
  const [open, setOpen] = useState(false);
  return (
    <tr data-testid="hidden-source">
      <td data-label="Source">
        <div class="cell">
          <span class={h.knowledge ? "tag" : "tag personal"}>{h.knowledge ? "Help article" : "A customer's record"}</span>
          {h.record ? (
            <>
              <ID value={h.record} />
              <p class="quiet">
                <a href={`/admin?record=${encodeURIComponent(h.record)}`}>Answers that used it</a> · site {h.site}
              </p>
            </>
          ) : (
            <p class="quiet">Sealed · site {h.site}</p>
          )}
          {h.shown && (
            <p class="quiet">
              Shown again {moment(h.shown, navigator.language)} by {h.shown_by?.name || "somebody who has left"}
            </p>
          )}
          {h.shown_note && <p class="said">{h.shown_note}</p>}
          {may("follow") && h.record && !h.shown && !open && (
            <button type="button" class="button small" data-testid="show-source" onClick={() => setOpen(true)}>
              Show it to answers again
            </button>
          )}
          {open && h.record && !h.shown && <HideForm site={h.site} record={h.record} hidden done={() => void hidden.load()} cancel={() => setOpen(false)} />}
        </div>
      </td>
      <td data-label="Why">{h.note ? <p class="said">{h.note}</p> : <span class="quiet">{h.sealed ? "Sealed" : "Not said"}</span>}</td>
      <td data-label="Hidden by">{h.by?.name || "Somebody who has left"}</td>
      <td data-label="Since" class="when">
        {moment(h.at, navigator.language)}
      </td>
    </tr>
  );
}
