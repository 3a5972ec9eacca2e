// How categories, purposes and recipients are called on the screen. The policy's
// own labels come first; the dictionary covers a visitor, who has none loaded.
import { fill } from "../shared/i18n";
import type { Answer, Choice, NotSearched, Triple } from "../shared/types";
import { agreed } from "../shared/types";
import type { ChatState } from "./state";
import { w } from "./words";

const plain = (id: string) => id.replace(/_/g, " ");

export const categoryName = (chat: ChatState, id: string) =>
  chat.consents?.labels?.categories?.[id]?.label ?? w.yours[id] ?? plain(id);

export const purposeName = (chat: ChatState, id: string) => chat.consents?.labels?.purposes?.[id]?.label ?? plain(id);

/** An outside company may be in what was done under a policy that is over. */
export function recipientName(chat: ChatState, id: string): string {
  const label = chat.consents?.labels?.recipients?.[id]?.label;
  if (label) return label;
  return id.startsWith(outside) ? fill(w.outsideAI, { name: id.slice(outside.length) }) : plain(id);
}

const outside = "ai_provider:";
const inHouse = "brand_ai";

/** Who wrote an answer: a language model and whose it is, or none. */
export function writer(chat: ChatState, model: { name: string; recipient: string }): string {
  if (model.name === "extractive") return w.writtenByNone;
  if (model.recipient === inHouse) return fill(w.writtenHere, { model: model.name, brand: chat.brand });
  return fill(w.writtenOutside, { model: model.name, recipient: recipientName(chat, model.recipient) });
}

/** Whether a category was looked at, and an outside model was not given what was found. */
export function withheld(chat: ChatState, answer: Answer, n: NotSearched): boolean {
  if (n.reason !== "recipient_denied") return false;
  // Where the company's own AI may be allowed a category at all, it is never the one denied.
  const own = (t: Triple) => t.category === n.category && t.recipient === inHouse && t.purpose === "answers";
  return (answer.used ?? []).some(own) || (chat.consents?.choices ?? []).some(own);
}

/** "my orders" */
export const mine = (chat: ChatState, id: string) => w.mine[id] ?? `“${categoryName(chat, id)}”`;

/** "your orders" */
export const yours = (chat: ChatState, id: string) =>
  chat.consents?.labels?.categories?.[id]?.phrase ?? w.yours[id] ?? categoryName(chat, id);

/** Every yes to using a category for a purpose, whoever gets it; also one that is masked or paused now. */
export function allowing(chat: ChatState, purpose: string, category: string): Choice[] {
  return (chat.consents?.choices ?? []).filter((c) => c.purpose === purpose && c.category === category && agreed(c));
}
