import type { Model } from "./model";

/** Has a model that lies write the answers: what is kept of them is what the check lets through. */
export function MadeUp({ model, turn }: { model: Model; turn: (on: boolean) => void }) {
  return (
    <div class="made-up">
      <button
        type="button"
        class="switch"
        role="switch"
        id="made-up"
        data-testid="made-up"
        aria-checked={model.madeUp}
        aria-labelledby="made-up-label"
        aria-describedby="made-up-what"
        disabled={model.busy}
        onClick={() => turn(!model.madeUp)}
      />
      <div>
        <label id="made-up-label" for="made-up">
          Use an AI that makes things up
        </label>
        <p id="made-up-what" class="quiet">
          {model.madeUp
            ? "Answers are now written by a model that lies. Candor checks every sentence; under each answer you see what it removed and why."
            : "Answers are then written by a model that lies. Candor checks every sentence; you see what it removed and why."}
        </p>
        {model.problem && (
          <p class="problem" role="alert">
            {model.problem}
          </p>
        )}
      </div>
    </div>
  );
}
