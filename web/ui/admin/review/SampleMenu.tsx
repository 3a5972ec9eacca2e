import { useState } from "preact/hooks";
import { useStore } from "../../shared/store";
import { Menu } from "../Menu";
import { sample, sampleKinds, takeSample, type SampleKind } from "./sample";

const labels: Record<SampleKind, string> = {
  random: "Any answers, at random",
  low_score: "Those whose sources support them least",
  complaint: "Those that customers complained about",
};

/** Takes a sample to review. */
export function SampleMenu() {
  const { taking, problem } = useStore(sample);
  const [kind, setKind] = useState<SampleKind>("random");
  const [n, setN] = useState(20);
  return (
    <Menu label="Take a sample" testid="sample-menu" narrow>
      <form
        class="menu-form"
        onSubmit={(e) => {
          e.preventDefault();
          void takeSample(kind, n);
        }}
      >
        <fieldset class="outcomes">
          <legend>Of answers that nobody has reviewed</legend>
          {sampleKinds.map((k) => (
            <label key={k} class="check">
              <input type="radio" name="sample-kind" data-testid={`sample-${k}`} checked={kind === k} onChange={() => setKind(k)} />
              {labels[k]}
            </label>
          ))}
        </fieldset>
        <label class="filter">
          How many
          <input
            class="field"
            type="number"
            min={1}
            max={100}
            required
            data-testid="sample-n"
            value={n}
            onInput={(e) => setN(e.currentTarget.valueAsNumber || 1)}
          />
        </label>
        <p class="quiet">They are opened one by one, {kind === "complaint" ? "for a complaint" : "as a quality sample"}.</p>
        {problem && (
          <p class="problem" role="alert" data-testid="sample-problem">
            {problem}
          </p>
        )}
        <button type="submit" class="button" data-testid="sample-take" disabled={taking}>
          {taking ? "Taking it…" : "Take it"}
        </button>
      </form>
    </Menu>
  );
}
