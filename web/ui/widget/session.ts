// A session with the server: the bearer token, and how to get another.
import { ApiError, client, type Client } from "../shared/api";
import { askIdentity, embedded, type Hello } from "./parent";
import { place, recall, retain } from "./storage";
import { language } from "./words";

export type Session = {
  token: string;
  /** Null for a visitor. */
  customer: unknown;
  conversation: string;
  site: { name: string; accent?: string };
  demo?: boolean;
};

const site = new URLSearchParams(location.search).get("site") ?? "";
const here = place("candor");

let current: Session | undefined;
let renewal: ((h: Hello) => void) | undefined;
let renewing: Promise<boolean> | undefined;
let beginning: Promise<Session> | undefined;
let told: (s: Session) => void = () => {};

function headers(): Record<string, string> {
  return {
    "Accept-Language": language,
    ...(current ? { Authorization: `Bearer ${current.token}` } : {}),
  };
}

export const authorization = headers;
export const api: Client = client(headers, () => renew());

/**
 * Starts the session of whoever the page says is there. Only a visitor's token
 * is kept for the next page: a customer is asked for again each time, so that
 * nobody is ever shown the conversation of the one who sat here before.
 */
export function begin(h: Hello | undefined): Promise<Session> {
  const mine = (beginning = beginOnce(h).finally(() => beginning === mine && (beginning = undefined)));
  return mine;
}

async function beginOnce(h: Hello | undefined): Promise<Session> {
  // In the body, because a page cannot set the header Sec-GPC, and because the
  // browser sends the signal of this frame only.
  const gpc = h?.gpc ?? (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
  const identity = h?.identity ?? undefined;
  if (h?.fresh || identity) keep(undefined);
  const kept = identity ? undefined : recall<Session>(here);
  if (kept) {
    current = kept;
    return kept;
  }
  current = undefined;
  current = await once.post<Session>("/api/session", { site, identity, gpc, language });
  if (!current.customer) keep(current);
  return current;
}

/** For calls that must not try to renew the session. */
export const once = client(headers);

/** Calls back with every renewed session: its conversation may be another. */
export const onRenewed = (callback: (s: Session) => void) => (told = callback);

/** After a 401: a new token from the page, and a new session with it. */
export function renew(): Promise<boolean> {
  // Somebody is signing in at this moment: the page must not be asked who is there.
  if (beginning && !renewing) return beginning.then(() => true, () => false);
  // Several calls may be refused at once; one renewal serves them all.
  renewing ??= renewOnce().finally(() => (renewing = undefined));
  return renewing;
}

async function renewOnce(): Promise<boolean> {
  keep(undefined);
  try {
    told(await begin(embedded ? await identifyAgain() : undefined));
    return true;
  } catch (e) {
    // What failed for now says nothing about who is there.
    if (e instanceof ApiError && e.passing) throw e;
    return false;
  }
}

/** Asks the page once more who is there: a token works once. */
export async function identifyAgain(): Promise<Hello> {
  try {
    const h = await new Promise<Hello>((resolve, reject) => {
      renewal = resolve;
      setTimeout(() => reject(new ApiError(401)), 10_000);
      askIdentity();
    });
    if (h.failed) throw new ApiError(401);
    return h;
  } finally {
    renewal = undefined;
  }
}

/** Gives a hello to a renewal that waits for one; false when none does. */
export function answersRenewal(h: Hello): boolean {
  if (!renewal || h.fresh) return false;
  renewal(h);
  return true;
}

const keep = (session: Session | undefined) => retain(here, session);
