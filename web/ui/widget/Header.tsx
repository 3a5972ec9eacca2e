import { Close, Data, Person } from "../shared/icons";
import type { Show } from "./App";
import { embedded, closeChat } from "./parent";
import { withPerson, type ChatState } from "./state";
import { w } from "./words";

/** Who is answering, and the two ways out of the assistant's hands. */
export function Header({ chat, show }: { chat: ChatState; show: Show }) {
  const person = withPerson(chat);
  return (
    <header class="header">
      <div class="who">
        <h1>{chat.brand || w.assistant}</h1>
        <p>{chat.brand ? (person && chat.assignee) || (person ? w.team : w.assistant) : "\u00a0"}</p>
      </div>
      <div class="tools">
        <button type="button" class="tool" data-testid="your-data" disabled={chat.phase !== "ready"} onClick={() => show("yourData")}>
          <Data />
          {w.yourData}
        </button>
        <button
          type="button"
          class="tool"
          data-testid="handoff-open"
          disabled={chat.phase !== "ready" || person || chat.asking !== undefined}
          onClick={() => show("person")}
        >
          <Person />
          {w.person}
        </button>
      </div>
      {embedded && (
        <button type="button" class="tool close" aria-label={w.close} data-testid="close" onClick={closeChat}>
          <Close />
        </button>
      )}
    </header>
  );
}
