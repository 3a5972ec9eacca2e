// Who waits and who serves at this moment.
import { serverNow } from "../../shared/api";
import { onBack } from "../../shared/line";
import { stream } from "../../shared/sse";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";

export type QueueNow = {
  name: string;
  title: string;
  waiting: number;
  oldest?: string;
  late: number;
  owned: number;
  agents: number;
  open: boolean;
  opens_at?: string;
};

/** A ticket without anything of its customer. `since`: when they asked for a person. */
export type Brief = { conversation_id: string; queue: string; reason: string; language: string; since: string; late: boolean };

/** What somebody put off. */
export type Snoozed = { conversation_id: string; queue: string; reason: string; language: string; assignee: { id: string; name: string }; until: string };

/** `status` is empty for who is not there; who has no capacity is no agent. */
export type AgentNow = { staff: string; name: string; status: "online" | "busy" | "away" | ""; load: number; capacity: number; conversations: Brief[] | null };

export type Live = { queues: QueueNow[] | null; agents: AgentNow[] | null; waiting: Brief[] | null; snoozed?: Snoozed[] | null; presence_known: boolean };

/** `at`: when it was so, by the server's clock. */
type State = { live?: Live; at: number; problem: string; refused: string; done: string };

export const live = new Store<State>({ at: 0, problem: "", refused: "", done: "" });

async function read(): Promise<void> {
  try {
    const now = await api.get<Live>("/api/desk/live");
    live.set({ live: now, at: serverNow(), problem: "" });
  } catch (e) {
    live.set({ problem: troubled(e) ? "" : explain(e) });
  }
}

let running: Promise<void> | undefined;
let again = false;

/** Reads it, one at a time: whoever asks meanwhile is served by one more. */
export function readLive(): Promise<void> {
  again = true;
  running ??= (async () => {
    while (again) {
      again = false;
      await read();
    }
    running = undefined;
  })();
  return running;
}

// Presence runs out without an event, and what waits waits longer.
const pace = 10_000;

/** Follows the desk until the returned function is called. */
export function openLive(): () => void {
  const look = () => void readLive();
  look();
  const stop = stream("/api/desk/events", { onEvent: (e) => e.type === "ticket" && look(), onUp: look });
  const back = onBack(look);
  const timer = setInterval(look, pace);
  return () => {
    stop();
    back();
    clearInterval(timer);
  };
}

/** Gives a conversation to somebody. */
export async function assign(conversation: string, to: AgentNow): Promise<void> {
  live.set({ refused: "", done: "" });
  try {
    await api.post(`/api/desk/conversations/${encodeURIComponent(conversation)}/assign`, { staff: to.staff });
    live.set({ done: `${to.name} has it now.` });
  } catch (e) {
    live.set({ refused: explain(e) });
  }
  await readLive();
}
