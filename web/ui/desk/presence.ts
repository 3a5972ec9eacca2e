// Whether I am there. It is what I have chosen, and not that I look at the page: who
// only listens is given no conversations.
import { ApiError } from "../shared/api";
import { api, explain, holds, staff, troubled } from "../shared/staff";
import { desk } from "./desk";
import type { DeskMe, Presence } from "./types";

// Presence runs out by itself, three of these later.
const heartbeat = 15_000;

const prefix = "candor-desk-presence:";
const place = () => `${prefix}${staff.get().me?.id ?? ""}`;

// What is chosen in one tab holds in the others: two would say different things of me.
const tabs = new BroadcastChannel("candor-desk-presence");

/** How I said that I am, since I opened the browser's tab. */
function chosen(): Presence | undefined {
  try {
    return (sessionStorage.getItem(place()) as Presence | null) ?? undefined;
  } catch {
    return undefined; // a browser without storage
  }
}

/** How I am until I say otherwise: who is here to serve is there, and who may look on is away. */
function atFirst(mine?: DeskMe): Presence {
  const { me } = staff.get();
  const serves = me?.roles.includes("agent") || (mine?.seat?.queues ?? []).length > 0;
  return serves || !holds(me, ["supervisor"]) ? "online" : "away";
}

/** Says that I am there, now and again, until the returned function is called. `loaded`: my seat is known, if it can be. */
export function keepPresence(loaded: Promise<void>): () => void {
  desk.set({ presence: chosen() ?? atFirst() });
  // Who was busy in another tab, or before the page was loaded again, still is.
  void loaded.then(() => {
    const { mine } = desk.get();
    desk.set({ presence: mine?.status || chosen() || atFirst(mine) });
    return tell();
  });
  const beat = setInterval(() => void tell(), heartbeat);
  tabs.onmessage = ({ data }: MessageEvent<{ place: string; presence: Presence }>) => {
    if (data.place === place()) keep(data.presence);
  };
  return () => {
    clearInterval(beat);
    tabs.onmessage = null;
  };
}

/** Says how I am. It holds until I say otherwise, also where it cannot be told at this moment. */
export function choosePresence(presence: Presence): void {
  keep(presence);
  tabs.postMessage({ place: place(), presence });
  void tell();
}

function keep(presence: Presence): void {
  desk.set({ presence });
  try {
    sessionStorage.setItem(place(), presence);
  } catch {
    // It holds for as long as the page.
  }
}

/** Forgets what was chosen here, as who signs out does. */
export function forgetPresence(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
  } catch {
    // Without storage nothing was kept.
  }
}

async function tell(): Promise<void> {
  try {
    await api.put("/api/desk/presence", { status: desk.get().presence });
    desk.set({ presenceProblem: "" });
  } catch (e) {
    if (e instanceof ApiError && e.part === "messages") desk.set({ presenceProblem: e.detail });
    else if (!troubled(e)) desk.set({ problem: explain(e) });
  }
}
