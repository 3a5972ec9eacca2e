import type { ComponentChildren } from "preact";
import type { List, ListState, Page } from "./list";

type Props<N extends string, P extends Page<unknown>, D> = {
  list: List<N, P, D>;
  state: ListState<N, P, D>;
  /** The class of the table, beside that of every list. */
  kind?: string;
  columns: string[];
  loading: string;
  more: string;
  /** What stands where nothing is. */
  empty: ComponentChildren;
  /** The rows. */
  children: ComponentChildren;
};

/** A list: a table where there is room, cards on a phone. */
export function ListTable<N extends string, P extends Page<unknown>, D>({ list, state, kind, columns, loading, more, empty, children }: Props<N, P, D>) {
  const { items, page, problem } = state;
  return (
    <>
      {problem && (
        <div class="problem" role="alert">
          <p>{problem}</p>
          <button type="button" class="button small" onClick={() => void list.load()}>
            Load the list again
          </button>
        </div>
      )}
      {!items && !problem && <p class="empty">{loading}</p>}
      {items?.length === 0 && !state.loading && (
        <div class="empty" data-testid="list-empty">
          {empty}
        </div>
      )}
      {items && items.length > 0 && (
        <Rows kind={kind} columns={columns} busy={state.loading}>
          {children}
        </Rows>
      )}
      {page?.next && (
        <p class="load-more">
          <button type="button" class="button" data-testid="load-more" disabled={state.loading} onClick={() => void list.load(true)}>
            {state.loading ? "Loading…" : more}
          </button>
        </p>
      )}
    </>
  );
}

type RowsProps = { kind?: string; columns: string[]; busy?: boolean; children: ComponentChildren };

/** The rows under the names of their columns. */
export function Rows({ kind, columns, busy, children }: RowsProps) {
  return (
    <table class={kind ? `entries ${kind}` : "entries"} aria-busy={busy}>
      <thead>
        <tr>
          {columns.map((c) => (
            <th key={c} scope="col" class={c === "" ? "acts" : undefined}>
              {c}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

type RowProps = { id: string; testid: string; selected: boolean; link: ComponentChildren; note?: ComponentChildren; children: ComponentChildren };

/** A row that opens what it stands for. */
export function ListRow({ id, testid, selected, link, note, children }: RowProps) {
  return (
    <tr class={selected ? "selected" : ""} data-testid={testid} data-row={id} onClick={() => (location.hash = id)}>
      <td class="question">
        {/* The link is what the keyboard reaches; the row is only a larger target. */}
        <a href={`#${id}`} aria-current={selected ? "true" : undefined}>
          {link}
        </a>
        {note}
      </td>
      {children}
    </tr>
  );
}
