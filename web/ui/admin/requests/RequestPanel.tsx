import { moment } from "../../shared/time";
import { ID } from "../ID";
import { SidePanel } from "../SidePanel";
import { RequestActions } from "./RequestActions";
import { requests, type RequestsState } from "./requests";
import { isClosed, type RequestDetail, type RequestEvent } from "./types";
import { actionInWords, actorInWords, complaintInWords, dueInWords, kindInWords, outcomes, statusInWords } from "./words";

/** One request: what was asked, what was done, and what can be done now. */
export function RequestPanel({ state, now }: { state: RequestsState; now: number }) {
  const { detail } = state;
  return (
    <SidePanel list={requests} state={state} what="request" testid="request-detail" title={detail && kindInWords(detail.kind)}>
      {detail && <Body detail={detail} now={now} />}
    </SidePanel>
  );
}

function Body({ detail: d, now }: { detail: RequestDetail; now: number }) {
  const late = !isClosed(d) && new Date(d.due).getTime() <= now;
  return (
    <>
      <p>
        <span class={`status ${d.status}`}>{statusInWords(d.status)}</span>{" "}
        <span class={late ? "late" : "quiet"}>
          {dueInWords(d, now)}
          {!isClosed(d) && ` · ${moment(d.due, navigator.language)}`}
        </span>
      </p>
      {d.complaint && (
        <p>
          {complaintInWords(d.complaint)}.{" "}
          <a href={`/admin#${d.answer_id}`} data-testid="request-answer">
            Open the answer in the log
          </a>
        </p>
      )}
      <section>
        <h3>In the customer's words</h3>
        {d.text ? (
          <div class="answer-text">
            <p class="said">{d.text}</p>
          </div>
        ) : (
          <p class="quiet">{d.history?.some((e) => e.action === "erased") ? "Erased with the customer." : "They wrote nothing."}</p>
        )}
        {d.record_id && !isClosed(d) && <p class="quiet restricted">Until this is closed, the record is not searched, not used in answers and not shown at the desk.</p>}
      </section>
      {d.may_act ? <RequestActions detail={d} /> : <p class="quiet">Your role reads requests. Somebody with the role privacy answers them.</p>}
      <section>
        <h3>What was done</h3>
        <ol class="timeline">
          {(d.history ?? []).map((e, i) => (
            <Event key={i} event={e} />
          ))}
        </ol>
      </section>
      <section>
        <h3>Identifiers</h3>
        <dl class="ids">
          <dt>Request</dt>
          <dd>
            <ID value={d.id} />
          </dd>
          <dt>Customer</dt>
          <dd>
            <ID value={d.customer} />
          </dd>
          {d.record_id && (
            <>
              <dt>Record</dt>
              <dd>
                <ID value={d.record_id} />
              </dd>
            </>
          )}
          {d.answer_id && (
            <>
              <dt>Answer</dt>
              <dd>
                <ID value={d.answer_id} />
              </dd>
            </>
          )}
          {d.conversation_id && (
            <>
              <dt>Conversation</dt>
              <dd>
                <ID value={d.conversation_id} />
              </dd>
            </>
          )}
          <dt>Site</dt>
          <dd>{d.site}</dd>
          <dt>Law</dt>
          <dd>{d.jurisdiction}</dd>
        </dl>
      </section>
    </>
  );
}

function Event({ event: e }: { event: RequestEvent }) {
  const ends = e.action === "done" || e.action === "refuse" || e.action === "erased";
  return (
    <li class={ends ? "closed" : ""} data-testid="request-event">
      <p>
        <strong>{actionInWords(e.action)}</strong>{" "}
        <span class="quiet">
          {actorInWords(e)} · {moment(e.at, navigator.language)}
        </span>
      </p>
      {e.outcome && <p>{outcomes[e.outcome] ?? e.outcome}.</p>}
      {e.note && (
        <>
          <p class="said">{e.note}</p>
          <p class="quiet">{e.for_customer ? "The customer reads this." : "For staff only."}</p>
        </>
      )}
    </li>
  );
}
