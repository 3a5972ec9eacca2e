import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Send } from "../shared/icons";
import { fill, plural } from "../shared/i18n";
import { longest } from "./chat";
import { send } from "./outbox";
import { store, withPerson, type ChatState } from "./state";
import { keepUnsent, typed } from "./unsent";
import { language, w } from "./words";

const near = 400; // from this many characters before the limit on, it is counted down

export function Composer({ chat }: { chat: ChatState }) {
  const [text, show] = useState(typed);
  const box = useRef<HTMLTextAreaElement>(null);
  // Characters as people count them, not UTF-16 units.
  const left = longest - (text.length > longest - near ? [...text].length : text.length);
  const label = chat.assignee ? fill(w.composeToPerson, { name: chat.assignee }) : withPerson(chat) ? w.composeToTeam : w.compose;

  useLayoutEffect(() => {
    // Grows with what is written; the sheet sets how far.
    const e = box.current!;
    e.rows = 1;
    const line = parseFloat(getComputedStyle(e).lineHeight) || 24;
    e.rows = Math.max(1, Math.min(5, Math.round((e.scrollHeight - 16) / line)));
  }, [text]);

  useEffect(() => {
    // Ready to type where that does not bring up a keyboard over the chat.
    if (matchMedia("(pointer: fine)").matches) box.current!.focus();
  }, []);

  function setText(typed: string) {
    show(typed);
    keepUnsent({ typed });
  }

  const { attached, slots } = chat;
  const message = text.trim();
  const unfit = (message === "" && attached.length === 0) || left < 0 || attached.some((f) => f.problem);

  function submit() {
    if (unfit) return;
    setText("");
    box.current?.focus();
    store.set({ attached: [] });
    send(message, attached);
  }

  return (
    <form
      class="composer"
      onSubmit={(e) => {
        e.preventDefault();
        submit();
      }}
    >
      <label class="hidden" for="composer">
        {label}
      </label>
      {slots && <slots.Attach chat={chat} text={text} box={box} />}
      <textarea
        dir="auto"
        id="composer"
        class="field"
        data-testid="composer"
        ref={box}
        rows={1}
        placeholder={label}
        value={text}
        aria-describedby={left < near ? "count" : undefined}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          // While an input method composes, Enter belongs to it.
          if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
          e.preventDefault();
          submit();
        }}
      />
      <button type="submit" class="button primary" data-testid="send" aria-label={w.send} disabled={unfit}>
        <Send />
      </button>
      {left < near && (
        <p id="count" class={left < 0 ? "count over" : "count"}>
          {left < 0 ? plural(language, -left, w.tooLong) : plural(language, left, w.left)}
        </p>
      )}
    </form>
  );
}
