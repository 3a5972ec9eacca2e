import { useEffect } from "preact/hooks";
import type { Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { DetailPanel } from "./DetailPanel";
import { EntryTable } from "./EntryTable";
import { FilterBar } from "./FilterBar";
import { Frame } from "./Frame";
import { log } from "./log";
import { citationLog } from "./pages";

/** The citation log: every answer, what it used, and under which consent. */
export function LogPage({ me }: { me: Me }) {
  const state = useStore(log.state);
  useEffect(log.open, []);
  return (
    <Frame page={citationLog} me={me} one={state.selected !== ""}>
      <main class="list">
        <FilterBar filters={state.filters} />
        <EntryTable state={state} />
      </main>
      {state.selected && <DetailPanel key={state.selected} state={state} />}
    </Frame>
  );
}
