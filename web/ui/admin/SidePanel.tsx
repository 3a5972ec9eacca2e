import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Close } from "../shared/icons";
import type { List, ListState, Page } from "./list";

type Props<N extends string, P extends Page<unknown>, D> = {
  list: List<N, P, D>;
  state: ListState<N, P, D>;
  /** What it is one of: "answer". */
  what: string;
  testid: string;
  /** What it is called, once it is there. */
  title?: string;
  /** What stands above its name. */
  above?: ComponentChildren;
  children: ComponentChildren;
};

/** One of a list, beside it. */
export function SidePanel<N extends string, P extends Page<unknown>, D>({ list, state, what, testid, title, above, children }: Props<N, P, D>) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { detail, detailProblem, selected } = state;
  const there = detail !== undefined;
  useEffect(() => heading.current?.focus(), [there]);
  const close = () => {
    location.hash = "";
    // Back to the row that was open.
    document.querySelector<HTMLElement>(`[data-row="${CSS.escape(selected)}"] a`)?.focus();
  };
  return (
    <aside class="detail" data-testid={testid} aria-label={`One ${what}`} onKeyDown={(e) => e.key === "Escape" && close()}>
      {above}
      <header class="detail-head">
        <h2 tabIndex={-1} ref={heading}>
          {title ?? `One ${what}`}
        </h2>
        <button type="button" class="icon-button" aria-label={`Close this ${what}`} data-testid={`${testid}-close`} onClick={close}>
          <Close />
        </button>
      </header>
      {detailProblem && (
        <div class="problem" role="alert">
          <p>{detailProblem}</p>
          <button type="button" class="button small" onClick={() => void list.loadDetail()}>
            Load it again
          </button>
        </div>
      )}
      {!there && !detailProblem && <p class="quiet">Loading the {what}…</p>}
      {children}
    </aside>
  );
}
