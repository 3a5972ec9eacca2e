import type { Verification } from "../shared/types";

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

/** What the check of the sentences did, and the sentences that nobody was shown. */
export function Removed({ checks }: { checks: Verification }) {
  const sentences = checks.removed ?? [];
  return (
    <section data-testid="removed">
      <h3>Checked</h3>
      <p class="quiet">{counts(checks)}</p>
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
  const n = (many: number) => `${many} ${many === 1 ? "sentence" : "sentences"}`;
  if (checked === 0) return "No sentence stated a fact.";
  return `${n(checked)} checked: ${released} released, ${dropped} removed.`;
}
