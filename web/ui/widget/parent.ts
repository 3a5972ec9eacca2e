// The chat's side of the conversation with the page around it.
import type { ToFrame, ToPage } from "../shared/frame";

export type Hello = Extract<ToFrame, { candor: "hello" }>;

type Listener = { hello(h: Hello): void; ask(text: string): void; shown(): void; hidden(): void };

const origin = new URLSearchParams(location.search).get("parent") ?? "";

/** Whether there is a page around the chat. Opened by itself, it serves a visitor. */
export const embedded = parent !== window && origin !== "";

export function tell(message: ToPage): void {
  if (embedded) parent.postMessage(message, origin);
}

export function listen(listener: Listener): void {
  addEventListener("message", (event: MessageEvent<ToFrame>) => {
    // Which pages may be the parent is decided by the server (frame-ancestors);
    // here the sender must be that parent, on the origin it gave.
    if (!embedded || event.source !== parent || event.origin !== origin) return;
    switch (event.data?.candor) {
      case "hello":
        return listener.hello(event.data);
      case "ask":
        return listener.ask(String(event.data.text));
      case "shown":
        return listener.shown();
      case "hidden":
        return listener.hidden();
    }
  });
  tell({ candor: "ready" });
}

export const askIdentity = () => tell({ candor: "identify" });
export const tellNews = (count: number) => tell({ candor: "news", count });
export const closeChat = () => tell({ candor: "close" });
