// The admin's citation log: every answer, what it used, and under which consent.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { LineBanner } from "../shared/LineBanner";
import { StaffOnly } from "../shared/StaffOnly";
import { signOut, type Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { DetailPanel } from "./DetailPanel";
import { EntryTable } from "./EntryTable";
import { FilterBar } from "./FilterBar";
import { log, openLog } from "./log";

function Admin({ me }: { me: Me }) {
  const state = useStore(log);
  useEffect(openLog, []);
  return (
    <div class={state.selected ? "admin one" : "admin"}>
      <header class="bar">
        <h1>Citation log</h1>
        <p class="quiet">{me.name}</p>
        <button type="button" class="button small" onClick={() => void signOut()}>
          Sign out
        </button>
      </header>
      <LineBanner />
      <div class="admin-body">
        <main class="list">
          <FilterBar filters={state.filters} />
          <EntryTable state={state} />
        </main>
        {state.selected && <DetailPanel key={state.selected} state={state} />}
      </div>
    </div>
  );
}

const roles = ["admin", "reviewer", "privacy", "auditor"];

render(
  <StaffOnly title="Citation log" about="Every answer, what it used, and under which consent." roles={roles}>
    {(me) => <Admin me={me} />}
  </StaffOnly>,
  document.getElementById("app")!,
);
