// The outbox: what the customer has written goes to the server in order, one
// message at a time, each under a key of its own, so that sending it again never
// says it twice. What fails for now is sent again until it arrives.
import { ApiError, persist, uuid } from "../shared/api";
import { tryNow } from "../shared/line";
import { explain, stuckBy } from "./explain";
import { api, renew } from "./session";
import { store, unsent, withSent, type Attached, type Draft } from "./state";
import { keepUnsent } from "./unsent";
import { w } from "./words";

let sending = false;
let saved: Draft[] = [];

store.subscribe(() => {
  const { drafts, phase } = store.get();
  if (drafts === saved || phase !== "ready") return;
  saved = drafts;
  keepUnsent({ drafts: drafts.filter(unsent).map(({ key, text, tried, files }) => ({ key, text, tried, files })) });
});

/** Sends a message after those that wait. */
export function send(text: string, files: Attached[] = []): void {
  store.set((v) => ({ drafts: [...v.drafts, { key: uuid(), text, files }] }));
  void sendAll();
}

/** Tries at once what waits, and once more what was refused. */
export function sendNow(): void {
  store.set((v) => ({ stuck: undefined, drafts: v.drafts.map((d) => ({ ...d, refused: undefined })) }));
  tryNow();
  void sendAll();
}

export async function sendAll(): Promise<void> {
  if (sending) return tryNow(); // it may be waiting for somebody who has left
  sending = true;
  for (;;) {
    const draft = store.get().drafts.find((d) => unsent(d) && !d.refused);
    if (!draft || store.get().phase !== "ready") break;
    await deliver(draft);
  }
  sending = false;
}

async function deliver({ key, text, files = [] }: Draft): Promise<void> {
  const change = (patch: Partial<Draft>) => store.set((v) => ({ drafts: v.drafts.map((d) => (d.key === key ? { ...d, ...patch } : d)) }));
  const still = () => store.get().phase === "ready" && store.get().drafts.some((d) => d.key === key);
  change({ tried: true });
  try {
    const sent = await persist(() => post(key, text, files), (e) => store.set({ stuck: stuckBy(e) }), still);
    store.set((v) => withSent(v, key, sent));
  } catch (e) {
    if (!still()) return;
    change({ refused: explain(e) });
    store.set({ stuck: undefined }); // the next one may go
  }
}

async function post(key: string, text: string, files: Attached[]): Promise<{ message_id: string; answer_id?: string }> {
  const attachments = await Promise.all(files.map((f) => f.id ?? f.upload?.() ?? Promise.reject(new ApiError(400, w.lost))));
  return inConversation((path) => api.post(`${path}/messages`, { text, ...(files.length > 0 ? { attachments } : {}) }, key));
}

/**
 * Makes a call about the conversation. A session that ends meanwhile takes its
 * conversation along, and one that is kept no longer needs a new session: the call
 * is then made about the next one.
 */
export async function inConversation<T>(call: (path: string) => Promise<T>): Promise<T> {
  const { conversation } = store.get();
  try {
    return await call(`/api/conversations/${conversation}`);
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 404) throw e;
    if (store.get().conversation === conversation) await renew();
    if (store.get().conversation === conversation) throw e;
    return inConversation(call);
  }
}
