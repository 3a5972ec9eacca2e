// Single keys for what an agent does all day. They can be turned off, and never
// reach what ends a conversation: that has a button.
import { act, desk, kept, owned, step } from "./desk";
import { setNoting } from "./drafts";
import { panels } from "./panels";
import { groups } from "./Queue";
import { settings } from "./settings";
import { suggest } from "./suggestions";

type Shortcut = { keys: string[]; what: string; run: () => void };

const selected = () => desk.get().selected;
const mine = () => owned(desk.get().conversation);

export const shortcuts: Shortcut[] = [
  { keys: ["j"], what: "The next conversation", run: () => step(listed(), 1) },
  { keys: ["k"], what: "The one before", run: () => step(listed(), -1) },
  { keys: ["t"], what: "Take what is reserved for you, or what is open", run: () => void take() },
  { keys: ["p"], what: "Let pass what is reserved for you", run: () => void pass() },
  { keys: ["r"], what: "Write an answer", run: () => mine() && write(false) },
  { keys: ["n"], what: "Write an internal note", run: () => desk.get().conversation && write(true) },
  { keys: ["s"], what: "Suggest an answer", run: () => mine() && void suggest(selected()) },
  { keys: ["/"], what: "Choose a ready reply", run: () => mine() && ready() },
  { keys: ["f"], what: "Search what the company knows", run: () => desk.get().conversation && panels.set({ knowledge: true }) },
  { keys: ["m"], what: "Transfer the conversation", run: () => mine() && panels.set({ transfer: true }) },
  { keys: ["?"], what: "Show this", run: () => panels.set({ help: true }) },
];

/** Listens for the keys until the returned function is called. */
export function listenForKeys(): () => void {
  let written: Element | undefined; // in this field, last
  let at = 0;
  const onKey = (e: KeyboardEvent) => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || !settings.get().shortcuts) return;
    if (e.target instanceof Element && e.target.closest("input, textarea, select, dialog, [popover]")) {
      if (e.key.length === 1 && e.target.matches("input, textarea")) [written, at] = [e.target, e.timeStamp];
      return;
    }
    // A field that has gone while somebody types, as when a colleague takes the
    // conversation: what they go on typing is no command.
    if (written && !written.isConnected && e.timeStamp - at < 1000) {
      at = e.timeStamp;
      return;
    }
    const found = shortcuts.find((s) => s.keys.includes(e.key));
    if (!found) return;
    e.preventDefault();
    found.run();
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}

const listed = () => groups(desk.get()).flatMap((g) => g.tickets);

function write(note: boolean): void {
  setNoting(selected(), note);
  requestAnimationFrame(() => document.getElementById(note ? "note" : "reply")?.focus());
}

function ready(): void {
  setNoting(selected(), false);
  panels.set({ canned: true });
}

async function take(): Promise<void> {
  const first = kept(desk.get())[0]?.conversation_id;
  const { conversation: c } = desk.get();
  const id = first ?? (c && c.state === "open" && !c.ticket?.assignee ? c.id : "");
  if (id && (await act("claim", {}, undefined, id))) location.hash = id;
}

async function pass(): Promise<void> {
  const first = kept(desk.get())[0];
  if (first) await act("pass", {}, undefined, first.conversation_id);
}
