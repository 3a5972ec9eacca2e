import { fill } from "../shared/i18n";
import type { ChatState } from "./state";
import { w } from "./words";

/** One line on how things stand, when they do not stand as usual. */
export function Banner({ chat }: { chat: ChatState }) {
  const text = standing(chat);
  if (!text) return null;
  return (
    <p class="banner" data-testid="banner" role="status">
      {text}
    </p>
  );
}

function standing(chat: ChatState): string | undefined {
  if (!chat.online) return w.offline;
  if (chat.phase !== "ready") return undefined;
  if (!chat.live) return w.reconnecting;
  switch (chat.state) {
    case "open":
      if (chat.assignee) return fill(w.owned, { name: chat.assignee });
      return chat.queuePosition ? fill(w.queued, { n: chat.queuePosition }) : w.waiting;
    case "resolved":
      return w.resolved;
    case "snoozed":
      return w.snoozed;
    case "pending":
      return undefined;
  }
}
