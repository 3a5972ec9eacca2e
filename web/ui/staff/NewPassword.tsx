import { useState } from "preact/hooks";

type Props = {
  /** Saves the password, and returns what is wrong with it. */
  save: (password: string) => Promise<string>;
};

/** The form in which a password is chosen: typed once, and shown if that helps. */
export function NewPassword({ save }: Props) {
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <form
      onSubmit={async (e) => {
        e.preventDefault();
        setBusy(true);
        setProblem(await save(password));
        setBusy(false);
      }}
    >
      <h1>Choose a password</h1>
      <label>
        New password
        <input
          class="field"
          type={shown ? "text" : "password"}
          autocomplete="new-password"
          autocapitalize="none"
          spellcheck={false}
          required
          minLength={12}
          aria-describedby="rules"
          aria-invalid={problem !== ""}
          data-testid="new-password"
          value={password}
          onInput={(e) => setPassword(e.currentTarget.value)}
        />
      </label>
      <p id="rules" class="quiet">
        At least 12 characters. A few words that don't belong together are easy to remember and hard to guess.
      </p>
      <label class="show">
        <input type="checkbox" checked={shown} onChange={(e) => setShown(e.currentTarget.checked)} />
        Show it
      </label>
      {problem && (
        <p class="problem" role="alert" data-testid="password-problem">
          {problem}
        </p>
      )}
      <button type="submit" class="button primary" data-testid="password-submit" disabled={busy}>
        {busy ? "Saving…" : "Set this password"}
      </button>
    </form>
  );
}
