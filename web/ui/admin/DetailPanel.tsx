import { moment } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { ID } from "./ID";
import { log, type LogState } from "./log";
import { Removed } from "./Removed";
import { Sentences } from "./Sentences";
import { SidePanel } from "./SidePanel";
import { Timeline } from "./Timeline";
import type { Detail } from "./types";
import { UsedTable } from "./UsedTable";

/** One answer, with everything that the log knows about it. */
export function DetailPanel({ state }: { state: LogState }) {
  const { detail } = state;
  return (
    <SidePanel list={log} state={state} what="answer" testid="detail" title={detail && !detail.gone ? detail.question || "Question not readable" : undefined}>
      {detail && <Body detail={detail} />}
    </SidePanel>
  );
}

function Body({ detail: d }: { detail: Detail }) {
  const skipped = d.not_searched ?? [];
  return (
    <>
      <p>
        <span class={`status ${d.status}`}>{inWords(d.status)}</span>{" "}
        <span class="quiet">
          {moment(d.at, navigator.language)} · attempt {d.attempt} · {d.model?.name}, {inWords(d.model?.recipient)}
        </span>
      </p>
      <Sentences detail={d} />
      {d.verification && !d.gone && <Removed checks={d.verification} />}
      <section>
        <h3>Used</h3>
        <UsedTable used={d.used ?? []} />
      </section>
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
      <Timeline lines={d.entries ?? []} />
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
            <button type="button" class="link" onClick={() => log.setFilter("conversation", d.conversation_id)}>
              Show its entries
            </button>
          </dd>
          {d.customer && (
            <>
              <dt>Customer</dt>
              <dd>
                <ID value={d.customer} />{" "}
                <button type="button" class="link" onClick={() => log.setFilter("customer", d.customer!)}>
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
          {d.leaf?.id && (
            <>
              <dt>Leaf</dt>
              <dd>
                <ID value={d.leaf.id} /> {d.leaf.index ?? "not yet integrated"}
              </dd>
            </>
          )}
        </dl>
      </section>
    </>
  );
}
