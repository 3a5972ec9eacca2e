// Server-sent events over fetch: EventSource cannot send a bearer header.

export type StreamEvent = { id: number | null; type: string; data: unknown };

export type StreamOptions = {
  /** Asked before every connection, because tokens change. */
  headers?: () => Record<string, string>;
  /** The last id already known; the server sends what follows it. */
  after?: number;
  onEvent: (e: StreamEvent) => void;
  /** Told when the stream comes up or goes down. */
  onLive?: (live: boolean) => void;
  /** Called at a 401. Resolves to true when there are new headers to try. */
  refused?: () => Promise<boolean>;
};

const firstPause = 500;
const longestPause = 15_000;
// The server sends a comment now and then; silence for this long means that the
// connection is dead, though nobody said so.
const silence = 60_000;

/** Keeps a stream open until the returned function is called. */
export function stream(path: string, options: StreamOptions): () => void {
  const stop = new AbortController();
  void run(path, options, stop.signal);
  return () => stop.abort();
}

async function run(path: string, o: StreamOptions, stop: AbortSignal): Promise<void> {
  let last = o.after ?? 0;
  let pause = firstPause;
  while (!stop.aborted) {
    const connection = new AbortController();
    const end = () => connection.abort();
    stop.addEventListener("abort", end, { once: true });
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
        o.onLive?.(true);
        pause = firstPause;
        const retry = await read(response.body, end, (e) => {
          // A replayed event must not be shown twice.
          if (e.id !== null && e.id <= last) return;
          if (e.id !== null) last = e.id;
          o.onEvent(e);
        });
        if (retry) pause = retry;
      } else if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        return; // asking again would not change the answer
      }
    } catch {
      // The network failed, or the server went away: both are tried again below.
    }
    stop.removeEventListener("abort", end);
    connection.abort();
    if (stop.aborted) return;
    o.onLive?.(false);
    await wait(pause * (0.75 + Math.random() / 2), stop);
    pause = Math.min(pause * 2, longestPause);
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

/** Waits, but no longer once the browser is online again. */
function wait(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      stop.removeEventListener("abort", done);
      resolve();
    }
    addEventListener("online", done);
    stop.addEventListener("abort", done);
  });
}
