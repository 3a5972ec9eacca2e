import { useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import { paused, type Choice, type ConsentChange } from "../../shared/types";
import { allowing, mine, recipientName, yours } from "../names";
import type { ChatState } from "../state";
import { Stopped } from "../Stop";
import { w } from "../words";
import { Paused } from "./Paused";
import { Problem } from "./Problem";
import { standing } from "./standing";
import { useChange } from "./useChange";
import { say } from "./words";

/**
 * A category, as used for answers. Its switch off means off for every recipient,
 * on means the company's own AI only.
 */
export function CategoryRow({ choice, chat }: { choice: Choice; chat: ChatState }) {
  const { busy, problem, apply } = useChange();
  const [stopped, setStopped] = useState<ConsentChange[]>();
  const { purpose, category, recipient } = choice;
  const given = allowing(chat, purpose, category);
  const on = given.length > 0;
  const halted = on && given.every(paused);
  const labels = `category-${category}-label category-${category}-who`;

  async function choose(yes: boolean) {
    const triples = on ? given : [choice];
    const changes: ConsentChange[] = triples.map((c) => ({
      purpose,
      category,
      recipient: c.recipient,
      granted: yes,
      ...(yes ? { duration: "standing" } : {}),
    }));
    if (await apply(changes)) setStopped(yes ? undefined : changes);
  }

  return (
    <li class="choice">
      <div class="choice-line">
        {!halted && (
          <button
            type="button"
            role="switch"
            class="switch"
            aria-checked={on}
            aria-labelledby={labels}
            data-testid={`switch-${category}`}
            disabled={busy || (!on && choice.reason === "minor")}
            onClick={() => void choose(!on)}
          />
        )}
        <div>
          <p id={`category-${category}-label`}>{fill(say.useFor, { mine: mine(chat, category) })}</p>
          <p id={`category-${category}-who`} class="quiet">
            {given.length > 1 ? given.map((c) => recipientName(chat, c.recipient)).join(", ") : recipientOnly(chat, given[0]?.recipient ?? recipient)}
          </p>
          {(on ? given : [choice]).filter(said).map((c) => (
            <p key={c.recipient} class="quiet" data-testid={`standing-${category}`}>
              {given.length > 1 && `${recipientName(chat, c.recipient)}: `}
              {standing(c, chat)}
            </p>
          ))}
        </div>
      </div>
      {halted && <Paused labels={labels} name={category} busy={busy} choose={(yes) => void choose(yes)} />}
      {stopped && !on && <Stopped chat={chat} changes={stopped} done={() => setStopped(undefined)} />}
      <Problem text={problem} />
      <Why choice={choice} chat={chat} on={on} asked={stopped !== undefined} />
    </li>
  );
}

/** "Only Fernhill's own AI" */
const recipientOnly = (chat: ChatState, id: string) => chat.consents?.labels?.recipients?.[id]?.only || recipientName(chat, id);

/** Whether there is more to say than that nothing was ever allowed. */
const said = (c: Choice) => c.state !== "none" || c.reason === "minor";

type WhyProps = { choice: Choice; chat: ChatState; on: boolean; asked: boolean };

/** Why the company has it, whatever is chosen here; and the way to have it deleted here. */
function Why({ choice, chat, on, asked }: WhyProps) {
  const { busy, problem, apply } = useChange();
  const [deleted, setDeleted] = useState(false);
  const { purpose, category, recipient } = choice;
  const about = chat.consents?.labels?.categories?.[category];
  return (
    <details>
      <summary>{fill(say.why, { brand: chat.brand })}</summary>
      <p class="quiet">{about?.description}</p>
      <p class="quiet">{about?.source_basis}</p>
      {deleted && (
        <p class="quiet" role="status">
          {w.deleted}
        </p>
      )}
      {!on && !asked && !deleted && (
        <button
          type="button"
          class="button small"
          data-testid={`delete-${category}`}
          disabled={busy}
          onClick={() => void apply([{ purpose, category, recipient, granted: false, delete: true }]).then(setDeleted)}
        >
          {fill(say.deleteHere, { yours: yours(chat, category) })}
        </button>
      )}
      <Problem text={problem} />
    </details>
  );
}
