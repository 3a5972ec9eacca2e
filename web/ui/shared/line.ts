// How things stand between this page and the server. Every call and every
// stream tells what it met; banners read it, and whatever waits to be tried
// again is tried as soon as there is a sign that it would go well.
import { Store } from "./store";

/** What keeps everything from working: the server's records, or the way to the server. */
export type Trouble = "away" | "unreachable";

export type Line = {
  online: boolean;
  /** Whether the page's stream is up. A page without one is always live. */
  live: boolean;
  trouble?: Trouble;
};

export const line = new Store<Line>({ online: navigator.onLine, live: true });

const signs = new EventTarget();

/** Tries at once whatever waits to be tried again. */
export function tryNow(): void {
  signs.dispatchEvent(new Event("now"));
}

addEventListener("online", () => {
  line.set({ online: true });
  tryNow();
});
addEventListener("offline", () => line.set({ online: false }));

/** Calls back when the line is good again, until the returned function is called. */
export function onBack(callback: () => void): () => void {
  signs.addEventListener("back", callback);
  return () => signs.removeEventListener("back", callback);
}

/** Says how a call went, or what a stream told: undefined is well. */
export function met(trouble?: Trouble): void {
  if (trouble === line.get().trouble) return;
  line.set({ trouble });
  if (trouble) void probe();
  else signs.dispatchEvent(new Event("back"));
}

let probing = false;

// A page may have nothing to ask for a long time.
async function probe(): Promise<void> {
  if (probing) return;
  probing = true;
  for (const backoff = new Backoff(3000); ; ) {
    await pause(backoff.next());
    if (!line.get().trouble) break;
    try {
      const { status } = await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
      if (status < 500) met();
    } catch {
      // Still away.
    }
  }
  probing = false;
}

// A stream that goes to another replica is down for a moment, which is nobody's
// concern.
const blink = 2000;
let down = 0;

/** Says whether the page's stream is up. */
export function streaming(live: boolean): void {
  clearTimeout(down);
  if (live) {
    line.set({ live });
    met();
  } else down = window.setTimeout(() => line.set({ live }), blink);
}

const longestPause = 15_000;

/** How long to wait before each next try: longer every time, and never in step with others. */
export class Backoff {
  private ms: number;
  constructor(private first = 500) {
    this.ms = first;
  }
  /** The next pause, at least as long as the server asked for. */
  next(least = 0): number {
    const ms = this.ms * (0.75 + Math.random() / 2);
    this.ms = Math.min(this.ms * 2, longestPause);
    return Math.max(ms, least);
  }
  reset(): void {
    this.ms = this.first;
  }
}

/**
 * Waits before something is tried again: shorter when the line is good again,
 * unless `patient`, and no longer when the customer or the browser says so.
 */
export function pause(ms: number, stop?: AbortSignal, patient = false): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(done, ms);
    // Everybody sees the line come back at once; not everybody asks at once.
    const sooner = () => {
      clearTimeout(timer);
      timer = setTimeout(done, Math.random() * 1000);
    };
    function done() {
      clearTimeout(timer);
      signs.removeEventListener("now", done);
      signs.removeEventListener("back", sooner);
      stop?.removeEventListener("abort", done);
      resolve();
    }
    signs.addEventListener("now", done);
    if (!patient) signs.addEventListener("back", sooner);
    stop?.addEventListener("abort", done);
  });
}
