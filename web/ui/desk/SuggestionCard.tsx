import { useMemo, useState } from "preact/hooks";
import { uuid } from "../shared/api";
import { Lock } from "../shared/icons";
import { plain } from "../shared/plain";
import { inWords } from "../shared/vocabulary";
import { act } from "./desk";
import { editSuggestion, mayShow, needs } from "./drafts";
import { recordAnchor, show } from "./show";
import { dismiss, suggest, type Suggested } from "./suggestions";
import type { DeskConversation, SuggestedSentence, Suggestion } from "./types";

/** An answer that was drafted for the agent, with where each sentence is from. */
export function SuggestionCard({ conversation: c, suggested: s }: { conversation: DeskConversation; suggested: Suggested }) {
  return (
    <section class="card suggestion" aria-label="Suggested answer" data-testid="suggestion">
      {s.busy && <p role="status">Drafting an answer…</p>}
      {s.problem && (
        <p class="problem" role="alert">
          {s.problem}
        </p>
      )}
      {s.value && !mayShow(needs(s.value), c) && (
        <p class="quiet">
          <Lock /> The suggestion is hidden while it can't be checked what is shared.
        </p>
      )}
      {s.value && mayShow(needs(s.value), c) ? (
        <Draft conversation={c} suggestion={s.value} />
      ) : (
        <div class="actions">
          <button type="button" class="button small" data-testid="suggestion-dismiss" onClick={() => dismiss(c.id)}>
            {s.busy ? "Stop" : "Dismiss"}
          </button>
        </div>
      )}
    </section>
  );
}

function Draft({ conversation: c, suggestion: s }: { conversation: DeskConversation; suggestion: Suggestion }) {
  const [busy, setBusy] = useState(false);
  const [instruction, setInstruction] = useState("");
  // Sent once more after the line broke, it is the same message.
  const key = useMemo(uuid, [s.id]);
  const missing = s.not_shared ?? [];
  async function use() {
    setBusy(true);
    if (await act("messages", { text: s.text, suggestion: s.id }, key)) dismiss(c.id);
    else setBusy(false);
  }
  return (
    <>
      <h3>
        Suggested answer {s.text && <span class="tag">drafted {s.model && s.model !== "extractive" ? `by ${s.model}` : "with AI"}</span>}
      </h3>
      {s.note && <p class="quiet">{s.note}</p>}
      <div class="suggestion-text">
        {(s.sentences ?? []).map((x, i) => (
          <SentenceView key={i} sentence={x} suggestion={s} />
        ))}
      </div>
      {missing.length > 0 && (
        <p class="quiet">
          The assistant may not use: {missing.map(inWords).join(", ")}.
        </p>
      )}
      <div class="actions">
        {s.text && (
          <>
            <button type="button" class="button small primary" data-testid="suggestion-use" disabled={busy} title="Sends it as it is" onClick={() => void use()}>
              Use
            </button>
            <button
              type="button"
              class="button small"
              data-testid="suggestion-edit"
              disabled={busy}
              onClick={() => {
                editSuggestion(c.id, s);
                dismiss(c.id);
                requestAnimationFrame(() => document.getElementById("reply")?.focus());
              }}
            >
              Edit
            </button>
          </>
        )}
        <button type="button" class="button small" data-testid="suggestion-dismiss" disabled={busy} onClick={() => dismiss(c.id)}>
          Dismiss
        </button>
        <form
          class="instruct"
          onSubmit={(e) => {
            e.preventDefault();
            void suggest(c.id, instruction.trim());
          }}
        >
          <input
            class="field"
            aria-label="What to change"
            dir="auto"
            placeholder="Shorter, ask for the order number…"
            maxLength={400}
            value={instruction}
            onInput={(e) => setInstruction(e.currentTarget.value)}
          />
          <button type="submit" class="button small" disabled={busy}>
            Again
          </button>
        </form>
      </div>
      {s.text && <p class="quiet">Use sends it as it is, marked as written with AI.</p>}
    </>
  );
}

function SentenceView({ sentence: x, suggestion }: { sentence: SuggestedSentence; suggestion: Suggestion }) {
  const [open, setOpen] = useState("");
  const cited = [...new Map((x.citations ?? []).map((c) => [c.record_id, c])).values()];
  const quoted = cited.find((c) => c.record_id === open);
  const used = (id: string) => suggestion.used?.find((u) => u.record_id === id);
  return (
    <p class={x.internal ? "internal" : ""} dir="auto" data-testid={x.internal ? "internal-sentence" : "suggested-sentence"}>
      {x.internal && <span class="tag">Internal, not sent</span>} {x.text}{" "}
      {cited.map((c) => {
        const source = used(c.record_id);
        const personal = source && source.category !== "knowledge";
        return (
          <button
            type="button"
            key={c.record_id}
            class={personal ? "chip personal" : "chip"}
            title={source?.title}
            data-testid="suggestion-source"
            aria-expanded={open === c.record_id}
            onClick={() => setOpen(open === c.record_id ? "" : c.record_id)}
          >
            {source?.title || "Source"}
          </button>
        );
      })}
      {quoted && (
        <span class="quote">
          <q>{plain(quoted.quote)}</q>{" "}
          {document.getElementById(recordAnchor(quoted.record_id)) && (
            <button type="button" class="link" onClick={() => show({ record: quoted.record_id })}>
              Show the record
            </button>
          )}
        </span>
      )}
    </p>
  );
}
