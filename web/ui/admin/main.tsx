// The admin's pages: the citation log and what follows from it, and what customers
// ask about their data.
import { render } from "preact";
import { StaffOnly } from "../shared/StaffOnly";
import type { Me } from "../shared/staff";
import { AccessesPage } from "./accesses/AccessesPage";
import { IncidentsPage } from "./incidents/IncidentsPage";
import { LogPage } from "./LogPage";
import { accessesPage, citationLog, incidentsPage, pageAt, pages, qualityPage, requestsPage, sourcesPage } from "./pages";
import { QualityPage } from "./quality/QualityPage";
import { RequestsPage } from "./requests/RequestsPage";
import { SourcesPage } from "./sources/SourcesPage";

const page = pageAt(location.pathname);
document.title = page.title;

// Whoever works here comes in by the first page; where it is not for them, they are led on.
const roles = page === citationLog ? pages.flatMap((p) => p.roles) : page.roles;

function Open({ me }: { me: Me }) {
  if (!me.roles.some((r) => page.roles.includes(r))) {
    location.replace(pages.find((p) => me.roles.some((r) => p.roles.includes(r)))!.path);
    return <p class="empty">One moment…</p>;
  }
  switch (page) {
    case qualityPage:
      return <QualityPage me={me} />;
    case requestsPage:
      return <RequestsPage me={me} />;
    case sourcesPage:
      return <SourcesPage me={me} />;
    case incidentsPage:
      return <IncidentsPage me={me} />;
    case accessesPage:
      return <AccessesPage me={me} />;
    default:
      return <LogPage me={me} />;
  }
}

render(
  <StaffOnly title={page.title} about={page.about} roles={roles}>
    {(me) => <Open me={me} />}
  </StaffOnly>,
  document.getElementById("app")!,
);
