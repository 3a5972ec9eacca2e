import type { Verification } from "../shared/types";
import { many } from "./review/words";
import type { Spent } from "./types";

// Why a sentence was not released, for reviewers. The keys are the server's.
const removed: Record<string, string> = {
  no_citation: "Names no source",
  unknown_source: "Names a source that this search did not find",
  quote: "What it quotes is not in its source",
  value: "A value in it is not in its source",
  contradiction: "Its source says the opposite",
  unsupported: "Its source does not say this",
  instruction: "An instruction to the assistant, not an answer",
  link: "A link in it is not in its source",
  leak: "Gives away text that belongs elsewhere",
};

/** What the check of the sentences did, the sentences that nobody was shown, and what the answer took. */
export function Removed({ checks, spent }: { checks: Verification; spent?: Spent | null }) {
  const sentences = checks.removed ?? [];
  return (
    <section data-testid="removed">
      <h3>Checked</h3>
      <p class="quiet">{counts(checks)}</p>
      {Boolean(spent?.took_ms) && (
        <p class="quiet" data-testid="spent">
          {took(spent!)}
        </p>
      )}
      {sentences.length > 0 && (
        <ul class="removed">
          {sentences.map((s, i) => (
            <li key={i}>
              <del>{s.text}</del>
              <p class="quiet">{removed[s.reason] ?? s.reason}</p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function counts({ checked, released, dropped }: Verification): string {
  if (checked === 0) return "No sentence stated a fact.";
  return `${many(checked, "sentence")} checked: ${released} released, ${dropped} removed.`;
}

function took({ first_ms, took_ms, tokens }: Spent): string {
  const seconds = (ms: number) => `${(ms / 1000).toLocaleString(navigator.language, { minimumFractionDigits: 1, maximumFractionDigits: ms < 100 ? 3 : 1 })} s`;
  const parts = [`Written in ${seconds(took_ms)}`];
  if (first_ms) parts.push(`the first sentence after ${seconds(first_ms)}`);
  parts.push(tokens ? `${tokens.toLocaleString(navigator.language)} tokens of language models` : "no language model");
  return `${parts.join(", ")}.`;
}
