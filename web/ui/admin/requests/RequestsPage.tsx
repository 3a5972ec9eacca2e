import { useEffect } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { Frame } from "../Frame";
import { useNow } from "../now";
import { requestsPage } from "../pages";
import { RequestFilters } from "./RequestFilters";
import { RequestPanel } from "./RequestPanel";
import { RequestTable } from "./RequestTable";
import { requests } from "./requests";

/** What customers ask about their data, the most urgent first. */
export function RequestsPage({ me }: { me: Me }) {
  const state = useStore(requests.state);
  const now = useNow();
  useEffect(requests.open, []);
  return (
    <Frame page={requestsPage} me={me} one={state.selected !== ""}>
      <main class="list">
        <RequestFilters state={state} />
        <RequestTable state={state} now={now} />
      </main>
      {state.selected && <RequestPanel key={state.selected} state={state} now={now} />}
    </Frame>
  );
}
