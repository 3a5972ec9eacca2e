import { useEffect, useState } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { Frame } from "../Frame";
import { useNow } from "../now";
import { incidentsPage } from "../pages";
import { may } from "../roles";
import { IncidentFilters } from "./IncidentFilters";
import { IncidentPanel } from "./IncidentPanel";
import { IncidentTable } from "./IncidentTable";
import { incidents } from "./incidents";
import { RecordPanel } from "./RecordPanel";

/** What went wrong, and by when whom to tell. */
export function IncidentsPage({ me }: { me: Me }) {
  const state = useStore(incidents.state);
  const now = useNow();
  // The citation log leads here with the answer that somebody was looking at.
  const [from] = useState(() => new URLSearchParams(location.search));
  const [recording, setRecording] = useState(from.has("answer") && may("recordIncident"));
  useEffect(incidents.open, []);
  const open = (id: string) => {
    setRecording(false);
    location.hash = id;
  };
  return (
    <Frame page={incidentsPage} me={me} one={recording || state.selected !== ""}>
      <main class="list">
        <IncidentFilters
          state={state}
          record={() => {
            location.hash = "";
            setRecording(true);
          }}
        />
        <IncidentTable state={state} now={now} />
      </main>
      {state.selected && <IncidentPanel key={state.selected} state={state} now={now} />}
      {recording && !state.selected && (
        <RecordPanel answer={from.get("answer") ?? ""} site={from.get("site") ?? ""} done={open} cancel={() => setRecording(false)} />
      )}
    </Frame>
  );
}
