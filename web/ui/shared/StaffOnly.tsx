import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { onBack } from "./line";
import { LineBanner } from "./LineBanner";
import { Login } from "./Login";
import { holds, staff, whoAmI, type Me } from "./staff";
import { useStore } from "./store";

type Props = {
  title: string;
  about: string;
  /** Any of these may come in; the server checks every call again. */
  roles: string[];
  children: (me: Me) => VNode;
};

/** A page for staff with the right role; everybody else gets the login. */
export function StaffOnly({ title, about, roles, children }: Props) {
  const { me } = useStore(staff);
  useEffect(() => {
    const check = () => void whoAmI();
    check();
    // Another tab may have signed in as somebody else meanwhile.
    addEventListener("focus", check);
    const stop = onBack(check);
    return () => {
      removeEventListener("focus", check);
      stop();
    };
  }, []);
  if (me === undefined) {
    return (
      <>
        <LineBanner />
        <p class="empty">One moment…</p>
      </>
    );
  }
  if (me === null) return <Login title={title} about={about} roles={roles} />;
  if (!holds(me, roles)) {
    const note = `You are signed in as ${me.name}, whose role does not open this page. Sign in as somebody else.`;
    return <Login title={title} about={note} roles={roles} />;
  }
  return children(me);
}
