// The admin's pages, and who may open them; the server checks every call again.
export type Page = { path: string; title: string; about: string; roles: string[] };

export const citationLog: Page = {
  path: "/admin",
  title: "Citation log",
  about: "Every answer, what it used, and under which consent.",
  roles: ["admin", "reviewer", "privacy", "auditor"],
};

export const requestsPage: Page = {
  path: "/admin/requests",
  title: "Requests",
  about: "What customers ask about their data, and by when it is to be answered.",
  roles: ["admin", "privacy", "auditor"],
};

export const pages = [citationLog, requestsPage];

/** The page of an address. */
export function pageAt(path: string): Page {
  return pages.find((p) => p.path === path.replace(/\/$/, "")) ?? citationLog;
}
