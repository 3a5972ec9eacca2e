// The admin's pages, and who may open them; the server checks every call again.
import { rolesFor } from "./roles";

export type Page = { path: string; title: string; about: string; roles: string[] };

export const citationLog: Page = {
  path: "/admin",
  title: "Citation log",
  about: "Every answer, what it used, and under which consent.",
  roles: rolesFor("open"),
};

export const requestsPage: Page = {
  path: "/admin/requests",
  title: "Requests",
  about: "What customers ask about their data, and by when it is to be answered.",
  roles: rolesFor("requests"),
};

export const sourcesPage: Page = {
  path: "/admin/sources",
  title: "Sources",
  about: "What no answer may use, and what customers were told about it.",
  roles: rolesFor("sources"),
};

export const qualityPage: Page = {
  path: "/admin/quality",
  title: "Quality",
  about: "What reviewers found, in numbers.",
  roles: rolesFor("quality"),
};

export const incidentsPage: Page = {
  path: "/admin/incidents",
  title: "Incidents",
  about: "What went wrong with somebody's data, and by when whom to tell.",
  roles: rolesFor("incidents"),
};

export const accessesPage: Page = {
  path: "/admin/access-log",
  title: "Access log",
  about: "Which member of staff opened what, when and why.",
  roles: rolesFor("accesses"),
};

export const pages = [citationLog, qualityPage, requestsPage, sourcesPage, incidentsPage, accessesPage];

/** The page of an address. */
export function pageAt(path: string): Page {
  return pages.find((p) => p.path === path.replace(/\/$/, "")) ?? citationLog;
}
