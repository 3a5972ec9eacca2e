// The queues, and what is done to them.
import { onBack } from "../../shared/line";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";

export type Span = [from: string, to: string];
export type Day = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";
export const days: [Day, string][] = [
  ["mon", "Monday"],
  ["tue", "Tuesday"],
  ["wed", "Wednesday"],
  ["thu", "Thursday"],
  ["fri", "Friday"],
  ["sat", "Saturday"],
  ["sun", "Sunday"],
];

export type Hours = { zone: string; week: Partial<Record<Day, Span[]>>; holidays?: { date: string; name?: string }[] };

/** Durations are as the server writes them: "30s", "72h0m0s"; "" is none. */
export type Queue = {
  name: string;
  title: string;
  order: number;
  takes?: { sites?: string[]; languages?: string[]; reasons?: string[]; topics?: string[] };
  skills?: string[];
  priority: number;
  hours?: Hours;
  targets?: { first_reply?: string; next_reply?: string; resolution?: string; escalate?: string };
  reserve?: string;
  quiet?: string;
  reopen?: string;
};

/** What no other queue takes goes to it; it is always there. */
export const everyQueue = "support";

/** What a queue is called; its name where it is not there any more. */
export const titleOf = (name: string, all: { name: string; title: string }[] | null | undefined) => all?.find((q) => q.name === name)?.title || name;

type State = { queues?: Queue[]; problem: string };

export const queues = new Store<State>({ problem: "" });

export async function readQueues(): Promise<void> {
  try {
    const { items } = await api.get<{ items: Queue[] | null }>("/api/admin/queues");
    queues.set({ queues: items ?? [], problem: "" });
  } catch (e) {
    queues.set({ problem: troubled(e) ? "" : explain(e) });
  }
}

export function openQueues(): () => void {
  void readQueues();
  return onBack(() => void readQueues());
}

/** Stores a queue; resolves to why it was refused, "" if it was not. */
export async function storeQueue(q: Queue): Promise<string> {
  try {
    await api.put(`/api/admin/queues/${encodeURIComponent(q.name)}`, q);
  } catch (e) {
    return explain(e);
  }
  await readQueues();
  return "";
}

export async function removeQueue(name: string): Promise<string> {
  try {
    await api.delete(`/api/admin/queues/${encodeURIComponent(name)}`);
  } catch (e) {
    return explain(e);
  }
  await readQueues();
  return "";
}
