// The admin's pages: the citation log, and what customers ask about their data.
import { render } from "preact";
import { StaffOnly } from "../shared/StaffOnly";
import { LogPage } from "./LogPage";
import { pageAt, requestsPage } from "./pages";
import { RequestsPage } from "./requests/RequestsPage";

const page = pageAt(location.pathname);
document.title = page.title;

render(
  <StaffOnly title={page.title} about={page.about} roles={page.roles}>
    {(me) => (page === requestsPage ? <RequestsPage me={me} /> : <LogPage me={me} />)}
  </StaffOnly>,
  document.getElementById("app")!,
);
