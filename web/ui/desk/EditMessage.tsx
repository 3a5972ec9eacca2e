import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { edit } from "./desk";
import type { DeskMessage } from "./types";

/** What I have just sent, with its mistake put right. */
export function EditMessage({ message: m, close }: { message: DeskMessage; close: () => void }) {
  const [text, setText] = useState(m.text);
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    box.current!.focus();
    box.current!.form!.scrollIntoView({ block: "nearest" });
  }, []);
  async function save() {
    const words = text.trim();
    if (busy || words === "") return;
    setBusy(true);
    if (words === m.text || (await edit(m.id, words))) close();
    else setBusy(false);
  }
  return (
    <form
      class="edit"
      onSubmit={(e) => {
        e.preventDefault();
        void save();
      }}
      onKeyDown={(e) => {
        if (e.key === "Escape") close();
        if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void save();
      }}
    >
      <textarea
        class="field"
        dir="auto"
        rows={3}
        aria-label="Your message"
        data-testid="edit-text"
        ref={box}
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
      />
      <div class="actions">
        <button type="submit" class="button small" data-testid="edit-save" disabled={busy || text.trim() === ""}>
          {busy ? "Saving…" : "Save"}
        </button>
        <button type="button" class="button small" disabled={busy} onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}
