import { useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { uuid } from "../shared/api";
import { act } from "./desk";
import type { FlagKind } from "./types";

const longest = 4000;

const kinds: Record<FlagKind, string> = {
  unsupported: "its source does not say this",
  wrong_source: "the wrong source",
  should_not_have_been_used: "data that should not have been used",
  tone: "the tone",
};

/** An agent says that an answer of the assistant is not right. Reviewers read it, its customer does not. */
export function Flag({ answer, flags }: { answer: string; flags: FlagKind[] }) {
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);

  function close() {
    setOpen(false);
    requestAnimationFrame(() => opener.current?.focus());
  }

  return (
    <div class="flag">
      {flags.length > 0 && (
        <p class="quiet" role="status" data-testid="flagged">
          Flagged: {flags.map((k) => kinds[k]).join(", ")}
        </p>
      )}
      {open ? (
        <Form answer={answer} close={close} />
      ) : (
        <button type="button" class="link" data-testid="flag" ref={opener} onClick={() => setOpen(true)}>
          {flags.length > 0 ? "Flag it once more" : "Flag this answer"}
        </button>
      )}
    </div>
  );
}

function Form({ answer, close }: { answer: string; close: () => void }) {
  const [kind, setKind] = useState<FlagKind>();
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();
  // Sent once more after the line broke, it is the same flag.
  const key = useMemo(uuid, [kind, note]);
  const first = useRef<HTMLSelectElement>(null);
  useLayoutEffect(() => {
    first.current!.focus();
    first.current!.form!.scrollIntoView({ block: "nearest" });
  }, []);

  async function send() {
    if (!kind || busy) return;
    setBusy(true);
    const said = note.trim();
    if (await act("flag", { answer_id: answer, kind, ...(said ? { note: said } : {}) }, key)) close();
    else setBusy(false);
  }

  return (
    <form
      class="flag-form"
      data-testid="flag-form"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
      onKeyDown={(e) => e.key === "Escape" && close()}
    >
      <label for={`${id}-kind`}>What is wrong with it?</label>
      <select
        id={`${id}-kind`}
        class="field"
        ref={first}
        data-testid="flag-kind"
        value={kind ?? ""}
        required
        onChange={(e) => setKind(e.currentTarget.value as FlagKind)}
      >
        <option value="" disabled>
          Choose
        </option>
        {Object.entries(kinds).map(([k, words]) => (
          <option key={k} value={k}>
            {words.charAt(0).toUpperCase() + words.slice(1)}
          </option>
        ))}
      </select>
      <label for={`${id}-note`}>Note for the reviewer, if you like</label>
      <textarea
        id={`${id}-note`}
        class="field"
        dir="auto"
        rows={2}
        maxLength={longest}
        data-testid="flag-note"
        value={note}
        onInput={(e) => setNote(e.currentTarget.value)}
      />
      <div class="actions">
        <button type="submit" class="button small" data-testid="flag-send" disabled={busy || !kind}>
          {busy ? "Flagging…" : "Flag the answer"}
        </button>
        <button type="button" class="button small" disabled={busy} onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}
