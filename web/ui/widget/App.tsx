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
import { closeChat } from "./parent";
import { store } from "./state";
import { w } from "./words";
import { YourData } from "./YourData";

export type Panel = "data" | "person" | undefined;

export function App() {
  const chat = useStore(store);
  const [panel, setPanel] = useState<Panel>();
  const close = () => setPanel(undefined);
  return (
    <div class="chat" onKeyDown={(e) => e.key === "Escape" && !e.defaultPrevented && !panel && closeChat()}>
      <Header chat={chat} show={setPanel} />
      <main class="main">
        <Banner chat={chat} />
        {chat.phase === "ready" && (
          <>
            <Log chat={chat} askPerson={() => setPanel("person")} />
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
      {panel === "data" && <YourData chat={chat} close={close} />}
      {panel === "person" && <Handoff chat={chat} close={close} />}
      <p class="hidden" role="status">
        {chat.announcement}
      </p>
    </div>
  );
}
