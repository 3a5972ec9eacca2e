// The privacy panel: what the customer allows, what was done with it, what is
// held, and the rights that go with it; the proof of an answer and a complaint about
// one; and, in the demo, what was removed of an answer. A module of its own, see
// lazy.tsx.
import "../App"; // all that it shares with the chat is then in one file
import { useRef, useState } from "preact/hooks";
import type { PanelProps } from "../LazyPanel";
import type { ChatState } from "../state";
import { Choices } from "./Choices";
import { Complaint } from "./Complaint";
import { Held } from "./Held";
import { History } from "./History";
import { Proof } from "./Proof";
import { Rights } from "./Rights";
import { Uses } from "./Uses";
import { say } from "./words";

export { Removed } from "./Removed";
export { loadWords } from "./words";
export const edition = EDITION;

const sections = { choices: Choices, history: History, uses: Uses, held: Held, rights: Rights };
type Section = keyof typeof sections;

/** What a panel of the chat shows. */
export function Content({ panel, answer, chat, show, close }: PanelProps) {
  if (!answer) return <Privacy chat={chat} first={panel.about === "rights" ? "rights" : "choices"} />;
  return panel.name === "proof" ? <Proof answer={answer} chat={chat} /> : <Complaint answer={answer} chat={chat} show={show} close={close} />;
}

/** The panel's sections as tabs: the arrow keys go from one to the next. */
function Privacy({ chat, first }: { chat: ChatState; first: Section }) {
  const [shown, show] = useState(first);
  const list = useRef<HTMLDivElement>(null);
  const names = Object.keys(sections) as Section[];
  const Shown = sections[shown];

  function onKeyDown(e: KeyboardEvent) {
    const at = names.indexOf(shown);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[e.key];
    if (next === undefined) return;
    e.preventDefault();
    const to = (next + names.length) % names.length;
    show(names[to]!);
    (list.current!.children[to] as HTMLElement).focus();
  }

  return (
    <>
      <div class="tabs" role="tablist" aria-label={say.sections} ref={list} onKeyDown={onKeyDown}>
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-controls={`section-${name}`}
            aria-selected={name === shown}
            tabIndex={name === shown ? 0 : -1}
            data-testid={`tab-${name}`}
            onClick={() => show(name)}
          >
            {say.tabs[name]}
          </button>
        ))}
      </div>
      <div class="section" role="tabpanel" id={`section-${shown}`} aria-labelledby={`tab-${shown}`} data-testid={`section-${shown}`}>
        <Shown chat={chat} />
      </div>
    </>
  );
}
