import { ID } from "../ID";
import type { Link } from "./team";

/** How somebody comes to a password. */
export function PasswordLink({ link: l, email, holds }: { link: Link; email: string; holds: string }) {
  if (!l.link) {
    return (
      <p role="status" data-testid="link-sent">
        A mail with a link is on its way to {email}. It works once, for {holds}.
      </p>
    );
  }
  return (
    <div class="secret" role="status">
      <p>No mail is set up here, so give this link to them yourself. It works once, for {holds}, and is not shown again.</p>
      <p data-testid="link">
        {/* Where the server was not told its own address, it is the one that this page has. */}
        <ID value={new URL(l.link, location.href).href} what="the link" />
      </p>
    </div>
  );
}
