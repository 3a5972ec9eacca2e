// The replies that agents have ready.
import { onBack } from "../../shared/line";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";

/** `language` and `queue`: the conversations it is offered in; empty is any. */
export type Reply = { id: string; title: string; text: string; language?: string; queue?: string };

/** What a reply may have filled in, as an agent reads it, and an example. */
export const variables: [name: string, words: string, example: string][] = [
  ["brand", "the name of the shop", "Fernhill"],
  ["agent", "the name of whoever sends it", "Sam"],
  ["customer", "the customer's name, where they share their profile with your team; else the agent fills it in", "Maya"],
  ["ticket", "the number of the ticket", "tkt_5j2k"],
  ["language", "the language of the conversation, as a code", "en"],
];

/** The languages that the assistant speaks. */
export const languages = ["en", "pt-BR", "es", "uk", "ru"];

type State = { replies?: Reply[]; problem: string };

export const replies = new Store<State>({ problem: "" });

export async function readReplies(): Promise<void> {
  try {
    const { items } = await api.get<{ items: Reply[] }>("/api/desk/canned");
    replies.set({ replies: items, problem: "" });
  } catch (e) {
    replies.set({ problem: troubled(e) ? "" : explain(e) });
  }
}

export function openReplies(): () => void {
  void readReplies();
  return onBack(() => void readReplies());
}

const path = (id: string) => `/api/desk/canned/${encodeURIComponent(id)}`;

/** Stores one; resolves to why it was refused, "" if it was not. */
export async function storeReply({ id, ...body }: Reply): Promise<string> {
  try {
    await api.put(path(id), body);
  } catch (e) {
    return explain(e);
  }
  await readReplies();
  return "";
}

export async function removeReply(id: string): Promise<string> {
  try {
    await api.delete(path(id));
  } catch (e) {
    return explain(e);
  }
  await readReplies();
  return "";
}

/** An id for a new reply, made of its title, that no other has. */
export function idFor(title: string, all: Reply[]): string {
  const base =
    title
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 48) || "reply";
  let id = base;
  for (let n = 2; all.some((r) => r.id === id); n++) id = `${base}-${n}`;
  return id;
}

/** The text as a customer might read it. */
export function sample(text: string): string {
  const examples = new Map(variables.map(([name, , example]) => [name, example]));
  return text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (found, name: string) => examples.get(name) ?? found);
}
