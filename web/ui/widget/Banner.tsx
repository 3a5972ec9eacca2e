import { fill, plural } from "../shared/i18n";
import { line, type Line } from "../shared/line";
import { useStore } from "../shared/store";
import { reason } from "./explain";
import { unsent, type ChatState } from "./state";
import { language, w } from "./words";

/** One line on how things stand, when they do not stand as usual. */
export function Banner({ chat }: { chat: ChatState }) {
  const now = useStore(line);
  const text = standing(chat, now);
  if (!text) return null;
  return (
    <p class="banner" data-testid="banner" role="status">
      {text}
    </p>
  );
}

function standing(chat: ChatState, now: Line): string | undefined {
  if (!now.online) return w.offline;
  if (chat.phase !== "ready") return undefined;
  const waiting = chat.drafts.filter((d) => unsent(d) && !d.refused).length;
  const stuck = (waiting > 0 && chat.stuck) || chat.asking?.stuck || now.trouble;
  if (stuck) return `${reason(stuck)} ${kept()}`;
  if (!now.live) return w.reconnecting;
  switch (chat.state) {
    case "open":
      if (chat.assignee) return fill(w.owned, { name: chat.assignee });
      if (chat.slots) return chat.slots.waiting(chat);
      return chat.queuePosition ? fill(w.queued, { n: chat.queuePosition }) : w.waiting;
    case "resolved":
      return w.resolved;
    case "snoozed":
      return w.snoozed;
    case "pending":
      return undefined;
  }

  // What becomes of what the customer has written or asked for.
  function kept(): string {
    if (waiting === 0) return chat.asking ? w.keptPerson : w.keptWriting;
    return stuck === "busy" || stuck === "failing" ? w.keptSoon : plural(language, waiting, w.keptMessage);
  }
}
