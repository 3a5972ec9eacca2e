// What the page (loader.js) and the chat (its iframe) say to each other. Both
// sides check the origin of every message, and send to an exact origin.

/** From the page to the chat. */
export type ToFrame =
  | {
      candor: "hello";
      /** A site token, or null for a visitor. */
      identity: string | null;
      /** The page could not find out who the customer is; guessing is not allowed. */
      failed: boolean;
      gpc: boolean;
      language: string;
      color: string;
      /** This person replaces whoever was here. */
      fresh: boolean;
    }
  | { candor: "ask"; text: string }
  | { candor: "shown" }
  | { candor: "hidden" };

/**
 * From the chat to the page. `identify`: the session ended, a new token is
 * needed. `news`: how many messages of people are unread. `awaits`: who has
 * something to come back for.
 */
export type ToPage =
  | { candor: "ready" }
  | { candor: "close" }
  | { candor: "identify" }
  | { candor: "news"; count: number }
  | { candor: "awaits"; who: "" | "visitor" | "customer" };
