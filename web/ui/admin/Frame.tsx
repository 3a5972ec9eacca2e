import type { ComponentChildren } from "preact";
import { Back } from "../shared/icons";
import { LineBanner } from "../shared/LineBanner";
import { holds, signOut, type Me } from "../shared/staff";
import { pages, type Page } from "./pages";

type Props = {
  page: Page;
  me: Me;
  /** Whether something of the list is open beside it. */
  one: boolean;
  children: ComponentChildren;
};

/** What every page of the admin has: its name, the way to the others, who is signed in. */
export function Frame({ page, me, one, children }: Props) {
  const all = pages.filter((p) => holds(me, p.roles));
  const open = all.filter((p) => p.part === page.part);
  const other = all.find((p) => p.part !== page.part);
  return (
    <div class={one ? "admin one" : "admin"}>
      <header class="bar">
        <h1>{page.title}</h1>
        {all.length > 1 && (
          <nav aria-label="Pages">
            {other && (
              <a class="page-link other-part" href={other.path} data-testid="other-part">
                <Back /> {other.part}
              </a>
            )}
            {open.map((p) => (
              <a key={p.path} class="page-link" href={p.path} aria-current={p === page ? "page" : undefined}>
                {p.title}
              </a>
            ))}
          </nav>
        )}
        <p class="quiet">{me.name}</p>
        {page.part === "Desk" && holds(me, ["agent", "supervisor"]) && (
          <a class="button small" href="/desk">
            Open the desk
          </a>
        )}
        <button type="button" class="button small" onClick={() => void signOut()}>
          Sign out
        </button>
      </header>
      <LineBanner />
      <div class="admin-body">{children}</div>
    </div>
  );
}
