// What a role may do in the admin's pages. The server checks every call again: this
// only keeps a page from offering what would be refused.
import { holds, staff } from "../shared/staff";

const allowed = {
  /** Opens what is sealed. */
  open: ["admin", "reviewer", "privacy", "auditor"],
  review: ["admin", "reviewer"],
  /** Hides sources, shows them again, sends corrections. */
  follow: ["admin", "reviewer"],
  requests: ["admin", "privacy", "auditor"],
  accesses: ["admin", "privacy", "auditor"],
  incidents: ["admin", "reviewer", "privacy", "auditor"],
  recordIncident: ["admin", "privacy"],
  quality: ["admin", "reviewer", "privacy", "auditor", "analyst"],
  sources: ["admin", "reviewer", "privacy", "auditor"],
  live: ["admin", "supervisor"],
  report: ["admin", "supervisor", "analyst"],
  queues: ["admin", "supervisor"],
  replies: ["admin", "supervisor"],
  team: ["admin", "auditor"],
  changeTeam: ["admin"],
  webhooks: ["admin"],
} satisfies Record<string, string[]>;

export type Act = keyof typeof allowed;

/** Whether whoever is signed in may do it. */
export function may(act: Act): boolean {
  return holds(staff.get().me, allowed[act]);
}

/** The roles that may. */
export const rolesFor = (act: Act): string[] => allowed[act];
