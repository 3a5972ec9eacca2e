// The chat: what happens when the customer does something, and when the server
// says something.
import { Abandoned, ApiError, persist, uuid } from "../shared/api";
import { applyAccent } from "../shared/accent";
import { onBack } from "../shared/line";
import { stream, type StreamEvent } from "../shared/sse";
import type { Answer, ConsentChange, Consents, Conversation, Message, Notice, Offer, ReadMarks, StateEvent, Wait } from "../shared/types";
import { explain, stuckBy } from "./explain";
import type { Hello } from "./parent";
import { tellNews } from "./parent";
import { inConversation, send, sendAll } from "./outbox";
import { api, authorization, begin, identifyAgain, onRenewed, renew, type Session } from "./session";
import * as on from "./state";
import { store, unread } from "./state";
import { keepUnsent, recallUnsent } from "./unsent";
import { fill } from "../shared/i18n";
import { hid, language, w } from "./words";

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
  store.set({ ...on.initial, brand: store.get().brand, offers: {} });
  if (h?.failed) return fail(w.identityFailed);
  const still = () => mine === latest;
  try {
    const session = await persist(() => sessionOf(h), waits, still);
    applyAccent(h?.color || session.site.accent);
    enter(session, h?.gpc ?? false);
    await persist(open, waits, still);
  } catch (e) {
    if (still()) fail(explain(e));
  }
}

// While it cannot be opened, the chat says why and goes on trying.
const waits = (e: ApiError) => store.set({ stuck: stuckBy(e) });

// A token works once, and the call that used it may have failed after that.
async function sessionOf(h: Hello | undefined): Promise<Session> {
  try {
    return await begin(h);
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 401 || !h?.identity) throw e;
    const again = await identifyAgain().catch(() => undefined);
    if (!again) throw e;
    return begin(again);
  }
}

function enter(session: Session, gpc: boolean): void {
  store.set({
    brand: session.site.name,
    known: Boolean(session.customer),
    gpc,
    conversation: session.conversation,
    drafts: recallUnsent(owner(session)).drafts,
  });
}

/** Whose words are kept: a customer's, or those of the visitor of a conversation. */
const owner = (s: Session) => (s.customer ? `customer:${String(s.customer)}` : s.conversation);

/** Tries again, with what the page says now. */
export async function startAgain(): Promise<void> {
  if (!last?.failed) return start(last);
  try {
    return await start(await identifyAgain());
  } catch (e) {
    fail(explain(e));
  }
}

// A visitor whose session ended gets a new conversation with the next one. What
// was typed and not sent goes along, but never to somebody else.
onRenewed((session) => {
  const { phase, conversation, known, gpc } = store.get();
  if (session.conversation === conversation) return;
  if (!known && !session.customer) keepUnsent({ owner: owner(session) });
  if (phase === "loading") return enter(session, gpc); // and start goes on
  closeStream();
  const mine = ++latest;
  const still = () => mine === latest;
  store.set({ ...on.initial });
  enter(session, gpc);
  persist(open, waits, still).catch((e) => still() && fail(explain(e)));
});

async function open(): Promise<void> {
  const conversation = await inConversation((path) => api.get<Conversation>(path));
  if (store.get().conversation !== conversation.id) return;
  const messages = conversation.messages ?? [];
  store.set({
    phase: "ready",
    stuck: undefined,
    messages,
    state: conversation.state,
    assignee: conversation.assignee?.name,
    queuePosition: conversation.queue_position,
    wait: conversation.wait,
    read: conversation.read,
  });
  news();
  const after = conversation.last_seq ?? Math.max(0, ...messages.map((m) => m.seq));
  closeStream = stream(`/api/conversations/${conversation.id}/events`, { headers: authorization, after, onEvent: received, refused: renew });
  loadAnswers();
  void loadConsents();
  void sendAll();
  if (question) send(question);
  question = undefined;
}

function loadAnswers(): void {
  const { messages, answers } = store.get();
  for (const m of messages) if (m.answer_id && !answers[m.answer_id]?.whole) void loadAnswer(m.answer_id);
}

// What could not be read, or was changed and not confirmed.
onBack(() => {
  if (store.get().phase !== "ready") return;
  loadAnswers();
  void loadConsents();
});

function fail(problem: string): void {
  store.set({ phase: "failed", problem });
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
      return store.set((v) => on.withReset(v, e.data as on.ResetEvent));
    case "answer": {
      const a = e.data as Answer;
      store.set((v) => ({ ...on.withAnswer(v, a), announcement: a.text || (a.sentences ?? []).map((s) => s.text).join(" ") }));
      return;
    }
    case "state":
      return store.set((v) => on.withState(v, e.data as StateEvent));
    case "typing":
      return typing(e.data as { from: string; name?: string });
    case "edit": {
      const { message_id, at, ...now } = e.data as { message_id: string; text: string; at: string; masked?: string[] };
      return store.set((v) => ({ messages: v.messages.map((m) => (m.id === message_id ? { ...m, ...now, edited: at } : m)) }));
    }
    case "read": {
      const { by, seq } = e.data as { by: keyof ReadMarks; seq: number };
      store.set((v) => ({ read: { ...v.read!, [by]: seq } }));
      return news();
    }
    case "consent":
      return void loadConsents();
  }
}

const news = () => tellNews(unread(store.get()));

function message(m: Message): void {
  store.set((v) => on.withMessage(v, m));
  if (m.masked) store.set({ announcement: hid(m.masked) });
  if (m.from === "agent") {
    store.set({ announcement: m.text });
    news();
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

/** A question from the page; kept until the chat is ready. */
export function ask(text: string): void {
  const trimmed = text.trim().slice(0, longest);
  if (trimmed === "") return;
  if (store.get().phase === "ready") send(trimmed);
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
  // Only a yes depends on the notice; a no must never wait for a newer one. An offer
  // carries its own text, in the language of its answer.
  const notice = changes.some((c) => c.granted) ? (options.notice ?? store.get().consents?.notice) : undefined;
  try {
    const done = await api.put<Pick<Consents, "epoch" | "choices"> & { answer_id?: string }>(consentsPath(), {
      changes,
      ...(notice ? { notice: { id: notice.id, version: notice.version, ...(options.offer ? {} : { sha256: notice.sha256 }) } } : {}),
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

// Erasure.

/** Makes the call that deletes everything about whoever is here, and starts anew as nobody. */
export async function leaveBy<T>(call: () => Promise<T>): Promise<T> {
  closeStream(); // it would end, and renew the session
  try {
    const done = await call();
    void start({ ...last, identity: null, fresh: true } as Hello);
    store.set({ erased: true });
    return done;
  } catch (e) {
    void open().catch(() => undefined); // the banner says how things stand
    throw e;
  }
}

// Handoff.

/** Asks for a person until the server confirms it, though the panel may be closed meanwhile. */
export async function askForPerson(share: string[]): Promise<void> {
  const { conversation } = store.get();
  const key = uuid();
  const still = () => store.get().conversation === conversation;
  store.set({ asking: {} });
  try {
    const ticket = await persist(
      () => inConversation((path) => api.post<{ queue_position?: number; wait?: Wait }>(`${path}/handoff`, { share }, key)),
      (e) => store.set({ asking: { stuck: stuckBy(e) } }),
      still,
    );
    store.set({ state: "open", queuePosition: ticket.queue_position, wait: ticket.wait });
    if (share.length > 0) void loadConsents();
  } catch (e) {
    if (!(e instanceof Abandoned)) throw e;
  } finally {
    if (still()) store.set({ asking: undefined });
  }
}
