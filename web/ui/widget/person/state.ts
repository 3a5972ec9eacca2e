// What belongs to people and only they need: the address that was left, the rating, and
// what was new when the customer came.
import { Store } from "../../shared/store";
import type { Conversation } from "../../shared/types";
import { inConversation } from "../outbox";
import { api } from "../session";
import { store, type ChatState } from "../state";

type Standing = Pick<Conversation, "reason" | "contact" | "contact_offered" | "rating" | "may_confirm"> & {
  conversation: string;
  /** The newest message when the customer came, or came back. */
  last: number;
  /** What they had read of people until then. */
  read: number;
  /** The message that they are changing. */
  editing?: string;
};

const nothing: Standing = { conversation: "", last: 0, read: 0 };

export const standing = new Store<Standing>(nothing);

/** From here on, what people have written is new. */
export function came(chat: ChatState): void {
  const last = chat.messages.at(-1)?.seq ?? 0;
  standing.set({ ...(standing.get().conversation === chat.conversation ? {} : nothing), conversation: chat.conversation, last, read: chat.read?.customer ?? last });
}

/** Reads how the conversation stands, beyond what the stream tells. */
export async function refresh(): Promise<void> {
  const { conversation } = store.get();
  const now = await inConversation((path) => api.get<Conversation>(path));
  if (store.get().conversation !== conversation) return;
  const { reason, contact, contact_offered, rating, may_confirm } = now;
  standing.set({ reason, contact, contact_offered, rating, may_confirm });
  if (now.state === store.get().state) store.set({ wait: now.wait });
}

const near = 80; // as the log has it

/** Shows what has come to the end of the log to who was reading there. */
export function stayAtEnd(e: HTMLElement): void {
  const log = e.closest(".log")!;
  if (log.scrollHeight - e.offsetHeight - log.scrollTop - log.clientHeight < near) log.scrollTop = log.scrollHeight;
}
