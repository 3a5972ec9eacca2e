import { useState } from "preact/hooks";
import { useStore } from "../shared/store";
import { tryNow } from "../shared/line";
import { Banner } from "./Banner";
import { startAgain } from "./chat";
import { Composer } from "./Composer";
import { Handoff } from "./Handoff";
import { Header } from "./Header";
import { Log } from "./Log";
import { reason } from "./explain";
import { LazyPanel } from "./LazyPanel";
import { closeChat } from "./parent";
import { store } from "./state";
import { w } from "./words";

/** What lies over the chat, and what it is about: a section of the data, or an answer. */
export type Panel = { name: "yourData" | "person" | "proof" | "wrong"; about?: string };
export type Show = (name: Panel["name"], about?: string) => void;

export function App() {
  const chat = useStore(store);
  const [panel, setPanel] = useState<Panel>();
  const show: Show = (name, about) => setPanel({ name, about });
  const close = () => setPanel(undefined);
  // When somebody else comes, the answer is gone, and what is said of it.
  const answer = chat.answers[panel?.about ?? ""]?.whole;
  return (
    <div class="chat" onKeyDown={(e) => e.key === "Escape" && !e.defaultPrevented && !panel && closeChat()}>
      <Header chat={chat} show={show} />
      <main class="main">
        <Banner chat={chat} />
        {chat.phase === "ready" && (
          <>
            <Log chat={chat} show={show} />
            <Composer chat={chat} />
          </>
        )}
        {chat.phase === "loading" && !chat.stuck && <p class="whole quiet">{w.loading}</p>}
        {chat.phase === "loading" && chat.stuck && (
          <div class="whole" role="status" data-testid="waiting">
            <p>
              {reason(chat.stuck)} {w.opensSoon}
            </p>
            <button type="button" class="button" onClick={tryNow}>
              {w.sendNow}
            </button>
          </div>
        )}
        {chat.phase === "failed" && (
          <div class="whole" role="alert">
            <p>{chat.problem}</p>
            <button type="button" class="button" onClick={startAgain}>
              {w.again}
            </button>
          </div>
        )}
      </main>
      {panel?.name === "person" && <Handoff chat={chat} close={close} />}
      {panel && (answer || panel.name === "yourData") && (
        <LazyPanel key={panel.name} panel={panel} answer={answer} chat={chat} show={show} close={close} />
      )}
      <p class="hidden" role="status">
        {chat.announcement}
      </p>
    </div>
  );
}
