// JSON over HTTP, with RFC 9457 problems turned into one kind of error.

/** An answer of the server that is not a success. `status` 0: no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

export type Headers = Record<string, string>;

export type Client = {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown, key?: string): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
};

/**
 * A client whose headers are asked for at every call, because tokens change.
 * `refused` is called once at a 401; when it resolves to true the call is made
 * again, with the new headers.
 */
export function client(headers: (method: string) => Headers, refused?: () => Promise<boolean>): Client {
  async function call<T>(method: string, path: string, body?: unknown, key?: string): Promise<T> {
    const once = () => send<T>(method, path, body, { ...headers(method), ...(key ? { "Idempotency-Key": key } : {}) });
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
    post: (path, body = {}, key = uuid()) => call("POST", path, body, key),
    put: (path, body) => call("PUT", path, body),
  };
}

async function send<T>(method: string, path: string, body: unknown, headers: Headers): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "");
  }
  const text = await response.text();
  const value = parse(text);
  if (!response.ok) {
    const problem = value as { detail?: string; title?: string } | undefined;
    throw new ApiError(response.status, problem?.detail ?? problem?.title ?? "");
  }
  return value as T;
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** crypto.randomUUID exists on https and localhost only; a test server may be neither. */
export function uuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
