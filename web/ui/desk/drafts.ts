// What is being written, by conversation. It stays until it was sent, through a
// reload of the page too; what was made of the customer's data is kept in memory
// only, for as long as they share it.
import { ApiError, uuid } from "../shared/api";
import { api, explain, outside, staff } from "../shared/staff";
import { Store } from "../shared/store";
import type { Attachment, DeskConversation, Suggestion } from "./types";

/** A file on its way to the server, or there. */
export type Upload = { key: string; name: string; size: number; problem?: string; done?: Attachment };

export type Draft = {
  text: string;
  note: string;
  /** Whether a note is being written, and not an answer. */
  noting: boolean;
  uploads: Upload[];
  /** Of what the text was made: a suggestion, and categories of the customer's data. */
  from?: { suggestion?: Suggestion; needs: string[] };
  /** The keys change with what is sent only: sending it again never sends it twice. */
  key: string;
  noteKey: string;
};

export type Drafts = { of: Record<string, Draft> };

export const drafts = new Store<Drafts>({ of: {} });

const empty: Draft = { text: "", note: "", noting: false, uploads: [], key: "", noteKey: "" };

export const draftOf = (d: Drafts, conversation: string): Draft => d.of[conversation] ?? empty;

/** Whether there is something that was not sent. */
export const writing = (id: string) => Boolean(draftOf(drafts.get(), id).text);

const prefix = "candor-desk-drafts:";
const place = () => `${prefix}${staff.get().me?.id ?? ""}`;

type Kept = Record<string, { text: string; note: string; files: Attachment[] }>;

/** Takes up what was being written when the page was left. */
export function recallDrafts(): void {
  let kept: Kept = {};
  try {
    kept = JSON.parse(sessionStorage.getItem(place()) ?? "{}") as Kept;
  } catch {
    // A browser without storage, or somebody else's text in it: nothing was kept.
  }
  const of: Record<string, Draft> = {};
  for (const [id, k] of Object.entries(kept)) {
    const uploads = k.files.map((f) => ({ key: f.id, name: f.name, size: f.size, done: f }));
    of[id] = { ...empty, text: k.text, note: k.note, uploads, key: uuid(), noteKey: uuid() };
  }
  // What somebody else was writing here is theirs.
  const mine = owner === place();
  owner = place();
  drafts.set((d) => ({ of: mine ? { ...of, ...d.of } : of }));
}

let owner = "";

/** Forgets all that is being written, as who signs out does. */
export function forgetDrafts(): void {
  drafts.set({ of: {} });
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
  } catch {
    // Without storage nothing was kept.
  }
}

function keep(): void {
  const kept: Kept = {};
  for (const [id, d] of Object.entries(drafts.get().of)) {
    const files = d.uploads.flatMap((u) => u.done ?? []);
    const text = d.from ? "" : d.text;
    if (text || d.note || files.length > 0) kept[id] = { text, note: d.note, files };
  }
  try {
    if (Object.keys(kept).length > 0) sessionStorage.setItem(place(), JSON.stringify(kept));
    else sessionStorage.removeItem(place());
  } catch {
    // Without storage it lives as long as the page.
  }
}

function change(id: string, to: (d: Draft) => Partial<Draft>): void {
  drafts.set(({ of }) => {
    const d = of[id] ?? empty;
    return { of: { ...of, [id]: { ...d, ...to(d) } } };
  });
  keep();
}

export const setText = (id: string, text: string) =>
  change(id, (d) => ({ text, key: uuid(), ...(text.trim() === "" ? { from: undefined } : { from: d.from }) }));

export const setNote = (id: string, note: string) => change(id, () => ({ note, noteKey: uuid() }));

export const setNoting = (id: string, noting: boolean) => change(id, () => ({ noting }));

/** The answer was sent: nothing of it is left. */
export const sentDraft = (id: string) => change(id, () => ({ text: "", uploads: [], from: undefined, key: "" }));

/** Puts words at the end of what is written already; `needs` are the categories that they hold. */
export function addText(id: string, words: string, needs: string[] = [], suggestion?: Suggestion): void {
  const { text, from } = draftOf(drafts.get(), id);
  setText(id, text.trim() === "" ? words : `${text.trimEnd()}\n\n${words}`);
  if (needs.length > 0 || suggestion) {
    const made = { suggestion: suggestion ?? from?.suggestion, needs: [...(from?.needs ?? []), ...needs] };
    change(id, () => ({ noting: false, from: made }));
  } else change(id, () => ({ noting: false }));
}

/** Puts a suggestion into the box, to be edited. */
export const editSuggestion = (id: string, s: Suggestion) => addText(id, s.text, needs(s), s);

/** The suggestion that a text was made of, as long as a word or a number of it is left. */
export function madeOf({ text, from }: Draft): string | undefined {
  const said = new Set(telling(from?.suggestion?.text ?? ""));
  return said.size === 0 || telling(text).some((word) => said.has(word)) ? from?.suggestion?.id : undefined;
}

/** Shorter words are everybody's. */
const telling = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]{4,}|\p{N}+/gu) ?? [];

/** The categories of the customer's data that a suggestion is made of; elsewhere than at the company's own desk what it answers, too. */
export function needs(s: Suggestion): string[] {
  const words = outside() && s.text ? ["conversation"] : [];
  return [...new Set([...words, ...(s.used ?? []).map((u) => u.category)])].filter((c) => c !== "knowledge");
}

/** Whether what needs these categories may be shown with the conversation as it is known now. */
export function mayShow(of: string[], c: DeskConversation | undefined): boolean {
  if (of.length === 0) return true;
  return Boolean(c && !c.unchecked && of.every((category) => c.shared?.includes(category)));
}

/** Drops what was made of data that is shared no more. Resolves to whether there was any. */
export function blankDraft(c: DeskConversation): boolean {
  const d = drafts.get().of[c.id];
  if (c.unchecked || !d?.from || mayShow(d.from.needs, c)) return false;
  change(c.id, () => ({ text: "", from: undefined, key: "" }));
  return true;
}

/** Most files of one message, and the size of each in bytes: the server's limits. */
export const mostFiles = 10;
const largest = 10 * 1024 * 1024;

/** Uploads files, so that they are there when the answer is sent. */
export function attach(id: string, files: Iterable<File>): void {
  for (const file of files) {
    const key = uuid();
    const { length } = draftOf(drafts.get(), id).uploads;
    let problem = "";
    if (length >= mostFiles) problem = `A message has at most ${mostFiles} files.`;
    else if (file.size > largest) problem = "It is larger than 10 MB.";
    else if (file.size === 0) problem = "It is empty.";
    change(id, (d) => ({ noting: false, uploads: [...d.uploads, { key, name: file.name, size: file.size, problem: problem || undefined }] }));
    if (!problem) void upload(id, key, file);
  }
}

async function upload(id: string, key: string, file: File): Promise<void> {
  const done = (to: Partial<Upload>) =>
    change(id, (d) => ({ uploads: d.uploads.map((u) => (u.key === key ? { ...u, ...to } : u)), key: uuid() }));
  try {
    const path = `/api/desk/conversations/${encodeURIComponent(id)}/attachments?name=${encodeURIComponent(file.name)}`;
    done({ done: await api.upload<Attachment>(path, file) });
  } catch (e) {
    done({ problem: e instanceof ApiError && e.status === 415 && !e.detail ? "Only images and PDF files can be sent." : explain(e) });
  }
}

export const detach = (id: string, key: string) =>
  change(id, (d) => ({ uploads: d.uploads.filter((u) => u.key !== key), key: uuid() }));
