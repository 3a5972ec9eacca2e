// How a choice stands, in words.
import { fill } from "../../shared/i18n";
import { day } from "../../shared/time";
import { agreed, type Choice } from "../../shared/types";
import type { ChatState } from "../state";
import { language } from "../words";
import { say } from "./words";

export function standing(c: Choice, chat: ChatState): string {
  if (c.reason === "notice_changed") return say.standing.paused;
  if (c.reason === "minor") return say.standing.minor;
  // The browser's signal masks companies outside; the choice stays as it is.
  const consents = chat.consents;
  if (!consents?.gpc || !consents.labels?.recipients?.[c.recipient]?.third_party) return inWords(c, chat);
  return agreed(c) ? `${inWords(c, chat)}. ${say.standing.masked}` : say.standing.masked;
}

function inWords(c: Choice, chat: ChatState): string {
  const since = day(c.since, language);
  const until = day(c.expires, language);
  const text = until ? say.states[`${c.state}_until`] : undefined;
  return fill(text ?? say.states[c.state] ?? say.states["none"]!, { brand: chat.brand, since, until });
}
