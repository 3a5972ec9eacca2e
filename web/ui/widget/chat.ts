// The chat: what happens when the customer does something, and when the server
// says something.
import { ApiError, uuid } from "../shared/api";
import { applyAccent } from "../shared/accent";
import { stream, type StreamEvent } from "../shared/sse";
import { Store } from "../shared/store";
import type { Answer, ConsentChange, Consents, Conversation, Message, Notice, Offer, StateEvent } from "../shared/types";
import type { Hello } from "./parent";
import { tellNews } from "./parent";
import { api, authorization, begin, onRenewed, renew } from "./session";
import * as on from "./state";
import { fill } from "../shared/i18n";
import { language, w } from "./words";

export const store = new Store<on.ChatState>(on.initial);
export const longest = 4000;

let closeStream = () => {};
let question: string | undefined; // asked by the page before the chat was ready
let typingTimer = 0;
let last: Hello | undefined;
let latest = 0; // start is called again when the customer changes: only the last call counts

/** Starts, or starts again for somebody else. */
export async function start(h: Hello | undefined): Promise<void> {
  last = h;
  const mine = ++latest;
  closeStream();
  const { live, online } = store.get();
  store.set({ ...on.initial, live, online, brand: store.get().brand, offers: {} });
  if (h?.failed) return fail(w.identityFailed);
  try {
    const session = await begin(h);
    if (mine !== latest) return;
    applyAccent(h?.color || session.site.accent);
    store.set({
      brand: session.site.name,
      known: Boolean(session.customer),
      gpc: h?.gpc ?? false,
      conversation: session.conversation,
    });
    await open(session.conversation);
  } catch (e) {
    if (mine === latest) fail(explain(e));
  }
}

export const startAgain = () => start(last);

// A visitor whose session ended gets a new conversation with the next one. What
// was typed and not sent goes along.
onRenewed((session) => {
  if (store.get().phase !== "ready" || session.conversation === store.get().conversation) return;
  closeStream();
  const { drafts, brand, known, gpc, live, online } = store.get();
  store.set({ ...on.initial, drafts, brand, known, gpc, live, online, conversation: session.conversation });
  open(session.conversation).catch((e) => fail(explain(e)));
});

async function open(id: string): Promise<void> {
  const conversation = await api.get<Conversation>(`/api/conversations/${id}`);
  if (store.get().conversation !== id) return;
  const messages = conversation.messages ?? [];
  store.set({
    phase: "ready",
    messages,
    state: conversation.state,
    assignee: conversation.assignee?.name,
    queuePosition: conversation.queue_position,
  });
  const after = conversation.last_seq ?? Math.max(0, ...messages.map((m) => m.seq));
  closeStream = stream(`/api/conversations/${id}/events`, {
    headers: authorization,
    after,
    onEvent: received,
    onLive: (live) => store.set({ live }),
    refused: renew,
  });
  for (const m of messages) if (m.answer_id) void loadAnswer(m.answer_id);
  void loadConsents();
  if (question) {
    const text = question;
    question = undefined;
    void send(text);
  }
}

function fail(problem: string): void {
  store.set({ phase: "failed", problem });
}

/** What to tell the customer about an error. The server's own words come first. */
export function explain(e: unknown): string {
  if (!(e instanceof ApiError)) return w.failed;
  if (e.status === 0) return store.get().online ? fill(w.unreachable, { brand: store.get().brand || location.host }) : w.offline;
  if (e.status === 401) return e.detail || w.expired;
  return e.detail || w.failed;
}

function received(e: StreamEvent): void {
  switch (e.type) {
    case "message":
      return message(e.data as Message);
    case "sentence": {
      const s = e.data as on.SentenceEvent;
      const before = store.get().answers[s.answer_id]?.sentences.length ?? 0;
      store.set((v) => on.withSentence(v, s));
      // Sentences before this one were released before this page was opened.
      if (s.index > before) void loadAnswer(s.answer_id);
      return;
    }
    case "reset":
      return store.set((v) => on.withReset(v, e.data as { answer_id: string; attempt: number }));
    case "answer": {
      const a = e.data as Answer;
      store.set((v) => ({ ...on.withAnswer(v, a), announcement: a.text || (a.sentences ?? []).map((s) => s.text).join(" ") }));
      return;
    }
    case "state":
      return store.set((v) => on.withState(v, e.data as StateEvent));
    case "typing":
      return typing(e.data as { from: string; name?: string });
    case "consent":
      return void loadConsents();
    case "error":
      return store.set({ expected: [], announcement: (e.data as { detail?: string }).detail ?? w.failed });
  }
}

function message(m: Message): void {
  store.set((v) => on.withMessage(v, m));
  if (m.from === "agent") {
    store.set({ announcement: m.text });
    tellNews();
  }
  if (m.answer_id && !store.get().answers[m.answer_id]) void loadAnswer(m.answer_id);
}

function typing(e: { from: string; name?: string }): void {
  if (e.from === "customer") return;
  store.set({ typing: e.name ? fill(w.typingName, { name: e.name }) : w.typing });
  clearTimeout(typingTimer);
  typingTimer = window.setTimeout(() => store.set({ typing: undefined }), 6000);
}

export async function loadAnswer(id: string): Promise<void> {
  try {
    const a = await api.get<Answer>(`/api/answers/${id}`);
    store.set((v) => {
      const view = v.answers[id];
      if (a.status !== "writing") return on.withAnswer(v, a);
      // Still being written: what the stream has brought meanwhile may be newer.
      if (view && (view.whole || view.attempt > a.attempt)) return {};
      const known = view?.attempt === a.attempt ? view.sentences : [];
      const sentences = (a.sentences ?? []).map((s, i) => known[i] ?? s).concat(known.slice(a.sentences?.length ?? 0));
      return { answers: { ...v.answers, [id]: { id, attempt: a.attempt, sentences, reset: view?.reset } } };
    });
  } catch {
    // The message's own text is shown; its sources can be opened once it loads.
  }
}

// Sending.

export async function send(text: string): Promise<void> {
  const draft: on.Draft = { key: uuid(), text, failed: false };
  store.set((v) => ({ drafts: [...v.drafts, draft] }));
  await deliver(draft);
}

/** The same key again: a message that did arrive the first time is not sent twice. */
export async function sendAgain(draft: on.Draft): Promise<void> {
  store.set((v) => ({ drafts: v.drafts.map((d) => (d.key === draft.key ? { ...d, failed: false } : d)) }));
  await deliver(draft);
}

async function deliver(draft: on.Draft): Promise<void> {
  const change = (patch: Partial<on.Draft>) =>
    store.set((v) => ({ drafts: v.drafts.map((d) => (d.key === draft.key ? { ...d, ...patch } : d)) }));
  try {
    const path = `/api/conversations/${store.get().conversation}/messages`;
    const sent = await api.post<{ message_id: string; answer_id?: string }>(path, { text: draft.text }, draft.key);
    store.set((v) => ({
      drafts: v.messages.some((m) => m.id === sent.message_id) ? v.drafts.filter((d) => d.key !== draft.key) : v.drafts,
      expected: on.expecting(v, sent.answer_id),
    }));
    change({ messageID: sent.message_id });
  } catch (e) {
    change({ failed: true, problem: explain(e) });
  }
}

/** A question from the page; kept until the chat is ready. */
export function ask(text: string): void {
  const trimmed = text.trim().slice(0, longest);
  if (trimmed === "") return;
  if (store.get().phase === "ready") void send(trimmed);
  else question = trimmed;
}

// Consent.

// Some grants are for one conversation, so the server is told which.
const consentsPath = () => `/api/me/consents?${new URLSearchParams({ language, conversation: store.get().conversation })}`;

export async function loadConsents(): Promise<Consents | undefined> {
  try {
    const consents = await api.get<Consents>(consentsPath());
    store.set({ consents, consentsFailed: false });
    return consents;
  } catch {
    store.set({ consentsFailed: true });
    return undefined;
  }
}

/** The notice has changed since it was read. It has been loaded anew. */
export class StaleNotice extends Error {}

/** Makes the changes, all or none. */
export async function change(changes: ConsentChange[], options: { notice?: Notice; offer?: Offer } = {}): Promise<void> {
  // Only a yes depends on the notice; a no must never wait for a newer one.
  const notice = changes.some((c) => c.granted) ? (options.notice ?? store.get().consents?.notice) : undefined;
  try {
    const done = await api.put<Pick<Consents, "epoch" | "choices"> & { answer_id?: string }>(consentsPath(), {
      changes,
      ...(notice ? { notice: { id: notice.id, version: notice.version } } : {}),
      ...(options.offer ? { offer_id: options.offer.id } : {}),
    });
    store.set((v) => ({
      consents: v.consents && { ...v.consents, epoch: done.epoch, choices: done.choices },
      expected: on.expecting(v, done.answer_id),
    }));
    if (!store.get().consents) void loadConsents();
  } catch (e) {
    if (e instanceof ApiError && e.status === 409) {
      await loadConsents();
      throw new StaleNotice();
    }
    throw e;
  }
}

export type OfferReply = "conversation" | "standing" | "not now";

export async function replyToOffer(offer: Offer, reply: OfferReply, notice: Notice): Promise<void> {
  const granted = reply !== "not now";
  const changes = offer.changes.map(({ purpose, category, recipient }) => ({
    purpose,
    category,
    recipient,
    granted,
    ...(granted ? { duration: reply } : {}),
  }));
  await change(changes, { offer, notice });
  store.set((v) => ({ offers: { ...v.offers, [offer.id]: granted ? "allowed" : "declined" } }));
}

// Handoff.

export async function askForPerson(share: string[]): Promise<void> {
  const path = `/api/conversations/${store.get().conversation}/handoff`;
  const ticket = await api.post<{ state?: string; queue_position?: number }>(path, { reason: "customer_request", share });
  store.set({ state: "open", queuePosition: ticket.queue_position });
  if (share.length > 0) void loadConsents();
}
