import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { api, explain } from "../shared/staff";
import { addText } from "./drafts";
import type { Canned } from "./types";

/** The replies that are ready, to choose from while one types. */
export function CannedReplies({ conversation, close }: { conversation: string; close: () => void }) {
  const [all, setAll] = useState<Canned[]>();
  const [problem, setProblem] = useState("");
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  const chosen = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => box.current!.focus(), []);
  useEffect(() => {
    api.get<{ items: Canned[] | null }>(`/api/desk/canned?conversation=${encodeURIComponent(conversation)}`).then(
      ({ items }) => setAll(items ?? []),
      (e: unknown) => setProblem(explain(e)),
    );
  }, [conversation]);
  useLayoutEffect(() => chosen.current?.scrollIntoView({ block: "nearest" }), [at]);

  const wanted = words.toLowerCase();
  const found = (all ?? []).filter((c) => `${c.title} ${c.rendered}`.toLowerCase().includes(wanted));
  const back = () => {
    close();
    requestAnimationFrame(() => document.getElementById("reply")?.focus());
  };
  const take = (c: Canned | undefined) => {
    if (!c) return;
    // The customer's name is data that they share, or do not.
    const named = c.text.includes("customer") && !c.missing?.includes("customer") && /\{\{\s*customer\s*\}\}/.test(c.text);
    addText(conversation, c.rendered, named ? ["profile"] : []);
    back();
  };
  return (
    <div
      class="card canned"
      data-testid="canned-list"
      onKeyDown={(e) => {
        if (e.key === "Escape") back();
        else if (e.key === "Enter") take(found[at]);
        else if (e.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
        else if (e.key === "ArrowUp") setAt(Math.max(at - 1, 0));
        else return;
        e.preventDefault();
      }}
    >
      <input
        class="field"
        role="combobox"
        aria-label="Ready replies"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        dir="auto"
        placeholder="Search the ready replies"
        data-testid="canned-search"
        ref={box}
        value={words}
        onInput={(e) => {
          setWords(e.currentTarget.value);
          setAt(0);
        }}
      />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {!all && !problem && <p class="quiet">Loading the ready replies…</p>}
      {all && found.length === 0 && <p class="quiet">{all.length === 0 ? "There are no ready replies yet." : "None of them says that."}</p>}
      <ul role="listbox" id={id} aria-label="Ready replies" tabIndex={-1}>
        {found.map((c, i) => (
          <li
            key={c.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            data-testid="canned-option"
            ref={i === at ? chosen : undefined}
            onClick={() => take(c)}
          >
            <strong dir="auto">{c.title}</strong>
            <span class="canned-text" dir="auto">
              {c.rendered}
            </span>
            {c.missing && c.missing.length > 0 && <span class="due late">You fill in: {c.missing.join(", ")}</span>}
          </li>
        ))}
      </ul>
      <button type="button" class="link small" onClick={back}>
        Close
      </button>
    </div>
  );
}
