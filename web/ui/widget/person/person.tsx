// What belongs to people who answer: how long the wait is, an address to be told at,
// files, what has been seen, what was changed, and what the customer thought of it. A
// module of its own, see lazy.tsx.
import "../App"; // all that it shares with the chat is then in one file
import { useEffect } from "preact/hooks";
import { useStore } from "../../shared/store";
import { tell } from "../parent";
import { peopled, store, unread, type ChatState } from "../state";
import { Contact } from "./Contact";
import { Attach, Files } from "./Files";
import { Before, Body, Marks } from "./Message";
import { Outcome } from "./Outcome";
import { useReading } from "./reading";
import { came, refresh, standing } from "./state";
import { waiting } from "./waiting";

export { loadWords } from "./words";
export const edition = EDITION;

const slots = { Attach, Files, Before, Body, Marks, waiting };

/** What other parts of the chat show once this module is there. */
export type Slots = typeof slots;

/** How the conversation stands with people, after its last message. */
export function Standing({ chat }: { chat: ChatState }) {
  const now = useStore(standing);
  useEffect(() => {
    came(chat);
    store.set({ slots });
  }, [chat.conversation]);
  useEffect(() => void refresh().catch(() => undefined), [chat.conversation, chat.state, chat.assignee]);
  const on = chat.state === "open" || chat.state === "snoozed" || unread(chat) > 0;
  useEffect(() => tell({ candor: "awaits", who: !on ? "" : chat.known ? "customer" : "visitor" }), [on]);
  useReading(chat);
  if (now.conversation !== chat.conversation || !peopled(chat)) return null;
  return (
    <>
      {(chat.state === "open" || chat.state === "snoozed") && <Contact chat={chat} now={now} />}
      {(chat.state === "resolved" || (chat.state === "pending" && now.reason === "given_back")) && <Outcome key={chat.conversation} now={now} />}
    </>
  );
}
