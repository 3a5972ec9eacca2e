import { moment } from "../../shared/time";
import { ID } from "../ID";
import { many } from "../review/words";
import { SidePanel } from "../SidePanel";
import { IncidentActions } from "./IncidentActions";
import { incidents, type IncidentsState } from "./incidents";
import type { Clock, IncidentDetail, IncidentEvent } from "./types";
import { actionInWords, changesInWords, kindInWords, lawInWords, leftInWords, statusInWords, whomInWords } from "./words";

/** One incident: its clocks, who was told, and what was done. */
export function IncidentPanel({ state, now }: { state: IncidentsState; now: number }) {
  const { detail } = state;
  return (
    <SidePanel list={incidents} state={state} what="incident" testid="incident-detail" title={detail && (detail.title || "An incident")}>
      {detail && <Body detail={detail} now={now} />}
    </SidePanel>
  );
}

function Body({ detail: d, now }: { detail: IncidentDetail; now: number }) {
  return (
    <>
      <p>
        <span class={`status ${d.status}`}>{statusInWords(d.status)}</span>{" "}
        <span class="quiet">
          {kindInWords(d.kind)} · found {moment(d.found_at, navigator.language)} · {many(d.answers, "answer")}, {many(d.customers, "customer")}
        </span>
      </p>
      {d.notes && (
        <div class="answer-text">
          <p class="said">{d.notes}</p>
        </div>
      )}
      <Clocks detail={d} now={now} />
      {d.may_act ? <IncidentActions detail={d} /> : <p class="quiet">Your role reads incidents. Somebody with the role privacy works on them.</p>}
      <section>
        <h3>What was done</h3>
        <ol class="timeline">
          {(d.history ?? []).map((e, i) => (
            <Event key={i} event={e} first={i === 0} />
          ))}
        </ol>
      </section>
      <section>
        <h3>Identifiers</h3>
        <dl class="ids">
          <dt>Incident</dt>
          <dd>
            <ID value={d.id} />
          </dd>
          <dt>Site</dt>
          <dd>{d.site || "All sites"}</dd>
        </dl>
      </section>
    </>
  );
}

function Event({ event: e, first }: { event: IncidentEvent; first: boolean }) {
  return (
    <li class={e.action === "close" ? "closed" : ""} data-testid="incident-event">
      <p>
        <strong>{actionInWords(e.action)}</strong>{" "}
        <span class="quiet">
          {e.by?.name || "Somebody who has left"} · {moment(e.at, navigator.language)}
        </span>
      </p>
      {/* What the first one set is above. */}
      {!first && changesInWords(e).map((line) => <p key={line}>{line}.</p>)}
      {e.note && <p class="said">{e.note}</p>}
    </li>
  );
}

function Clocks({ detail: d, now }: { detail: IncidentDetail; now: number }) {
  return (
    <section data-testid="clocks">
      <h3>Whom to tell, by when</h3>
      <ul class="raised-list">
        {(d.clocks ?? []).map((c, i) => (
          <li key={i} data-testid={`clock-${c.law}`}>
            <p>
              <strong>{lawInWords(c.law)}</strong> {c.binding && <span class="tag">{d.site ? "Applies to this site" : "Applies"}</span>}
            </p>
            <ClockLine clock={c} runs={d.status !== "closed"} now={now} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ClockLine({ clock: c, runs, now }: { clock: Clock; runs: boolean; now: number }) {
  const due = moment(c.due, navigator.language);
  if (c.met) {
    return (
      <p class="quiet">
        Told {moment(c.met, navigator.language)}; due was {due}.
      </p>
    );
  }
  const late = runs && new Date(c.due).getTime() <= now;
  return (
    <p class={late && c.binding ? "late" : "quiet"}>
      Tell {whomInWords(c)} by {due}
      {runs && ` (${leftInWords(c.due, now)})`}
    </p>
  );
}
