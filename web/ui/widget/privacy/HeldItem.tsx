import { useRef, useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import { plain } from "../../shared/plain";
import { day } from "../../shared/time";
import { explainChange } from "../explain";
import { categoryName } from "../names";
import { api } from "../session";
import type { ChatState } from "../state";
import { useProblem } from "../useProblem";
import { language, w } from "../words";
import { Form } from "./Form";
import { Problem } from "./Problem";
import type { HeldRecord } from "./types";
import { say } from "./words";

const short = 160; // characters up to which a record is shown whole

type Props = { record: HeldRecord; chat: ChatState; done: () => void };

/** One record, with the way to say that it is wrong, and to remove one's own. */
export function HeldItem({ record: r, chat, done }: Props) {
  const [disputing, setDisputing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const opener = useRef<HTMLButtonElement>(null);
  const path = `/api/me/records/${encodeURIComponent(r.id)}`;
  const title = r.title || categoryName(chat, r.category);

  async function remove() {
    setBusy(true);
    setProblem("");
    try {
      await api.delete(path);
      done();
    } catch (e) {
      setProblem(explainChange(e));
      setBusy(false);
    }
  }

  function close() {
    setDisputing(false);
    requestAnimationFrame(() => opener.current?.focus());
  }

  return (
    <li class="item" data-testid="record" data-category={r.category}>
      <p class="what">{title}</p>
      {r.text.length <= short && <p class="pre said">{plain(r.text)}</p>}
      <p class="quiet">{facts(r, chat)}</p>
      {r.text.length > short && (
        <details>
          <summary>{say.readIt}</summary>
          <p class="pre said">{plain(r.text)}</p>
        </details>
      )}
      {r.disputed && (
        <p class="note" data-testid="disputed">
          {say.disputed}
        </p>
      )}
      {disputing && (
        <Form
          label={say.wrongLabel}
          hint={say.wrongHint}
          action={say.wrongSend}
          testid="dispute-form"
          submit={(text) => api.post(`${path}/dispute`, { text }).then(done)}
          close={close}
        />
      )}
      {!disputing && (!r.disputed || r.mine) && (
        <div class="actions">
          {!r.disputed && (
            <button type="button" class="button small" ref={opener} aria-label={`${say.wrong}: ${title}`} data-testid="dispute" onClick={() => setDisputing(true)}>
              {say.wrong}
            </button>
          )}
          {r.mine && (
            <button type="button" class="button small" aria-label={`${say.remove}: ${title}`} data-testid="remove" disabled={busy} onClick={() => void remove()}>
              {busy ? w.wait : say.remove}
            </button>
          )}
        </div>
      )}
      <Problem text={problem} />
    </li>
  );
}

function facts(r: HeldRecord, chat: ChatState): string {
  const collected = day(r.collected_at, language);
  const expires = day(r.expires, language);
  return [
    categoryName(chat, r.category),
    r.mine ? say.fromYou : r.source && [r.source.system, r.source.ref].filter(Boolean).join(" "),
    collected && fill(w.collected, { date: collected }),
    expires && fill(say.keptUntil, { date: expires }),
  ]
    .filter(Boolean)
    .join(" · ");
}
