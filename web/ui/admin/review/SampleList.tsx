import { useEffect } from "preact/hooks";
import { useStore } from "../../shared/store";
import { SampleTable } from "../EntryTable";
import type { Detail } from "../types";
import { leaveSample, sample, update, type SampleKind } from "./sample";
import { many } from "./words";

const titles: Record<SampleKind, string> = {
  random: "Random sample",
  low_score: "Lowest scores",
  complaint: "Complaints",
};

/** The answers of a sample, in place of the whole log. */
export function SampleList({ selected, detail }: { selected: string; detail?: Detail }) {
  const { kind, items } = useStore(sample);
  useEffect(() => {
    if (detail?.question) update(detail.id, { question: detail.question });
  }, [detail]);
  if (!kind) return null;
  const done = items.filter((e) => e.verdict).length;
  return (
    <>
      <section class="sample-head" aria-label="Sample">
        <h2>{titles[kind]}</h2>
        <p class="quiet" data-testid="sample-count">
          {many(items.length, "answer")}, {done} reviewed
        </p>
        <button type="button" class="button small" data-testid="sample-leave" onClick={leaveSample}>
          Back to the whole log
        </button>
      </section>
      {items.length === 0 ? (
        <div class="empty" data-testid="sample-empty">
          <p>There is nothing to review.</p>
          <p class="quiet">
            {kind === "complaint"
              ? "No answer with a complaint waits for a verdict."
              : "Samples are taken only from customers who agreed to help us improve, and of answers that nobody has reviewed yet."}
          </p>
        </div>
      ) : (
        <SampleTable items={items} selected={selected} />
      )}
    </>
  );
}
