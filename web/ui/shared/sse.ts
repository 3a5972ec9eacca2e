// Server-sent events over fetch: EventSource cannot send a bearer header.
import { problem } from "./api";
import { Backoff, met, pause, streaming } from "./line";

export type StreamEvent = { id: number | null; type: string; data: unknown };

export type StreamOptions = {
  /** Asked before every connection, because tokens change. */
  headers?: () => Record<string, string>;
  /** The last id already known; the server sends what follows it. */
  after?: number;
  onEvent: (e: StreamEvent) => void;
  /** Told when the stream comes up: what it does not replay may have changed meanwhile. */
  onUp?: () => void;
  /** Called at a 401. Resolves to true when there are new headers to try. */
  refused?: () => Promise<boolean>;
};

// The server sends a comment now and then; silence for this long means that the
// connection is dead, though nobody said so.
const silence = 60_000;
// A stream that ends sooner has not worked: the next pause is longer.
const settled = 10_000;

/** Keeps a stream open until the returned function is called. */
export function stream(path: string, options: StreamOptions): () => void {
  const stop = new AbortController();
  void run(path, options, stop.signal);
  return () => stop.abort();
}

async function run(path: string, o: StreamOptions, stop: AbortSignal): Promise<void> {
  let last = o.after ?? 0;
  const backoff = new Backoff();
  while (!stop.aborted) {
    const connection = new AbortController();
    const end = () => connection.abort();
    stop.addEventListener("abort", end, { once: true });
    let wait: number | undefined; // as the server asked
    try {
      const response = await fetch(path, {
        headers: { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": String(last) } : {}), ...o.headers?.() },
        credentials: "same-origin",
        cache: "no-store",
        signal: connection.signal,
      });
      if (response.status === 401) {
        if (!(await o.refused?.())) return;
      } else if (response.ok && response.body) {
        streaming(true);
        o.onUp?.();
        const since = performance.now();
        wait = await read(response.body, end, (e) => {
          // Without an id, an error is about the stream: the server cannot read.
          const failing = e.type === "error" && e.id === null;
          met(failing ? "away" : undefined);
          if (failing) return;
          // A replayed event must not be shown twice.
          if (e.id !== null && e.id <= last) return;
          if (e.id !== null) last = e.id;
          o.onEvent(e);
        });
        if (performance.now() - since > settled) backoff.reset();
      } else {
        const e = await problem(response);
        if (!e.passing) return; // asking again would not change the answer
        if (e.trouble) met(e.trouble);
        wait = e.after;
      }
    } catch {
      // The network failed, or the server went away: both are tried again below.
    }
    stop.removeEventListener("abort", end);
    connection.abort();
    if (stop.aborted) return;
    streaming(false);
    await pause(wait ? wait * (0.75 + Math.random() / 2) : backoff.next(), stop);
  }
}

/** Reads events until the body ends; returns the pause that the server asked for. */
async function read(
  body: ReadableStream<Uint8Array>,
  end: () => void,
  onEvent: (e: StreamEvent) => void,
): Promise<number | undefined> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  let retry: number | undefined;
  let id: number | null = null;
  let type = "message";
  let data: string[] = [];
  for (;;) {
    const timer = setTimeout(end, silence);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return retry;
    const lines = (rest + value).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) dispatch(type, id, data.join("\n"), onEvent);
        [id, type, data] = [null, "message", []];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(text);
      else if (field === "event") type = text;
      else if (field === "id" && /^\d+$/.test(text)) id = Number(text);
      else if (field === "retry" && /^\d+$/.test(text)) retry = Number(text);
    }
  }
}

function dispatch(type: string, id: number | null, text: string, onEvent: (e: StreamEvent) => void): void {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return;
  }
  onEvent({ id, type, data });
}
