import { useStore } from "../../shared/store";
import { placeIn, sample, step } from "./sample";

/** The way through a sample, above the answer that is open. */
export function SampleSteps({ answer }: { answer: string }) {
  const { kind, items } = useStore(sample);
  const place = placeIn(items, answer);
  if (!kind || place < 0) return null;
  return (
    <nav class="steps" aria-label="Sample">
      <p class="quiet" data-testid="sample-place">
        {place + 1} of {items.length} in this sample
      </p>
      <button type="button" class="button small" data-testid="sample-before" aria-keyshortcuts="Alt+ArrowUp" title="Alt and arrow up" disabled={place === 0} onClick={() => step(-1)}>
        Previous
      </button>
      <button
        type="button"
        class="button small"
        data-testid="sample-next"
        aria-keyshortcuts="Alt+ArrowDown"
        title="Alt and arrow down"
        disabled={place === items.length - 1}
        onClick={() => step(1)}
      >
        Next
      </button>
    </nav>
  );
}
