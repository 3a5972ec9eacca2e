// What the endpoints of incidents return.
import type { Person } from "../types";

export type IncidentStatus = "open" | "notified" | "closed";

/** Who has to be told. */
export type Told = "authority" | "customers";

/** By when somebody has to be told, by one law. */
export type Clock = {
  law: "gdpr" | "anpd" | string;
  to: Told[] | null;
  due: string;
  /** It is the law of the site's jurisdiction. */
  binding: boolean;
  /** When all of them were told. */
  met?: string;
  overdue: boolean;
};

export type Incident = {
  id: string;
  /** None: it concerns all sites. */
  site?: string;
  title: string;
  kind: string;
  status: IncidentStatus | string;
  found_at: string;
  /** How many were affected, as far as is known. */
  answers: number;
  customers: number;
  clocks: Clock[] | null;
  overdue: boolean;
  /** Of the clocks that bind, the next. */
  due?: string;
};

export type IncidentPage = { items: Incident[] | null; next?: string };

/** Who was told, and when. */
export type Notification = { to: Told; at: string; note?: string };

export type IncidentEvent = {
  at: string;
  by?: Person | null;
  action: string;
  note?: string;
  /** Where it was given another one. */
  title?: string;
  changes?: { kind?: string; found_at?: string; answers?: number; customers?: number; authority?: string; told?: string };
};

export type IncidentDetail = Incident & {
  /** What was known at the beginning. */
  notes?: string;
  notifications: Notification[] | null;
  history: IncidentEvent[] | null;
  may_act: boolean;
};
