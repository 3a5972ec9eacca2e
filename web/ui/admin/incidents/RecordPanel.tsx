import { useEffect, useRef, useState } from "preact/hooks";
import { Close } from "../../shared/icons";
import { explain } from "../../shared/staff";
import { Once } from "../once";
import { useRefusal } from "../refusal";
import { Count } from "./Count";
import { incidents, record } from "./incidents";
import { localNow } from "./moments";
import { kinds } from "./words";

type Props = {
  /** The answer and the site that somebody came from, if they did. */
  answer: string;
  site: string;
  done: (id: string) => void;
  cancel: () => void;
};

/** Records an incident. Its clocks start when it was found, not when it is written down. */
export function RecordPanel({ answer, site: from, done, cancel }: Props) {
  const [site, setSite] = useState(from);
  const [kind, setKind] = useState("");
  const [title, setTitle] = useState("");
  const [notes, setNotes] = useState(answer ? `Answer ${answer}\n` : "");
  const [found, setFound] = useState(localNow);
  const [answers, setAnswers] = useState(answer ? 1 : 0);
  const [customers, setCustomers] = useState(answer ? 1 : 0);
  const [once] = useState(() => new Once());
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);

  async function save() {
    setBusy(true);
    setRefused("");
    try {
      const text = notes.trim();
      const body = { ...(site.trim() ? { site: site.trim() } : {}), kind, title: title.trim(), ...(text ? { notes: text } : {}), found_at: new Date(found).toISOString(), answers, customers };
      const { id } = await record(body, once.keyFor(body));
      void incidents.load();
      done(id);
    } catch (e) {
      setRefused(explain(e));
      setBusy(false);
    }
  }

  return (
    <aside class="detail" data-testid="incident-form" aria-label="Record an incident" onKeyDown={(e) => e.key === "Escape" && !title && cancel()}>
      <header class="detail-head">
        <h2 tabIndex={-1} ref={heading}>
          Record an incident
        </h2>
        <button type="button" class="icon-button" aria-label="Record nothing" onClick={cancel}>
          <Close />
        </button>
      </header>
      <form
        class="act"
        onSubmit={(e) => {
          e.preventDefault();
          void save();
        }}
      >
        <label class="filter">
          In a few words
          <input class="field" required maxLength={200} data-testid="new-title" value={title} onInput={(e) => setTitle(e.currentTarget.value)} />
        </label>
        <label class="filter">
          Kind
          <select class="field" required data-testid="new-kind" value={kind} onChange={(e) => setKind(e.currentTarget.value)}>
            <option value="">Choose one</option>
            {Object.entries(kinds).map(([k, words]) => (
              <option key={k} value={k}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label class="filter">
          Found
          <input class="field" type="datetime-local" required data-testid="new-found" value={found} onInput={(e) => setFound(e.currentTarget.value)} />
        </label>
        <p class="quiet">The law counts from this moment: 72 hours under the GDPR, three working days under the rules of Brazil's ANPD.</p>
        <label class="filter">
          Site
          <input class="field" data-testid="new-site" placeholder="All sites" value={site} onInput={(e) => setSite(e.currentTarget.value)} />
        </label>
        <div class="pair">
          <Count title="Answers affected" testid="new-answers" value={answers} set={setAnswers} />
          <Count title="Customers affected" testid="new-customers" value={customers} set={setCustomers} />
        </div>
        <label class="filter">
          What is known, without the name of a customer
          <textarea class="field" rows={5} maxLength={4000} data-testid="new-notes" value={notes} onInput={(e) => setNotes(e.currentTarget.value)} />
        </label>
        {refused && (
          <p class="problem" role="alert" data-testid="new-refused">
            {refused}
          </p>
        )}
        <div class="act-buttons">
          <button type="submit" class="button small" data-testid="new-save" disabled={busy}>
            {busy ? "Recording…" : "Record it"}
          </button>
          <button type="button" class="button small" disabled={busy} onClick={cancel}>
            Record nothing
          </button>
        </div>
      </form>
    </aside>
  );
}
