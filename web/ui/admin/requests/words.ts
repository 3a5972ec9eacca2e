// Requests in words for staff.
import { day } from "../../shared/time";
import { isClosed, type Request, type RequestEvent } from "./types";

const kinds: Record<string, string> = {
  access: "Access",
  rectification: "Correction",
  erasure: "Erasure",
  complaint: "Complaint",
};

export const kindInWords = (kind: string) => kinds[kind] ?? kind;

const complaints: Record<string, string> = {
  wrong: "The answer is said to be wrong",
  wrong_source: "The answer is said to rely on the wrong source",
  should_not_use: "The answer is said to use data that it should not have",
  tone: "The tone of the answer is complained about",
  other: "Something else about the answer is complained about",
};

export const complaintInWords = (kind: string) => complaints[kind] ?? kind;

const statuses: Record<string, string> = {
  open: "Open",
  in_progress: "In progress",
  done: "Done",
  refused: "Refused",
};

export const statusInWords = (status: string) => statuses[status] ?? status;

const actions: Record<string, string> = {
  open: "Asked",
  start: "Started",
  note: "Noted",
  done: "Closed as done",
  refuse: "Refused",
  reopen: "Opened again",
  erased: "Closed: the customer was erased",
};

export const actionInWords = (action: string) => actions[action] ?? action;

export const outcomes: Record<string, string> = {
  corrected: "The record was corrected at its source",
  removed: "The record is removed here",
  kept: "The record is right, and is used again",
};

/** Who did it: a name, or what kind of speaker it was. */
export function actorInWords(e: RequestEvent): string {
  if (e.name) return e.name;
  const [kind = ""] = e.actor.split(":");
  return { customer: "The customer", visitor: "The visitor", site: "The site", system: "Candor", staff: "Somebody who has left" }[kind] ?? kind;
}

const hour = 3_600_000;

/** "in 3 days", "2 days late"; of a closed one when it was closed. */
export function dueInWords(r: Request, now: number): string {
  if (isClosed(r)) return r.closed ? `Closed ${day(r.closed, navigator.language)}` : "Closed";
  const left = new Date(r.due).getTime() - now;
  const span = inWords(Math.abs(left));
  return left > 0 ? `In ${span}` : `${span} late`;
}

function inWords(ms: number): string {
  const hours = Math.floor(ms / hour);
  if (hours < 1) return "under an hour";
  if (hours < 48) return hours === 1 ? "1 hour" : `${hours} hours`;
  return `${Math.floor(hours / 24)} days`;
}
