// JSON over HTTP, with RFC 9457 problems turned into one kind of error.
import { Backoff, met, pause, type Trouble } from "./line";

/** An answer of the server that is not a success. `status` 0: no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail = "",
    /** After how many milliseconds to ask again, if the server said so. */
    readonly after = 0,
    /** The part that is away, if the server said so. */
    readonly part = "",
    /** Whether the server itself said so, and not something in between. */
    readonly told = false,
  ) {
    super(detail);
  }

  /** Whether the same call may go well later without anybody doing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.after > 0;
  }

  /** What it says about everything else that is called. */
  get trouble(): Trouble | undefined {
    if (this.status === 0 || (this.status >= 500 && !this.told)) return "unreachable";
    return this.status === 503 && (this.part === "" || this.part === "database") ? "away" : undefined;
  }
}

export type Headers = Record<string, string>;

export type Client = {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown, key?: string, more?: Headers): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  delete<T>(path: string, body?: unknown): Promise<T>;
  /** A file, under the name that the server gives it. */
  file(path: string): Promise<File>;
  /** Sends the bytes of a file. */
  upload<T>(path: string, bytes: Blob): Promise<T>;
};

/**
 * A client whose headers are asked for at every call, because tokens change.
 * `refused` is called once at a 401; when it resolves to true the call is made
 * again, with the new headers.
 */
export function client(headers: (method: string) => Headers, refused?: () => Promise<boolean>): Client {
  async function call<T>(method: string, path: string, body?: unknown, more?: Headers, read: Reader = json): Promise<T> {
    const once = () => send(method, path, body, { ...headers(method), ...more }, read) as Promise<T>;
    try {
      return await once();
    } catch (e) {
      if (e instanceof ApiError && e.status === 401 && refused && (await refused())) {
        return once();
      }
      throw e;
    }
  }
  return {
    get: (path) => call("GET", path),
    // A key of its own for every POST makes it safe to send again.
    post: (path, body = {}, key = uuid(), more = {}) => call("POST", path, body, { "Idempotency-Key": key, ...more }),
    put: (path, body) => call("PUT", path, body),
    patch: (path, body) => call("PATCH", path, body),
    delete: (path, body) => call("DELETE", path, body),
    file: (path) => call("GET", path, undefined, { Accept: "*/*" }, file),
    upload: (path, bytes) => call("POST", path, bytes, { "Content-Type": bytes.type || "application/octet-stream" }),
  };
}

const patience = 40_000; // longer than the server lets a request take
const filePatience = 600_000; // a large archive on a slow line

type Reader = (response: Response, path: string) => Promise<unknown>;

// How far this machine's clock is behind the server's, within a second.
let behind = 0;

/** The server's time: a countdown to a moment of its clock does not run by another. */
export const serverNow = () => Date.now() + behind;

const json: Reader = async (response) => parse(await response.text());

const file: Reader = async (response, path) => {
  const named = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
  return new File([await response.blob()], named?.[1] ?? path.split("/").at(-1)!, { type: response.headers.get("Content-Type") ?? "" });
};

async function send(method: string, path: string, body: unknown, headers: Headers, read: Reader): Promise<unknown> {
  try {
    const value = await receive(method, path, body, headers, read);
    met();
    return value;
  } catch (e) {
    const error = e instanceof ApiError ? e : new ApiError(0);
    met(error.trouble);
    throw error;
  }
}

async function receive(method: string, path: string, body: unknown, headers: Headers, read: Reader): Promise<unknown> {
  const response = await fetch(path, {
    method,
    credentials: "same-origin",
    headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(read === file || body instanceof Blob ? filePatience : patience),
  });
  const at = Date.parse(response.headers.get("Date") ?? "");
  if (at) behind = Math.abs(at - Date.now()) > 2000 ? at - Date.now() : 0;
  // What is not there yet, and will be: 202 with the time to ask again.
  if (!response.ok || (method === "GET" && response.status === 202)) throw await problem(response);
  return read(response, path);
}

/** The error of a response that is not a success. */
export async function problem(response: Response): Promise<ApiError> {
  const told = response.headers.get("Content-Type")?.startsWith("application/problem+json") ?? false;
  const after = Number(response.headers.get("Retry-After")) * 1000 || 0;
  const body = parse(await response.text()) as { detail?: string; title?: string; part?: string } | undefined;
  return new ApiError(response.status, body?.detail ?? body?.title, after, body?.part, told);
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What persist throws when nobody waits for the call any more. */
export class Abandoned extends Error {}

/**
 * Makes a call until it goes well or fails for good. `waits` is told of every
 * failure that passes, `still` whether anybody waits for it.
 */
export async function persist<T>(call: () => Promise<T>, waits: (e: ApiError) => void, still: () => boolean): Promise<T> {
  const backoff = new Backoff();
  for (;;) {
    try {
      const value = await call();
      if (still()) return value;
    } catch (e) {
      if (still()) {
        if (!(e instanceof ApiError) || !e.passing) throw e;
        waits(e);
        await pause(backoff.next(e.after), undefined, e.status === 429);
      }
    }
    if (!still()) throw new Abandoned();
  }
}

/** crypto.randomUUID exists on https and localhost only; a test server may be neither. */
export function uuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
