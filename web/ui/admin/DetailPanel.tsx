import { Lock } from "../shared/icons";
import type { Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { moment } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { ID } from "./ID";
import { log, type LogState } from "./log";
import { reason } from "./reason";
import { Removed } from "./Removed";
import { Consents } from "./review/Consents";
import { FollowUp } from "./review/FollowUp";
import { Proof } from "./review/Proof";
import { Raised } from "./review/Raised";
import { ReasonChoice } from "./review/ReasonBar";
import { ReviewBox } from "./review/ReviewBox";
import { only } from "./review/sample";
import { SampleSteps } from "./review/SampleSteps";
import { Sentences } from "./Sentences";
import { SidePanel } from "./SidePanel";
import { Timeline } from "./Timeline";
import type { Detail } from "./types";
import { UsedTable } from "./UsedTable";

/** One answer, with everything that the log knows about it. */
export function DetailPanel({ state, me }: { state: LogState; me: Me }) {
  const { detail, selected } = state;
  return (
    <SidePanel list={log} state={state} what="answer" testid="detail" title={detail && (detail.question || "An answer")} above={<SampleSteps answer={selected} />}>
      {detail && <Body detail={detail} me={me} />}
    </SidePanel>
  );
}

function Body({ detail: d, me }: { detail: Detail; me: Me }) {
  return (
    <>
      <p>
        <span class={`status ${d.status}`}>{inWords(d.status)}</span>{" "}
        <span class="quiet">
          {moment(d.at, navigator.language)} · attempt {d.attempt}
          {d.model?.name && ` · ${d.model.name}, ${inWords(d.model.recipient)}`}
        </span>
      </p>
      {isOpen(d) ? <Sentences detail={d} /> : <Closed detail={d} />}
      {isOpen(d) && d.gone && <p class="quiet">The conversation is kept no longer: this is what the log has of it.</p>}
      <Raised detail={d} />
      <ReviewBox detail={d} me={me} />
      <FollowUp detail={d} />
      <section>
        <h3>Used</h3>
        <UsedTable used={d.used ?? []} />
      </section>
      <Consents detail={d} />
      <NotSearched detail={d} />
      {isOpen(d) && d.verification && <Removed checks={d.verification} spent={d.spent} />}
      <Timeline lines={d.entries ?? []} />
      <Proof detail={d} />
      <Identifiers detail={d} />
    </>
  );
}

const isOpen = (d: Detail) => !d.sealed && d.body !== "gone";

/** In place of what was said. */
function Closed({ detail: d }: { detail: Detail }) {
  const { given } = useStore(reason);
  return (
    <div class="answer-text closed-text" data-testid="closed-text">
      <Lock />
      {d.body === "gone" ? (
        <p>
          What was said is no longer kept: its time was over, or the customer was erased. That an answer was given, when, and from what kinds of data under which
          consent can still be proven.
        </p>
      ) : given === "sample" ? (
        <p>Stays sealed: this customer has not agreed that their conversations are used to improve the assistant.</p>
      ) : given ? (
        <p>Stays sealed for this reason.</p>
      ) : (
        <label class="open-for">
          Question and answer are sealed. Open them for <ReasonChoice testid="reason-here" />
        </label>
      )}
    </div>
  );
}

function NotSearched({ detail: d }: { detail: Detail }) {
  const skipped = d.not_searched ?? [];
  return (
    <section>
      <h3>Not searched</h3>
      {skipped.length === 0 ? (
        <p class="quiet">Every category was allowed.</p>
      ) : (
        <ul class="skipped">
          {skipped.map((n) => (
            <li key={`${n.category} ${n.reason}`}>
              <span class="tag personal">{inWords(n.category)}</span> {inWords(n.reason)}
              {n.relevant && <span class="quiet">, would have helped</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Identifiers({ detail: d }: { detail: Detail }) {
  return (
    <section>
      <h3>Identifiers</h3>
      <dl class="ids">
        <dt>Answer</dt>
        <dd>
          <ID value={d.id} />
        </dd>
        <dt>Conversation</dt>
        <dd>
          <ID value={d.conversation_id} />{" "}
          <button type="button" class="link" onClick={() => only("conversation", d.conversation_id)}>
            Show its entries
          </button>
        </dd>
        {d.customer && (
          <>
            <dt>Customer</dt>
            <dd>
              <ID value={d.customer} />{" "}
              <button type="button" class="link" onClick={() => only("customer", d.customer!)}>
                Show their entries
              </button>
            </dd>
          </>
        )}
        {d.supersedes && (
          <>
            <dt>Replaces</dt>
            <dd>
              <ID value={d.supersedes} />
            </dd>
          </>
        )}
        <dt>Epoch, policy</dt>
        <dd>
          {d.epoch}, version {d.policy_version}
        </dd>
      </dl>
    </section>
  );
}
