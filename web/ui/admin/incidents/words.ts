// Incidents in words for staff.
import { moment } from "../../shared/time";
import { inWords } from "../../shared/vocabulary";
import { many } from "../review/words";
import type { Clock, IncidentEvent, Told } from "./types";

export const kinds: Record<string, string> = {
  data_shown_to_wrong_person: "Data shown to the wrong person",
  used_without_consent: "Data used without consent",
  wrong_answer: "A wrong answer",
  log_altered: "The log was altered",
  other: "Something else",
};

export const kindInWords = (kind: string): string => kinds[kind] ?? inWords(kind);

export const statuses: Record<string, string> = {
  open: "Open",
  notified: "Notified",
  closed: "Closed",
};

export const statusInWords = (status: string): string => statuses[status] ?? inWords(status);

const laws: Record<string, string> = {
  gdpr: "GDPR: 72 hours",
  anpd: "ANPD: three working days",
};

export const lawInWords = (law: string): string => laws[law] ?? law;

const actions: Record<string, string> = {
  open: "Recorded",
  note: "Noted",
  notify: "Notified",
  close: "Closed",
  reopen: "Opened again",
  change: "Changed",
};

export const actionInWords = (action: string): string => actions[action] ?? inWords(action);

const hour = 3_600_000;

/** "in 30 hours", "2 days late". */
export function leftInWords(due: string, now: number): string {
  const left = new Date(due).getTime() - now;
  const hours = Math.floor(Math.abs(left) / hour);
  const span = hours < 1 ? "under an hour" : hours < 96 ? `${hours} ${hours === 1 ? "hour" : "hours"}` : `${Math.floor(hours / 24)} days`;
  return left > 0 ? `in ${span}` : `${span} late`;
}

const people: Record<Told, string> = { authority: "the authority", customers: "the customers" };

/** "the authority and the customers" */
export const whomInWords = (c: Clock): string => (c.to ?? []).map((t) => people[t] ?? t).join(" and ");

/** What an event set, in words. */
export function changesInWords({ title, changes: c = {} }: IncidentEvent): string[] {
  const out: string[] = [];
  if (c.authority) out.push(`The authority was told ${moment(c.authority, navigator.language)}`);
  if (c.told) out.push(`The customers were told ${moment(c.told, navigator.language)}`);
  if (title) out.push(`Called “${title}”`);
  if (c.kind) out.push(kindInWords(c.kind));
  if (c.found_at) out.push(`Found ${moment(c.found_at, navigator.language)}`);
  if (c.answers !== undefined) out.push(`${many(c.answers, "answer")} affected`);
  if (c.customers !== undefined) out.push(`${many(c.customers, "customer")} affected`);
  return out;
}
