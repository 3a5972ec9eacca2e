import { useRef, useState } from "preact/hooks";
import { uuid } from "../shared/api";
import { act } from "./desk";

const longest = 4000;

/** The agent's answer. It stays in the box until it has been sent. */
export function Reply() {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const key = useRef(uuid());
  const tooLong = text.length > longest;

  async function send() {
    const message = text.trim();
    if (message === "" || busy || tooLong) return;
    setBusy(true);
    // The key changes only with the text: pressing again after a failure cannot
    // send the same reply twice.
    if (await act("messages", { text: message }, key.current)) {
      setText("");
      key.current = uuid();
    }
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
        onInput={(e) => {
          setText(e.currentTarget.value);
          key.current = uuid();
        }}
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
