import { useEffect } from "preact/hooks";
import { inConversation } from "../outbox";
import { api } from "../session";
import { store, type ChatState } from "../state";
import { came } from "./state";

/** Says up to where the customer has read: as far as is, or has been, before their eyes. */
export function useReading(chat: ChatState): void {
  const newest = chat.messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    const log = document.querySelector(".log")!;
    const since = performance.now();
    let visible = false;
    const look = () => visible && document.visibilityState === "visible" && read(newest);
    const observer = new IntersectionObserver((entries) => {
      const before = visible;
      visible = entries.at(-1)!.isIntersecting;
      // A chat that is not shown may be told of nothing until the page shows it again.
      if (visible && !before && (hidden || performance.now() - since > drawn)) came(store.get());
      hidden = !visible;
      look();
    });
    // A frame that is not shown has nothing that intersects.
    observer.observe(log);
    document.addEventListener("visibilitychange", look);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, [newest, chat.conversation]);
}

const drawn = 1000; // ms, within which a chat that is shown has been drawn
let hidden = false;

// The mark only rises; what fails now is said with the next message, or on return.
function read(seq: number): void {
  const { read } = store.get();
  if (!read || seq <= read.customer) return;
  store.set({ read: { ...read, customer: seq } });
  inConversation((path) => api.post(`${path}/read`, { seq })).catch(() => undefined);
}
