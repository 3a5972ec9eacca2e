// The admin's pages: the citation log and what follows from it, what customers ask
// about their data, and the desk as who leads it sees it.
import { render } from "preact";
import { StaffOnly } from "../shared/StaffOnly";
import { holds, type Me } from "../shared/staff";
import { AccessesPage } from "./accesses/AccessesPage";
import { LivePage } from "./desk/LivePage";
import { QueuesPage } from "./desk/QueuesPage";
import { RepliesPage } from "./desk/RepliesPage";
import { ReportPage } from "./desk/ReportPage";
import { TeamPage } from "./desk/TeamPage";
import { WebhooksPage } from "./desk/WebhooksPage";
import { IncidentsPage } from "./incidents/IncidentsPage";
import { LogPage } from "./LogPage";
import {
  accessesPage,
  citationLog,
  incidentsPage,
  livePage,
  pageAt,
  pages,
  qualityPage,
  queuesPage,
  repliesPage,
  reportPage,
  requestsPage,
  sourcesPage,
  teamPage,
  webhooksPage,
} from "./pages";
import { QualityPage } from "./quality/QualityPage";
import { RequestsPage } from "./requests/RequestsPage";
import { SourcesPage } from "./sources/SourcesPage";

const page = pageAt(location.pathname);
document.title = page.title;

// Whoever works here comes in by the first page; where it is not for them, they are led on.
const roles = page === citationLog ? pages.flatMap((p) => p.roles) : page.roles;

function Open({ me }: { me: Me }) {
  if (!holds(me, page.roles)) {
    location.replace(pages.find((p) => holds(me, p.roles))!.path);
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
    case livePage:
      return <LivePage me={me} />;
    case reportPage:
      return <ReportPage me={me} />;
    case queuesPage:
      return <QueuesPage me={me} />;
    case repliesPage:
      return <RepliesPage me={me} />;
    case teamPage:
      return <TeamPage me={me} />;
    case webhooksPage:
      return <WebhooksPage me={me} />;
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
