import { fill, plural } from "../../shared/i18n";
import type { ChatState } from "../state";
import { language } from "../words";
import { say } from "./words";

/** "You are number 2 in line. It takes about 10 minutes. You can close this and come back." */
export function waiting({ queuePosition, wait }: ChatState): string {
  const opens = wait?.opens_at && soon(new Date(wait.opens_at));
  if (opens) return `${fill(say.closed, { date: opens })} ${say.comeBack}`;
  const place = queuePosition ? fill(say.queued, { n: queuePosition }) : say.waiting;
  const time = wait?.minutes ? length(wait.minutes) : wait?.agents === 0 ? say.nobody : "";
  return [place, time, say.comeBack].filter(Boolean).join(" ");
}

const length = (minutes: number) => (minutes < 120 ? plural(language, minutes, say.about) : plural(language, Math.round(minutes / 60), say.hours));

/** "Monday 09:00", with the date where that could be another Monday. */
function soon(at: Date): string {
  const far = at.getTime() - Date.now() > 6 * 86_400_000;
  return at.toLocaleString(language, { weekday: "long", hour: "2-digit", minute: "2-digit", ...(far ? { day: "numeric", month: "long" } : {}) });
}
