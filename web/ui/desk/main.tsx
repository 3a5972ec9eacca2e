// The desk, where people take over.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { LineBanner } from "../shared/LineBanner";
import { StaffOnly } from "../shared/StaffOnly";
import { signOut, type Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { Conversation } from "./Conversation";
import { desk, openDesk, setPresence } from "./desk";
import { Queue } from "./Queue";
import type { Presence } from "./types";

function Desk({ me }: { me: Me }) {
  const state = useStore(desk);
  useEffect(openDesk, []);
  return (
    <div class={state.selected ? "desk one" : "desk"}>
      <header class="bar">
        <h1>Desk</h1>
        <label class="presence">
          <span class={`dot ${state.presence}`} aria-hidden="true" />
          <span class="name">{me.name}</span>
          <select
            class="field"
            aria-label="Your presence"
            data-testid="presence"
            value={state.presence}
            onChange={(e) => void setPresence(e.currentTarget.value as Presence)}
          >
            <option value="online">Online</option>
            <option value="busy">Busy</option>
            <option value="away">Away</option>
          </select>
        </label>
        <button type="button" class="button small" onClick={() => void signOut()}>
          Sign out
        </button>
      </header>
      <LineBanner writes also={state.presenceProblem} />
      <div class="desk-body">
        <Queue state={state} />
        <Conversation key={state.selected} state={state} me={me} />
      </div>
    </div>
  );
}

render(
  <StaffOnly title="The desk" about="Conversations that need a person come here." roles={["agent", "supervisor", "admin"]}>
    {(me) => <Desk me={me} />}
  </StaffOnly>,
  document.getElementById("app")!,
);
