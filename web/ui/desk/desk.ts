// The desk: the queue, the conversation that is open, and what an agent does
// with it. Events only say that something changed; the truth is fetched again.
import { ApiError } from "../shared/api";
import { stream } from "../shared/sse";
import { api, explain } from "../shared/staff";
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
  live: boolean;
};

export const desk = new Store<DeskState>({
  queueProblem: "",
  selected: "",
  conversationProblem: "",
  problem: "",
  presence: "online",
  live: true,
});

/** Runs the desk until the returned function is called. */
export function openDesk(): () => void {
  const follow = () => select(location.hash.slice(1));
  addEventListener("hashchange", follow);
  follow();
  void loadQueue();
  void setPresence("online");
  const stop = stream("/api/desk/events", {
    onEvent: refresh,
    onLive: (live) => {
      desk.set({ live });
      // Whatever happened while the line was down is in here.
      if (live) refresh();
    },
  });
  return () => {
    stop();
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
    desk.set({ queueProblem: explain(e) });
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
    if (desk.get().selected === id) desk.set({ conversationProblem: explain(e) });
  }
}

export type Action = "claim" | "release" | "resolve" | "return" | "snooze" | "messages";

/** Does something with the open conversation. Resolves to whether it was done. */
export async function act(action: Action, body: object = {}, key?: string): Promise<boolean> {
  const id = desk.get().selected;
  desk.set({ problem: "" });
  try {
    await api.post(`/api/desk/conversations/${encodeURIComponent(id)}/${action}`, body, key);
    refresh();
    return true;
  } catch (e) {
    desk.set({ problem: explain(e) });
    // Somebody else was faster, or it is over: show how it stands now.
    if (e instanceof ApiError && [404, 409].includes(e.status)) refresh();
    return false;
  }
}

export async function setPresence(presence: Presence): Promise<void> {
  const before = desk.get().presence;
  desk.set({ presence });
  try {
    await api.put("/api/desk/presence", { status: presence });
  } catch (e) {
    desk.set({ presence: before, problem: explain(e) });
  }
}
