// Staff on the desk and in the admin's pages: a cookie session, and the CSRF
// token that goes with everything that is not a GET.
import { ApiError, client, type Client, type Headers } from "./api";
import { line } from "./line";
import { Store } from "./store";

/** `recipient`: whose desk they work at, if not the company's own. */
export type Me = { id?: string; name: string; email?: string; roles: string[]; recipient?: string; csrf: string };

// Roles that an administrator does not hold too: they only take rights away.
const apart = ["analyst", "auditor"];

/** Whether somebody holds one of the roles, as the server decides it: an administrator holds every role of who works. */
export function holds(me: Me | null | undefined, roles: string[]): boolean {
  if (!me) return false;
  const admin = me.roles.includes("admin") && !me.recipient;
  return roles.some((r) => me.roles.includes(r) || (admin && !apart.includes(r)));
}

export type StaffState = {
  /** Undefined until it is known, null when nobody is signed in. */
  me: Me | null | undefined;
  problem: string;
};

export const staff = new Store<StaffState>({ me: undefined, problem: "" });

export const api: Client = client(
  (method): Headers => (method === "GET" ? {} : { "X-CSRF-Token": staff.get().me?.csrf ?? "" }),
  async () => {
    // The session ended: the login comes back, and nothing is tried again unseen.
    if (staff.get().me) staff.set({ me: null, problem: "Your session has ended. Sign in again." });
    return false;
  },
);

/** Whether who is signed in works at somebody else's desk, and is told less. */
export const outside = () => Boolean(staff.get().me?.recipient);

export async function whoAmI(): Promise<void> {
  try {
    staff.set({ me: await api.get<Me>("/api/staff/me"), problem: "" });
  } catch (e) {
    const out = e instanceof ApiError && e.status === 401;
    // A server that cannot be reached signs nobody out, nor does it ask who is there.
    if (out || (!staff.get().me && !troubled(e))) staff.set({ me: null, problem: out ? "" : explain(e) });
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  try {
    await api.post("/api/staff/login", { email, password });
    await whoAmI();
  } catch (e) {
    staff.set({ problem: e instanceof ApiError && e.status === 401 ? e.detail || "This e-mail and password do not match." : explain(e) });
  }
}

export async function signOut(): Promise<void> {
  try {
    await api.post("/api/staff/logout");
    staff.set({ me: null, problem: "" });
  } catch (e) {
    if (staff.get().me) staff.set({ problem: `You are still signed in. ${explain(e)}` });
  }
}

/** Whether a failure is the line's: a banner says so, and it is tried again by itself. */
export const troubled = (e: unknown) => e instanceof ApiError && e.trouble !== undefined;

/** An error in plain words, the server's own first. */
export function explain(e: unknown): string {
  if (!(e instanceof ApiError)) return "Something went wrong in this page.";
  if (e.status === 0) return line.get().online ? "The server does not answer." : "You are offline.";
  if (e.detail) return e.detail;
  return e.status === 403 ? "Your role does not allow this." : "Something went wrong on the server.";
}
