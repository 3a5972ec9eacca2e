// Lists that the server gives page by page.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { onBack } from "../../shared/line";
import { useStore } from "../../shared/store";
import { explain } from "../explain";
import { api } from "../session";
import { store } from "../state";
import { w } from "../words";
import { Problem } from "./Problem";
import { say } from "./words";

type Page<T> = { items: T[] | null; next?: string };

export type List<T> = {
  /** Undefined until the first page is there. */
  items: T[] | undefined;
  problem: string;
  busy: boolean;
  more: boolean;
  reload: () => void;
  next: () => void;
};

/**
 * Reads a list, and reads it anew when `version` changes and when the line is good
 * again. When somebody else comes, nothing of it stays.
 */
export function useList<T>(path: string, version: unknown = 0): List<T> {
  const [pages, setPages] = useState<{ items: T[]; next?: string }>();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const latest = useRef(0); // only the last call counts
  const { conversation } = useStore(store);

  async function read(cursor?: string) {
    const mine = ++latest.current;
    setBusy(true);
    try {
      const page = await api.get<Page<T>>(cursor ? `${path}?${new URLSearchParams({ cursor })}` : path);
      if (mine !== latest.current) return;
      const items = page.items ?? [];
      setPages((before) => ({ items: cursor ? [...(before?.items ?? []), ...items] : items, next: page.next }));
      setProblem("");
    } catch (e) {
      if (mine === latest.current) setProblem(explain(e));
    }
    if (mine === latest.current) setBusy(false);
  }

  useEffect(() => setPages(undefined), [conversation]);
  useEffect(() => {
    if (!conversation) return; // nobody is there yet
    void read();
    const stop = onBack(() => void read());
    return () => {
      latest.current++;
      stop();
    };
  }, [path, version, conversation]);

  const next = pages?.next;
  return { items: pages?.items, problem, busy, more: Boolean(next), reload: () => void read(), next: () => void read(next) };
}

type Props<T> = { list: List<T>; empty: string; children: (item: T) => ComponentChildren };

/** A list in each of its states. */
export function ListView<T>({ list, empty, children }: Props<T>) {
  return (
    <>
      {!list.items && !list.problem && <p class="quiet">{w.wait}</p>}
      {list.items?.length === 0 && <p class="quiet">{empty}</p>}
      {list.items && list.items.length > 0 && <ul class="rows">{list.items.map(children)}</ul>}
      {list.problem && <Problem text={list.items ? list.problem : `${say.listFailed} ${list.problem}`} again={list.reload} busy={list.busy} />}
      {list.more && !list.problem && (
        <button type="button" class="button small" data-testid="more" disabled={list.busy} onClick={list.next}>
          {say.more}
        </button>
      )}
    </>
  );
}
