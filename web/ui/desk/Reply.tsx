import { useState } from "preact/hooks";
import { act, setReply, type DeskState } from "./desk";

const longest = 4000;

/** The agent's answer. It stays in the box until it has been sent. */
export function Reply({ state }: { state: DeskState }) {
  const id = state.selected;
  const { text, key } = state.replies[id] ?? { text: "", key: "" };
  const [busy, setBusy] = useState(false);
  const tooLong = text.length > longest;

  async function send() {
    const message = text.trim();
    if (message === "" || busy || tooLong) return;
    setBusy(true);
    if (await act("messages", { text: message }, key)) setReply(id, "");
    setBusy(false);
  }

  return (
    <form
      class="reply"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <label class="hidden" for="reply">
        Your answer to the customer
      </label>
      <textarea
        id="reply"
        class="field"
        rows={3}
        data-testid="reply"
        placeholder="Your answer to the customer"
        value={text}
        readOnly={busy}
        onInput={(e) => setReply(id, e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return;
          e.preventDefault();
          void send();
        }}
      />
      <div class="reply-foot">
        <span class="quiet">{tooLong ? `${text.length - longest} characters too many` : "Ctrl + Enter sends"}</span>
        <button type="submit" class="button primary" data-testid="reply-send" disabled={busy || text.trim() === "" || tooLong}>
          {busy ? "Sending…" : "Send the answer"}
        </button>
      </div>
    </form>
  );
}
