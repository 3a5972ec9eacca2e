import { useEffect, useRef } from "preact/hooks";
import type { Verification } from "../../shared/types";
import { say } from "./words";

/** The sentences that were removed from an answer, each with why. Only the demo shows them to its customer. */
export function Removed({ removed }: { removed: NonNullable<Verification["removed"]> }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <ul ref={list}>
      {removed.map((r, i) => (
        <li key={i} data-testid="removed">
          <del>{r.text}</del>
          <p>{say.removed[r.reason] ?? say.removed["unsupported"]}</p>
        </li>
      ))}
    </ul>
  );
}
