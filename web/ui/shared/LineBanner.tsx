import { line, type Line } from "./line";
import { staff } from "./staff";
import { useStore } from "./store";

type Props = {
  /** Whether people write on this page. */
  writes?: boolean;
  /** Something else that does not work now. */
  also?: string;
};

/** What staff need to know when a page is not as fresh as it looks. */
export function LineBanner({ writes, also }: Props) {
  const now = useStore(line);
  const { me, problem } = useStore(staff);
  const text = standing(now);
  return (
    <>
      {text && (
        <p class="line-banner" role="status" data-testid="banner">
          {text} {writes && "What you write stays here."}
        </p>
      )}
      {also && !text && (
        <p class="line-banner" role="status" data-testid="also">
          {also}
        </p>
      )}
      {me && problem && (
        <p class="problem strip" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function standing({ online, live, trouble }: Line): string {
  if (!online) return "Live updates are delayed: you are offline.";
  if (trouble === "away") return "Live updates are delayed: our records can't be reached right now.";
  if (trouble || !live) return "Live updates are delayed: the server can't be reached right now.";
  return "";
}
