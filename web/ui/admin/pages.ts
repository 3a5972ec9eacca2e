// The admin's pages, and who may open them; the server checks every call again.
import { rolesFor } from "./roles";

/** `part`: which of the two parts of the admin's pages it belongs to. */
export type Page = { path: string; title: string; about: string; roles: string[]; part: Part };

export type Part = "Answers" | "Desk";

export const citationLog: Page = {
  path: "/admin",
  title: "Citation log",
  about: "Every answer, what it used, and under which consent.",
  roles: rolesFor("open"),
  part: "Answers",
};

export const requestsPage: Page = {
  path: "/admin/requests",
  title: "Requests",
  about: "What customers ask about their data, and by when it is to be answered.",
  roles: rolesFor("requests"),
  part: "Answers",
};

export const sourcesPage: Page = {
  path: "/admin/sources",
  title: "Sources",
  about: "What no answer may use, and what customers were told about it.",
  roles: rolesFor("sources"),
  part: "Answers",
};

export const qualityPage: Page = {
  path: "/admin/quality",
  title: "Quality",
  about: "What reviewers found, in numbers.",
  roles: rolesFor("quality"),
  part: "Answers",
};

export const incidentsPage: Page = {
  path: "/admin/incidents",
  title: "Incidents",
  about: "What went wrong with somebody's data, and by when whom to tell.",
  roles: rolesFor("incidents"),
  part: "Answers",
};

export const accessesPage: Page = {
  path: "/admin/access-log",
  title: "Access log",
  about: "Which member of staff opened what, when and why.",
  roles: rolesFor("accesses"),
  part: "Answers",
};

export const livePage: Page = {
  path: "/admin/desk",
  title: "Live",
  about: "Who waits at the desk, and who serves.",
  roles: rolesFor("live"),
  part: "Desk",
};

export const reportPage: Page = {
  path: "/admin/report",
  title: "Report",
  about: "How long customers wait for people, and how it ends.",
  roles: rolesFor("report"),
  part: "Desk",
};

export const queuesPage: Page = {
  path: "/admin/queues",
  title: "Queues",
  about: "Where tickets wait, and which go where.",
  roles: rolesFor("queues"),
  part: "Desk",
};

export const repliesPage: Page = {
  path: "/admin/replies",
  title: "Replies",
  about: "What agents have ready to send.",
  roles: rolesFor("replies"),
  part: "Desk",
};

export const teamPage: Page = {
  path: "/admin/team",
  title: "Team",
  about: "Who works here, and what they may do.",
  roles: rolesFor("team"),
  part: "Desk",
};

export const webhooksPage: Page = {
  path: "/admin/webhooks",
  title: "Webhooks",
  about: "Where events are sent to.",
  roles: rolesFor("webhooks"),
  part: "Desk",
};

export const pages = [
  citationLog,
  qualityPage,
  requestsPage,
  sourcesPage,
  incidentsPage,
  accessesPage,
  livePage,
  reportPage,
  queuesPage,
  repliesPage,
  teamPage,
  webhooksPage,
];

/** The page of an address. */
export function pageAt(path: string): Page {
  return pages.find((p) => p.path === path.replace(/\/$/, "")) ?? citationLog;
}
