// Who works here, and what is done to their accounts.
import { onBack } from "../../shared/line";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";

export type Seat = { queues: string[]; skills: string[]; languages: string[]; capacity: number };

export type Member = {
  id: string;
  name: string;
  email: string;
  roles: string[];
  languages: string[];
  disabled: boolean;
  /** They have a password. */
  active: boolean;
  /** Until when their invitation can be used. */
  invited_until?: string;
  /** Whose desk they work at, if not the company's own. */
  recipient?: string;
  seat?: Seat;
};

/** What was done to an account, and by whom if that is known. */
export type AccountEvent = { at: string; by?: { id: string; name: string }; action: string; detail?: string };

/** What somebody serves of whom nothing is set: everything. */
export const seatOf = (m: Member): Seat => m.seat ?? { queues: [], skills: [], languages: [], capacity: 4 };

/** Whether they hold a role of the desk's. */
export const atDesk = (roles: string[]) => roles.some((r) => r === "agent" || r === "supervisor");

/** The link to a password, where no mail is sent. */
export type Link = { mailed: boolean; link?: string };

type State = { members?: Member[]; mails: boolean; problem: string };

export const team = new Store<State>({ mails: false, problem: "" });

export async function readTeam(): Promise<void> {
  try {
    const { items, mails } = await api.get<{ items: Member[]; mails: boolean }>("/api/admin/staff");
    team.set({ members: items, mails, problem: "" });
  } catch (e) {
    team.set({ problem: troubled(e) ? "" : explain(e) });
  }
}

export function openTeam(): () => void {
  void readTeam();
  return onBack(() => void readTeam());
}

const path = (id: string) => `/api/admin/staff/${encodeURIComponent(id)}`;

/** Invites somebody; resolves to what came of it, or why it was refused. */
export async function invite(body: object, key: string): Promise<Link | string> {
  try {
    return await api.post<Link>("/api/admin/staff", body, key);
  } catch (e) {
    return explain(e);
  } finally {
    await readTeam(); // where its seat was refused the account is there
  }
}

/** Makes a new link to a password; resolves to it, or why it was refused. */
export async function newLink(id: string): Promise<Link | string> {
  try {
    return await api.post<Link>(`${path(id)}/link`);
  } catch (e) {
    return explain(e);
  } finally {
    await readTeam();
  }
}

/** Changes an account; resolves to why it was refused, "" if it was not. */
export async function changeMember(id: string, body: object): Promise<string> {
  try {
    await api.patch(path(id), body);
  } catch (e) {
    return explain(e);
  }
  await readTeam();
  return "";
}

/** What was done to an account, as the server has it. */
export async function readHistory(id: string): Promise<AccountEvent[]> {
  return (await api.get<{ history: AccountEvent[] }>(path(id))).history;
}
