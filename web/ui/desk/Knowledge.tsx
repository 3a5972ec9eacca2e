import { useEffect, useState } from "preact/hooks";
import { plain } from "../shared/plain";
import { api, explain } from "../shared/staff";
import { Dialog } from "./Dialog";
import { addText } from "./drafts";
import type { Article, DeskConversation } from "./types";

type Props = { conversation: DeskConversation; mine: boolean; close: () => void };

/** What the company knows, also what only staff may read. */
export function Knowledge({ conversation: c, mine, close }: Props) {
  const [words, setWords] = useState("");
  const [found, setFound] = useState<Article[]>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const q = words.trim();
    if (q === "") {
      setFound(undefined);
      return;
    }
    let still = true;
    const timer = setTimeout(async () => {
      const query = new URLSearchParams({ q, conversation: c.id, ...(c.language ? { language: c.language } : {}) });
      try {
        const { items } = await api.get<{ items: Article[] | null }>(`/api/desk/knowledge?${query}`);
        if (still) [setFound(items ?? []), setProblem("")];
      } catch (e) {
        if (still) setProblem(explain(e));
      }
    }, pauseBetweenWords);
    return () => {
      still = false;
      clearTimeout(timer);
    };
  }, [words, c.id, c.language]);
  return (
    <Dialog title="Knowledge" testid="knowledge-drawer" drawer close={close}>
      <input
        class="field"
        type="search"
        aria-label="Search what the company knows"
        placeholder="Search what the company knows"
        dir="auto"
        maxLength={400}
        data-testid="knowledge-search"
        value={words}
        onInput={(e) => setWords(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key !== "Escape" || e.isComposing) return;
          e.preventDefault(); // it would empty the field first
          close();
        }}
      />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="quiet" role="status">
        {found ? (found.length === 0 ? "Nothing was found." : `${found.length} found`) : "No customer's data is searched."}
      </p>
      <ul class="articles">
        {found?.map((a) => (
          <li key={a.id} data-testid="article">
            <h3>{a.url ? <a href={a.url} target="_blank" rel="noopener noreferrer">{a.title}</a> : a.title}</h3>
            {a.visibility === "internal" && <span class="tag">Internal, not for customers</span>}
            <p class="said" dir="auto">
              {plain(a.text)}
            </p>
            {mine && a.visibility !== "internal" && (
              <button
                type="button"
                class="button small"
                onClick={() => {
                  addText(c.id, plain(a.text));
                  close();
                }}
              >
                Put it into the answer
              </button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

const pauseBetweenWords = 250;
