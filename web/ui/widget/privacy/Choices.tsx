import { useRef, useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import { agreed, type Choice, type Consents } from "../../shared/types";
import { loadConsents } from "../chat";
import { purposeName } from "../names";
import type { ChatState } from "../state";
import { w } from "../words";
import { CategoryRow } from "./CategoryRow";
import { Problem } from "./Problem";
import { TripleRow } from "./TripleRow";
import { say } from "./words";

/** What the customer allows: a row a category, or every single choice. */
export function Choices({ chat }: { chat: ChatState }) {
  const [detailed, setDetailed] = useState(false);
  const consents = chat.consents;
  return (
    <>
      {(consents?.gpc ?? chat.gpc) && (
        <p class="note gpc" data-testid="gpc">
          {fill(say.gpc, { brand: chat.brand })}
        </p>
      )}
      {!chat.known && <p>{say.visitor}</p>}
      {!consents && !chat.consentsFailed && <p class="quiet">{w.wait}</p>}
      {chat.consentsFailed && consents && (
        <p class="banner" role="status">
          {say.lastKnown}
        </p>
      )}
      {chat.consentsFailed && !consents && <Problem text={say.dataFailed} again={() => void loadConsents()} />}
      {chat.known && consents && (
        <>
          <p>{say.dataIntro}</p>
          <div class="views" role="group" aria-label={say.views}>
            <button type="button" class="button small" aria-pressed={!detailed} data-testid="view-simple" onClick={() => setDetailed(false)}>
              {say.simple}
            </button>
            <button type="button" class="button small" aria-pressed={detailed} data-testid="view-detailed" onClick={() => setDetailed(true)}>
              {say.detailed}
            </button>
          </div>
        </>
      )}
      {consents && <Rows chat={chat} choices={choicesOf(chat, consents)} detailed={detailed || !chat.known} />}
      {consents && choicesOf(chat, consents).length > 0 && (
        <section class="notice" data-testid="notice">
          <h3>{fill(w.notice, { version: consents.notice.version })}</h3>
          <p class="quiet pre">{consents.notice.text}</p>
        </section>
      )}
    </>
  );
}

/** A visitor has nothing but what they write here. */
function choicesOf(chat: ChatState, consents: Consents): Choice[] {
  return chat.known ? consents.choices : consents.choices.filter((c) => c.category === "conversation");
}

function Rows({ chat, choices, detailed }: { chat: ChatState; choices: Choice[]; detailed: boolean }) {
  if (choices.length === 0) return <p class="quiet">{say.noChoices}</p>;
  return detailed ? <Groups chat={chat} choices={choices} /> : <Simple chat={chat} choices={choices} />;
}

/** A row for each category that can be used for answers, and whatever else is allowed. */
function Simple({ chat, choices }: { chat: ChatState; choices: Choice[] }) {
  const rows = choices.filter((c) => c.purpose === "answers" && c.recipient === "brand_ai");
  const covered = (c: Choice) => c.purpose === "answers" && rows.some((r) => r.category === c.category);
  // What is stopped here keeps its row, which asks whether to delete.
  const seen = useRef(new Set<string>());
  const others = choices.filter((c) => {
    if (covered(c)) return false;
    const key = `${c.purpose}/${c.category}/${c.recipient}`;
    if (agreed(c)) seen.current.add(key);
    return seen.current.has(key);
  });
  return (
    <>
      <ul class="rows">
        {rows.map((c) => (
          <CategoryRow key={c.category} choice={c} chat={chat} />
        ))}
      </ul>
      <Groups chat={chat} choices={others} />
    </>
  );
}

/** Every choice by itself, by purpose. */
function Groups({ chat, choices }: { chat: ChatState; choices: Choice[] }) {
  const purposes = [...new Set(choices.map((c) => c.purpose))];
  return (
    <>
      {purposes.map((p) => (
        <section key={p} class="group">
          <h3 id={`purpose-${p}`}>{purposeName(chat, p)}</h3>
          <ul class="rows">
            {choices
              .filter((c) => c.purpose === p)
              .map((c) => (
                <TripleRow key={`${c.category}/${c.recipient}`} choice={c} chat={chat} />
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}
