import { useEffect } from "preact/hooks";
import type { Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { DetailPanel } from "./DetailPanel";
import { EntryTable } from "./EntryTable";
import { FilterBar } from "./FilterBar";
import { Frame } from "./Frame";
import { log } from "./log";
import { citationLog } from "./pages";
import { reason } from "./reason";
import { useSampleKeys } from "./review/keys";
import { ReasonBar } from "./review/ReasonBar";
import { readReviewers } from "./review/reviewers";
import { dropSample, sample } from "./review/sample";
import { SampleList } from "./review/SampleList";

/** The citation log: every answer, what it used, and under which consent. */
export function LogPage({ me }: { me: Me }) {
  const state = useStore(log.state);
  const { kind } = useStore(sample);
  useEffect(log.open, []);
  // What was opened for one reason is not shown for another. What nobody sees is not opened.
  useEffect(() => reason.subscribe(() => log.again(!sample.get().kind)), []);
  useEffect(() => void readReviewers(), []);
  useEffect(() => dropSample, []);
  useSampleKeys();
  return (
    <Frame page={citationLog} me={me} one={state.selected !== ""}>
      <main class="list">
        <ReasonBar />
        {kind ? (
          <SampleList selected={state.selected} detail={state.detail} />
        ) : (
          <>
            <FilterBar filters={state.filters} me={me} />
            <EntryTable state={state} />
          </>
        )}
      </main>
      {state.selected && <DetailPanel key={state.selected} state={state} me={me} />}
    </Frame>
  );
}
