import { useState } from "preact/hooks";
import { fill } from "../shared/i18n";
import { day } from "../shared/time";
import { allows, type Choice, type Consents, type ConsentChange } from "../shared/types";
import { change, StaleNotice } from "./chat";
import { explainChange } from "./explain";
import { allowing, categoryName, mine, purposeName, recipientName } from "./names";
import type { ChatState } from "./state";
import { Stopped } from "./Stop";
import { useProblem } from "./useProblem";
import { language, w } from "./words";

type Props = { chat: ChatState; consents: Consents; detailed: boolean };

export function Choices({ chat, consents, detailed }: Props) {
  if (consents.choices.length === 0) return <p class="quiet">{w.noChoices}</p>;
  if (!detailed) {
    const rows = consents.choices.filter((c) => c.purpose === "answers" && c.recipient === "brand_ai");
    return (
      <ul class="rows">
        {rows.map((c) => (
          <Row key={c.category} choice={c} chat={chat} consents={consents} simple />
        ))}
      </ul>
    );
  }
  const purposes = [...new Set(consents.choices.map((c) => c.purpose))];
  return (
    <>
      {purposes.map((p) => (
        <section key={p} class="group">
          <h3>{purposeName(chat, p)}</h3>
          <ul class="rows">
            {consents.choices
              .filter((c) => c.purpose === p)
              .map((c) => (
                <Row key={`${c.category}/${c.recipient}`} choice={c} chat={chat} consents={consents} />
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}

type RowProps = { choice: Choice; chat: ChatState; consents: Consents; simple?: boolean };

function Row({ choice, chat, consents, simple }: RowProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const [stopped, setStopped] = useState<ConsentChange[]>();
  const on = allows(choice);
  const label = simple ? fill(w.useFor, { mine: mine(chat, choice.category) }) : categoryName(chat, choice.category);
  const about = consents.labels?.categories?.[choice.category];
  const name = simple ? choice.category : `${choice.purpose}-${choice.category}-${choice.recipient}`;

  async function toggle() {
    setBusy(true);
    setProblem("");
    // The simple row stands for the category: off means off for every recipient
    // of its purpose, on means the company's own AI only.
    const off = simple ? allowing(chat, choice.purpose, choice.category) : [choice];
    const changes: ConsentChange[] = on
      ? off.map((c) => ({ purpose: c.purpose, category: c.category, recipient: c.recipient, granted: false }))
      : [{ purpose: choice.purpose, category: choice.category, recipient: choice.recipient, granted: true, duration: "standing" }];
    try {
      await change(changes);
      setStopped(on ? changes : undefined);
    } catch (e) {
      setProblem(e instanceof StaleNotice ? w.noticeChanged : explainChange(e));
    }
    setBusy(false);
  }

  return (
    <li class="choice">
      <div class="choice-line">
        <button type="button" role="switch" class="switch" aria-checked={on} aria-labelledby={`label-${name}`} data-testid={`switch-${name}`} disabled={busy} onClick={() => void toggle()} />
        <div>
          <p id={`label-${name}`}>{label}</p>
          <p class="quiet">
            {recipientName(chat, choice.recipient)}
            {on && choice.since && ` · ${fill(w.since, { date: day(choice.since, language) })}`}
            {on && choice.expires && ` · ${fill(w.expires, { date: day(choice.expires, language) })}`}
          </p>
        </div>
      </div>
      {stopped && !on && <Stopped changes={stopped} done={() => setStopped(undefined)} />}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {simple && (about?.description || about?.source_basis) && (
        <details>
          <summary>{fill(w.why, { brand: chat.brand })}</summary>
          <p class="quiet">{about.description}</p>
          <p class="quiet">{about.source_basis}</p>
        </details>
      )}
    </li>
  );
}
