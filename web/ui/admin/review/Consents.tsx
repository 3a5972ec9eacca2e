import { day, moment } from "../../shared/time";
import { inWords } from "../../shared/vocabulary";
import { ID } from "../ID";
import type { Detail, GrantEvent } from "../types";

/** The choices that the answer relied on, what became of them, and what the customer read each time. */
export function Consents({ detail: d }: { detail: Detail }) {
  const events = d.grants ?? [];
  const choice = (e: GrantEvent) => `${e.purpose} ${e.category} ${e.recipient}`;
  const reliedOn = new Set((d.entries ?? []).flatMap((l) => l.records ?? []).map((r) => r.grant_id));
  return (
    <section data-testid="consents">
      <h3>Consent behind it</h3>
      {events.length === 0 && <p class="quiet">{d.sealed ? "Sealed with the answer." : "It used nothing that needs consent."}</p>}
      {[...new Set(events.map(choice))].map((c) => {
        const mine = events.filter((e) => choice(e) === c);
        const { purpose, category, recipient } = mine[0]!;
        return (
          <div key={c} class="grant" data-testid="grant">
            <p>
              {inWords(purpose)} · <span class="tag personal">{inWords(category)}</span> · {inWords(recipient)}
            </p>
            <ol class="timeline">
              {mine.map((e) => (
                <Event key={e.grant_id} event={e} reliedOn={reliedOn.has(e.grant_id)} />
              ))}
            </ol>
          </div>
        );
      })}
    </section>
  );
}

function Event({ event: e, reliedOn }: { event: GrantEvent; reliedOn: boolean }) {
  const until = day(e.expires ?? undefined, navigator.language);
  return (
    <li class={reliedOn ? "closed" : ""}>
      <p>
        <strong>{inWords(e.state)}</strong>{" "}
        <span class="quiet">
          {moment(e.at, navigator.language)}
          {until && ` · until ${until}`}
        </span>{" "}
        {reliedOn && <span class="tag">The answer relied on this</span>}
      </p>
      <ID value={e.grant_id} />
      {e.notice?.id && (
        <details class="notice">
          <summary data-testid="notice">
            The notice then shown: {e.notice.id}, version {e.notice.version}
          </summary>
          {e.notice.text ? (
            <p class="said" lang={e.notice.language}>
              {e.notice.text}
            </p>
          ) : (
            <p class="quiet">Its text is in no policy that this server has. Its hash is in the customer's receipt.</p>
          )}
        </details>
      )}
    </li>
  );
}
