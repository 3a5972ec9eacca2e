// The desk, where people take over.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { LineBanner } from "../shared/LineBanner";
import { StaffOnly } from "../shared/StaffOnly";
import type { Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { Bar } from "./Bar";
import { Conversation } from "./Conversation";
import { desk, openDesk } from "./desk";
import { keepFocus } from "./focus";
import { Help } from "./Help";
import { closed, panels } from "./panels";
import { Queue } from "./Queue";
import { Reserved } from "./Reservation";
import { listenForKeys } from "./shortcuts";

function Desk({ me }: { me: Me }) {
  const state = useStore(desk);
  const { help } = useStore(panels);
  useEffect(openDesk, []);
  useEffect(listenForKeys, []);
  useEffect(keepFocus, []);
  // What is open in front of one conversation is not about the next.
  useEffect(() => panels.set(closed), [state.selected]);
  return (
    <div class={state.selected ? "desk one" : "desk"}>
      <Bar state={state} me={me} help={() => panels.set({ help: true })} />
      <LineBanner writes also={state.presenceProblem} />
      <Reserved state={state} />
      <p class={state.done ? "done" : "hidden"} role="status" data-testid="done">
        {state.done}
      </p>
      <div class="desk-body">
        <Queue state={state} />
        <Conversation state={state} me={me} />
      </div>
      {help && <Help close={() => panels.set({ help: false })} />}
    </div>
  );
}

render(
  <StaffOnly title="The desk" about="Conversations that need a person come here." roles={["agent", "supervisor"]}>
    {(me) => <Desk key={me.id} me={me} />}
  </StaffOnly>,
  document.getElementById("app")!,
);
