import { useState } from "preact/hooks";
import { agreed, paused, type Choice, type ConsentChange } from "../../shared/types";
import { categoryName, recipientName } from "../names";
import type { ChatState } from "../state";
import { Stopped } from "../Stop";
import { Paused } from "./Paused";
import { Problem } from "./Problem";
import { standing } from "./standing";
import { useChange } from "./useChange";

/** One choice: a category for a purpose and a recipient. */
export function TripleRow({ choice, chat }: { choice: Choice; chat: ChatState }) {
  const { busy, problem, apply } = useChange();
  const [stopped, setStopped] = useState<ConsentChange[]>();
  const { purpose, category, recipient } = choice;
  const on = agreed(choice);
  const name = `${purpose}-${category}-${recipient}`;
  const labels = `purpose-${purpose} label-${name} who-${name}`;

  async function choose(yes: boolean) {
    const changes: ConsentChange[] = [{ purpose, category, recipient, granted: yes, ...(yes ? { duration: "standing" } : {}) }];
    if (await apply(changes)) setStopped(yes ? undefined : changes);
  }

  return (
    <li class="choice">
      <div class="choice-line">
        {!paused(choice) && (
          <button
            type="button"
            role="switch"
            class="switch"
            aria-checked={on}
            aria-labelledby={labels}
            data-testid={`switch-${name}`}
            disabled={busy || (!on && choice.reason === "minor")}
            onClick={() => void choose(!on)}
          />
        )}
        <div>
          <p id={`label-${name}`}>{categoryName(chat, category)}</p>
          <p class="quiet">
            <span id={`who-${name}`}>{recipientName(chat, recipient)}</span>
          </p>
          <p class="quiet" data-testid={`standing-${name}`}>
            {standing(choice, chat)}
          </p>
        </div>
      </div>
      {paused(choice) && <Paused labels={labels} name={name} busy={busy} choose={(yes) => void choose(yes)} />}
      {stopped && !on && <Stopped chat={chat} changes={stopped} done={() => setStopped(undefined)} />}
      <Problem text={problem} />
    </li>
  );
}
