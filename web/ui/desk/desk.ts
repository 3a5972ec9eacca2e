// The desk: the queue, the conversation that is open, and what an agent does
// with it. Events only say that something changed; the truth is fetched again.
import { ApiError, uuid } from "../shared/api";
import { line, onBack } from "../shared/line";
import { stream, type StreamEvent } from "../shared/sse";
import { api, explain, outside, staff, troubled } from "../shared/staff";
import { Store } from "../shared/store";
import { blank, blankTicket } from "./blank";
import { blankDraft, recallDrafts, writing } from "./drafts";
import { keepPresence } from "./presence";
import { announce } from "./sound";
import { blankSuggestion, forgetSuggestions } from "./suggestions";
import type { Colleagues, DeskConversation, DeskMe, Presence, Reservation, Ticket } from "./types";

export type DeskState = {
  tickets?: Ticket[];
  /** My seat, how much I have, and what is kept for me. */
  mine?: DeskMe;
  colleagues?: Colleagues;
  /** The only queue that is listed; empty: all. */
  filter: string;
  queueProblem: string;
  /** The conversation in the address bar. */
  selected: string;
  conversation?: DeskConversation;
  conversationProblem: string;
  /** Whether what belongs to the conversation is open where there is no room beside it. */
  context: boolean;
  /** What went wrong with the last action, and what went well. */
  problem: string;
  done: string;
  presence: Presence;
  presenceProblem: string;
  /** Until when each customer is taken to be typing. */
  typing: Record<string, number>;
};

// All of it: what a colleague had on this page before me is not mine to see.
const nothing: DeskState = {
  tickets: undefined,
  mine: undefined,
  colleagues: undefined,
  conversation: undefined,
  filter: "",
  queueProblem: "",
  selected: "",
  conversationProblem: "",
  context: false,
  problem: "",
  done: "",
  presence: "away",
  presenceProblem: "",
  typing: {},
};

export const desk = new Store<DeskState>(nothing);

/** Runs the desk until the returned function is called. */
export function openDesk(): () => void {
  recallDrafts();
  const follow = () => select(location.hash.slice(1));
  addEventListener("hashchange", follow);
  follow();
  void loadQueue();
  void loadColleagues();
  const stopPresence = keepPresence(loadMine());
  // Whatever happened while the line was down is read when it is back.
  const stop = stream("/api/desk/events", { onEvent, onUp: refresh });
  const stopBack = onBack(() => {
    if (passing) desk.set({ problem: "" }); // it can be done now
    refresh();
  });
  const stopLine = line.subscribe(() => {
    const before = doubted;
    doubt();
    if (!doubted && (before || desk.get().conversation?.unchecked)) refresh();
  });
  const stopTitle = desk.subscribe(nameThePage);
  const seen = () => markRead();
  addEventListener("focus", seen);
  return () => {
    stop();
    stopBack();
    stopLine();
    stopTitle();
    stopPresence();
    removeEventListener("hashchange", follow);
    removeEventListener("focus", seen);
    desk.set(nothing);
    forgetSuggestions();
  };
}

/** Whether nobody could tell this page that the customer has stopped sharing. */
function adrift(): boolean {
  const { trouble, online, live } = line.get();
  return Boolean(trouble) || !online || !live;
}

let doubted = false;

/** Takes off the page what may be shared no more, while that cannot be known. */
function doubt(): void {
  doubted = adrift();
  if (!doubted) return;
  const { conversation, tickets } = desk.get();
  desk.set({
    conversation: conversation && blank(conversation, outside()),
    tickets: outside() ? tickets?.map(blankTicket) : tickets,
  });
}

const typingLasts = 6000;

function onEvent(e: StreamEvent): void {
  const { conversation_id: id, by, seq } = e.data as { conversation_id?: string; by?: string; seq?: number };
  if (e.type === "typing" && id) {
    desk.set((d) => ({ typing: { ...d.typing, [id]: Date.now() + typingLasts } }));
    return;
  }
  if (e.type === "read") {
    if (!id || by !== "customer" || !seq) return;
    customerRead[id] = Math.max(seq, customerRead[id] ?? 0);
    desk.set(({ conversation: c }) => ({ conversation: c?.id === id ? withRead(c) : c }));
    return;
  }
  if (e.type === "reservation") {
    refreshList();
    return;
  }
  refresh();
}

// Up to where customers were said to have read, by conversation.
const customerRead: Record<string, number> = {};

/** A mark only rises: a conversation that was on its way when it rose does not lower it. */
function withRead(c: DeskConversation): DeskConversation {
  return { ...c, read: { desk: c.read?.desk ?? 0, customer: Math.max(c.read?.customer ?? 0, customerRead[c.id] ?? 0) } };
}

/** Up to where the customer has written. */
const written = (c: DeskConversation) => Math.max(0, ...(c.messages ?? []).filter((m) => m.from === "customer").map((m) => m.seq));

function refresh(): void {
  refreshList();
  if (desk.get().selected) void loadConversation();
}

const refreshList = () => void Promise.all([loadQueue(), loadMine()]);

/**
 * Runs a load of one thing one at a time: whatever asks for it meanwhile is served by
 * one more. What was read earlier never replaces what was read later.
 */
function oneByOne(load: (id: string) => Promise<void>): (id?: string) => Promise<void> {
  const running = new Map<string, { again: boolean; end: Promise<void> }>();
  return (id = "") => {
    const now = running.get(id);
    if (now) {
      now.again = true;
      return now.end;
    }
    const run = async () => {
      do {
        mine.again = false;
        await load(id);
      } while (mine.again);
      running.delete(id);
    };
    const mine = { again: false, end: Promise.resolve() };
    running.set(id, mine);
    return (mine.end = run());
  };
}

export const loadQueue = oneByOne(async () => {
  try {
    const { tickets } = await api.get<{ tickets: Ticket[] | null }>("/api/desk/queue");
    desk.set({ tickets: tickets ?? [], queueProblem: "" });
    doubt();
  } catch (e) {
    const { tickets } = desk.get();
    desk.set({ queueProblem: troubled(e) ? "" : explain(e), tickets: outside() ? tickets?.map(blankTicket) : tickets });
  }
});

const loadMine = oneByOne(async () => {
  try {
    const mine = await api.get<DeskMe>("/api/desk/me");
    const before = kept(desk.get());
    // Who lets three in a row lapse is away, whatever their page says.
    const away = mine.status === "away" && desk.get().presence === "online" && desk.get().mine?.status === "online";
    desk.set({ mine, ...(away ? { presence: "away", done: "You are away now: three conversations in a row were not taken." } : {}) });
    if (kept(desk.get()).some((r) => !before.some((b) => b.conversation_id === r.conversation_id))) announce();
  } catch (e) {
    if (!troubled(e)) desk.set({ mine: undefined });
  }
});

export async function loadColleagues(): Promise<void> {
  try {
    desk.set({ colleagues: await api.get<Colleagues>("/api/desk/colleagues") });
  } catch {
    // The list is asked for again where it is needed, and what fails is said there.
  }
}

/** What is kept for me now, the one that ends first on top. */
export function kept({ mine }: DeskState): Reservation[] {
  return [...(mine?.reservations ?? [])].sort((a, b) => a.until.localeCompare(b.until));
}

/** Something wants to be seen though another page is in front. */
function nameThePage(): void {
  const d = desk.get();
  const unread = (d.tickets ?? []).filter((t) => t.mine && t.unread).length;
  const title = kept(d).length > 0 ? "Reserved for you · Desk" : unread > 0 ? `(${unread}) Desk` : "Desk";
  if (document.title !== title) document.title = title;
}

function select(id: string): void {
  if (id === desk.get().selected) return;
  desk.set({ selected: id, conversation: undefined, conversationProblem: "", problem: "", done: "" });
  if (id) void loadConversation();
}

/** Goes to the next conversation of a list, or the one before. */
export function step(tickets: Ticket[], by: 1 | -1): void {
  const at = tickets.findIndex((t) => t.conversation_id === desk.get().selected);
  const next = tickets[at < 0 ? 0 : at + by];
  if (next) location.hash = next.conversation_id;
}

export const loadConversation = () => load(desk.get().selected);

const load = oneByOne(async (id) => {
  if (id === "" || desk.get().selected !== id) return;
  try {
    const conversation = withRead(await api.get<DeskConversation>(`/api/desk/conversations/${encodeURIComponent(id)}`));
    if (desk.get().selected !== id) return;
    blankSuggestion(conversation);
    const blanked = blankDraft(conversation);
    const before = desk.get().conversation;
    const lost = owned(before) && conversation.state === "open" && !owned(conversation);
    const by = conversation.ticket?.assignee?.name;
    const came = before && written(conversation) > written(before); // what they were typing
    desk.set({
      conversation,
      conversationProblem: "",
      ...(came ? { typing: { ...desk.get().typing, [id]: 0 } } : {}),
      ...(blanked ? { problem: "The customer has stopped sharing what your draft was made of. It is gone." } : {}),
      ...(lost && by ? { done: `${by} has this conversation now.${writing(id) ? " What you were writing is kept." : ""}` } : {}),
    });
    doubt(); // it may have been on its way when the line went
    markRead();
  } catch (e) {
    if (desk.get().selected !== id) return;
    // It may have been erased, or be another desk's now.
    const gone = e instanceof ApiError && e.status === 404;
    // The customer may have stopped sharing meanwhile: what they shared is not kept on trust.
    desk.set((d) => ({
      conversation: gone ? undefined : d.conversation && blank(d.conversation, outside()),
      conversationProblem: gone ? "This conversation is not here: it was deleted, or is at another desk now." : troubled(e) ? "" : explain(e),
    }));
  }
});

export const owned = (c: DeskConversation | undefined) =>
  c?.state === "open" && Boolean(c.ticket?.mine || (c.ticket?.assignee && c.ticket.assignee.id === staff.get().me?.id));

const path = (id: string, what: string) => `/api/desk/conversations/${encodeURIComponent(id)}/${what}`;

// What was said to be read last, by conversation.
const marked: Record<string, number> = {};

/** What I have in front of me is read, if the conversation is mine. */
function markRead(): void {
  const c = desk.get().conversation;
  if (!c || c.unchecked || !owned(c) || document.visibilityState !== "visible") return;
  const seq = Math.max(0, ...(c.messages ?? []).map((m) => m.seq));
  if (seq <= Math.max(c.read?.desk ?? 0, marked[c.id] ?? 0)) return;
  marked[c.id] = seq;
  // The next look says it again.
  api.post(path(c.id, "read"), { seq }).then(() => loadQueue(), () => delete marked[c.id]);
}

let lastTyped = 0;

/** Says that I am writing to the customer, now and then. */
export function saysTyping(id: string): void {
  if (Date.now() - lastTyped < typingLasts / 2) return;
  lastTyped = Date.now();
  api.post(path(id, "typing")).catch(() => {}); // of the moment, and not worth a word
}

// Whether the last action failed because of the line.
let passing = false;

export type Action =
  | "claim"
  | "pass"
  | "release"
  | "resolve"
  | "return"
  | "snooze"
  | "messages"
  | "ask-consent"
  | "flag"
  | "notes"
  | "transfer"
  | "assign";

/** Does something with a conversation, the open one unless another is named. Resolves to whether it was done. */
export async function act(action: Action, body: object = {}, key = uuid(), id = desk.get().selected): Promise<boolean> {
  return attempt(() => api.post(path(id, action), body, key));
}

/** Changes what I have written, which the server allows for a minute. */
export async function edit(message: string, text: string): Promise<boolean> {
  return attempt(() => api.patch(path(desk.get().selected, `messages/${encodeURIComponent(message)}`), { text }));
}

async function attempt(call: () => Promise<unknown>): Promise<boolean> {
  desk.set({ problem: "", done: "" });
  try {
    await call();
    refresh();
    return true;
  } catch (e) {
    passing = troubled(e);
    desk.set({ problem: explain(e) });
    // Somebody else was faster, or it is over: show how it stands now.
    if (e instanceof ApiError && [404, 409].includes(e.status)) refresh();
    return false;
  }
}
