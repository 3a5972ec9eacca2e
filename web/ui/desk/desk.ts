// The desk: the queue, the conversation that is open, and what an agent does
// with it. Events only say that something changed; the truth is fetched again.
import { ApiError, uuid } from "../shared/api";
import { line, onBack } from "../shared/line";
import { stream } from "../shared/sse";
import { api, explain, troubled } from "../shared/staff";
import { Store } from "../shared/store";
import type { DeskConversation, Presence, Ticket } from "./types";

export type DeskState = {
  tickets?: Ticket[];
  queueProblem: string;
  /** The conversation in the address bar. */
  selected: string;
  conversation?: DeskConversation;
  conversationProblem: string;
  /** What went wrong with the last action. */
  problem: string;
  presence: Presence;
  presenceProblem: string;
  /** What is being written, by conversation. It stays until it was sent. */
  replies: Record<string, Reply>;
};

/** The key changes with the text only: sending a reply again never sends it twice. */
export type Reply = { text: string; key: string };

export const desk = new Store<DeskState>({
  queueProblem: "",
  selected: "",
  conversationProblem: "",
  problem: "",
  presence: "online",
  presenceProblem: "",
  replies: {},
});

// Presence runs out by itself, three of these later.
const heartbeat = 15_000;

/** Runs the desk until the returned function is called. */
export function openDesk(): () => void {
  const follow = () => select(location.hash.slice(1));
  addEventListener("hashchange", follow);
  follow();
  void loadQueue();
  void setPresence(desk.get().presence);
  const beat = setInterval(() => void setPresence(desk.get().presence), heartbeat);
  // Whatever happened while the line was down is read when it is back.
  const stop = stream("/api/desk/events", { onEvent: refresh, onUp: refresh });
  const stopBack = onBack(() => {
    if (passing) desk.set({ problem: "" }); // it can be done now
    refresh();
  });
  // Nobody could tell this page that the customer has stopped sharing.
  const stopLine = line.subscribe(() => {
    const { trouble, online } = line.get();
    const { conversation } = desk.get();
    if (!conversation) return;
    if (trouble || !online) desk.set({ conversation: blank(conversation) });
    else if (conversation.unchecked) void loadConversation();
  });
  return () => {
    stop();
    stopBack();
    stopLine();
    clearInterval(beat);
    removeEventListener("hashchange", follow);
  };
}

function refresh(): void {
  void loadQueue();
  if (desk.get().selected) void loadConversation();
}

export async function loadQueue(): Promise<void> {
  try {
    const { tickets } = await api.get<{ tickets: Ticket[] | null }>("/api/desk/queue");
    desk.set({ tickets: tickets ?? [], queueProblem: "" });
  } catch (e) {
    desk.set({ queueProblem: troubled(e) ? "" : explain(e) });
  }
}

function select(id: string): void {
  if (id === desk.get().selected) return;
  desk.set({ selected: id, conversation: undefined, conversationProblem: "", problem: "" });
  if (id) void loadConversation();
}

export async function loadConversation(): Promise<void> {
  const id = desk.get().selected;
  try {
    const conversation = await api.get<DeskConversation>(`/api/desk/conversations/${encodeURIComponent(id)}`);
    if (desk.get().selected === id) desk.set({ conversation, conversationProblem: "" });
  } catch (e) {
    if (desk.get().selected !== id) return;
    // The customer may have stopped sharing meanwhile: what they shared is not kept on trust.
    desk.set((d) => ({ conversation: d.conversation && blank(d.conversation), conversationProblem: troubled(e) ? "" : explain(e) }));
  }
}

/** The conversation without the customer's data. */
function blank(c: DeskConversation): DeskConversation {
  return {
    ...c,
    unchecked: true,
    shared: [],
    records: [],
    messages: (c.messages ?? []).map((m) => ({
      ...m,
      text: "",
      segments: (m.segments ?? []).map((s) => (s.category && !s.masked ? { ...s, text: "[not shown for now]", masked: true } : s)),
    })),
  };
}

// Whether the last action failed because of the line.
let passing = false;

export type Action = "claim" | "release" | "resolve" | "return" | "snooze" | "messages" | "ask-consent" | "flag";

/** Does something with the open conversation. Resolves to whether it was done. */
export async function act(action: Action, body: object = {}, key?: string): Promise<boolean> {
  const id = desk.get().selected;
  desk.set({ problem: "" });
  try {
    await api.post(`/api/desk/conversations/${encodeURIComponent(id)}/${action}`, body, key);
    refresh();
    return true;
  } catch (e) {
    passing = troubled(e);
    desk.set({ problem: explain(e) });
    // Somebody else was faster, or it is over: show how it stands now.
    if (e instanceof ApiError && [404, 409].includes(e.status)) refresh();
    return false;
  }
}

export function setReply(id: string, text: string): void {
  desk.set((d) => ({ replies: { ...d.replies, [id]: { text, key: uuid() } } }));
}

/** Says whether I am there. What is shown is what was confirmed last. */
export async function setPresence(presence: Presence): Promise<void> {
  try {
    await api.put("/api/desk/presence", { status: presence });
    desk.set({ presence, presenceProblem: "" });
  } catch (e) {
    if (e instanceof ApiError && e.part === "messages") desk.set({ presenceProblem: e.detail });
    else if (!troubled(e)) desk.set({ problem: explain(e) });
  }
}
