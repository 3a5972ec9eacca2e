import { useEffect } from "preact/hooks";
import { inConversation } from "../outbox";
import { api } from "../session";
import { store, type ChatState } from "../state";
import { came } from "./state";

/** Says up to where the customer has read: as far as is, or has been, before their eyes. */
export function useReading(chat: ChatState): void {
  const newest = chat.messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    let shown = false;
    function look() {
      if (document.visibilityState !== "visible") return store.set({ away: true });
      if (!shown) return;
      if (store.get().away) {
        came(store.get());
        store.set({ away: false });
      }
      read(newest);
    }
    // In a frame that is not shown nothing intersects. One that observes anew is told
    // where it stands, so whoever comes back is seen however soon that is.
    const observer = new IntersectionObserver((entries) => {
      shown = entries.at(-1)!.isIntersecting;
      look();
    });
    observer.observe(document.querySelector(".log")!);
    document.addEventListener("visibilitychange", look);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, [newest, chat.conversation, chat.away]);
}

// The mark only rises; what fails now is said with the next message, or on return.
function read(seq: number): void {
  const { read } = store.get();
  if (!read || seq <= read.customer) return;
  store.set({ read: { ...read, customer: seq } });
  inConversation((path) => api.post(`${path}/read`, { seq })).catch(() => undefined);
}
