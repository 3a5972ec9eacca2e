import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "../../shared/api";
import { useStore } from "../../shared/store";
import type { Message } from "../../shared/types";
import { longest } from "../chat";
import { explain } from "../explain";
import { inConversation } from "../outbox";
import { api } from "../session";
import { store, withPerson, type ChatState } from "../state";
import { Shown } from "./Files";
import { standing } from "./state";
import { say } from "./words";
import { Wrong } from "./Wrong";

type Props = { message: Message; chat: ChatState };

const byPerson = (m: Message) => m.from === "agent";

/** Where what is new begins. */
export function Before({ message, chat }: Props) {
  const { read, last } = useStore(standing);
  const first = chat.messages.find((m) => byPerson(m) && m.seq > read && m.seq <= last);
  // Who has written since has seen it.
  const written = chat.messages.some((m) => m.from === "customer" && m.seq > last);
  return message === first && !written ? <New /> : null;
}

function New() {
  const line = useRef<HTMLParagraphElement>(null);
  useEffect(() => line.current!.scrollIntoView({ block: "nearest" }), []);
  return (
    <p class="new" role="separator" aria-label={say.newMessages} data-testid="new" ref={line}>
      <span>{say.newMessages}</span>
    </p>
  );
}

/** A message's words, or the field in which they are changed, and its files. */
export function Body({ message: m }: Props) {
  const { editing } = useStore(standing);
  if (editing === m.id) return <Editor message={m} />;
  return (
    <>
      {m.text && <p class="bubble" dir="auto">{m.text}</p>}
      {m.attachments && m.attachments.length > 0 && <Shown files={m.attachments} />}
    </>
  );
}

/** What is said of a message beside its time. */
export function Marks({ message: m, chat }: Props): VNode | null {
  const { editing } = useStore(standing);
  const mine = m.from === "customer";
  const seen = mine && m === chat.messages.filter((x) => x.from === "customer" && x.seq <= (chat.read?.desk ?? 0)).at(-1);
  const open = useMinute(m.at) && mine && withPerson(chat) && !answered(chat, m) && m.text !== "" && editing !== m.id;
  return (
    <>
      {m.edited && <span data-testid="edited">{say.edited}</span>}
      {seen && <span data-testid="seen">{say.seen}</span>}
      {open && (
        <button type="button" class="link" data-testid="edit" data-edit={m.id} onClick={() => standing.set({ editing: m.id })}>
          {say.edit}
        </button>
      )}
    </>
  );
}

/** Whether somebody has answered since, who read it as it was. */
const answered = (chat: ChatState, m: Message) => chat.messages.some((x) => x.seq > m.seq && (x.from === "agent" || x.from === "assistant"));

const minute = 60_000;

/** Whether less than a minute has passed since. */
function useMinute(at: string): boolean {
  const [left, setLeft] = useState(() => minute - (serverNow() - Date.parse(at)));
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(0), left);
    return () => clearTimeout(timer);
  }, []);
  return left > 0;
}

function Editor({ message }: { message: Message }) {
  const [text, setText] = useState(message.text);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const id = `edit-${message.id}`;
  useEffect(() => field.current!.focus(), []);

  function close() {
    standing.set({ editing: undefined });
    // The button is there again, unless its minute is over.
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-edit="${CSS.escape(message.id)}"], #composer`)?.focus());
  }

  async function save() {
    const words = text.trim();
    if (busy || words === "" || [...words].length > longest) return;
    if (words === message.text) return close();
    setBusy(true);
    setProblem("");
    try {
      const done = await inConversation((path) =>
        api.patch<{ text: string; at: string; masked?: string[] }>(`${path}/messages/${message.id}`, { text: words }),
      );
      store.set((v) => ({
        messages: v.messages.map((m) => (m.id === message.id ? { ...m, text: done.text, masked: done.masked, edited: done.at } : m)),
      }));
      close();
    } catch (e) {
      setProblem(explain(e));
      setBusy(false);
    }
  }

  return (
    <form
      class="form editor"
      data-testid="editor"
      onSubmit={(e) => {
        e.preventDefault();
        void save();
      }}
      onKeyDown={(e) => {
        if (e.key === "Enter" && !e.shiftKey && !e.isComposing && e.target === field.current) {
          e.preventDefault();
          void save();
        }
        if (e.key !== "Escape") return;
        e.preventDefault(); // Escape ends the change, not the chat
        close();
      }}
    >
      <label class="hidden" for={id}>
        {say.editLabel}
      </label>
      <textarea id={id} dir="auto" class="field" rows={3} ref={field} value={text} onInput={(e) => setText(e.currentTarget.value)} />
      <div class="choices">
        <button type="submit" class="button small" data-testid="edit-save" disabled={busy || text.trim() === ""}>
          {say.save}
        </button>
        <button type="button" class="button small" disabled={busy} onClick={close}>
          {say.cancel}
        </button>
      </div>
      <Wrong text={problem} />
    </form>
  );
}
