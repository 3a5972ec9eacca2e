import { useEffect, useId, useRef, useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import { explain } from "../explain";
import { inConversation } from "../outbox";
import { api } from "../session";
import { place, recall, retain } from "../storage";
import { useProblem } from "../useProblem";
import { standing, stayAtEnd } from "./state";
import { say } from "./words";
import { Wrong } from "./Wrong";

const scores = [1, 2, 3, 4, 5];
const longestComment = 2000;
const here = place("candor-unrated");

type Shown = "yes" | "no" | "unsure";

/** What the customer thinks of it: whether it is solved, and then how it was. */
export function Outcome({ now }: { now: ReturnType<typeof standing.get> }) {
  const [changing, setChanging] = useState(false);
  const [left, setLeft] = useState(recall<string>(here) === now.conversation);
  const box = useRef<HTMLDivElement>(null);
  const step = now.may_confirm ? "solved" : left ? "left" : now.rating && !changing ? "rated" : "rating";
  const first = useRef(step);
  useEffect(() => {
    // What was pressed is gone: the focus goes to what stands in its place.
    if (step !== first.current) box.current?.focus();
    else if (box.current) stayAtEnd(box.current);
    first.current = step;
  }, [step]);
  if (step === "left") return null;
  return (
    <div class="card" data-testid="outcome" tabIndex={-1} ref={box}>
      {step === "solved" && <Solved />}
      {step === "rating" && (
        <Rating
          close={(rated) => {
            setChanging(false);
            if (rated || now.rating) return;
            retain(here, now.conversation);
            setLeft(true);
          }}
        />
      )}
      {step === "rated" && (
        <div class="line" data-testid="rated">
          <p>{fill(say.thanks, { score: say.scores[now.rating!.score] })}</p>
          <button type="button" class="link" onClick={() => setChanging(true)}>
            {say.change}
          </button>
        </div>
      )}
    </div>
  );
}

function Solved() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const id = useId();

  async function confirm(solved: boolean) {
    setBusy(true);
    setProblem("");
    try {
      await inConversation((path) => api.post(`${path}/confirm`, { solved }));
      standing.set({ may_confirm: false });
      if (!solved) document.querySelector<HTMLElement>("#composer")?.focus();
    } catch (e) {
      setProblem(explain(e));
      setBusy(false);
    }
  }

  return (
    <div class="form" role="group" aria-labelledby={id}>
      <p id={id} class="asked">
        {say.solved}
      </p>
      <div class="choices">
        <button type="button" class="button small" data-testid="solved-yes" disabled={busy} onClick={() => void confirm(true)}>
          {say.yes}
        </button>
        <button type="button" class="button small" data-testid="solved-no" disabled={busy} onClick={() => void confirm(false)}>
          {say.no}
        </button>
      </div>
      <p class="quiet">{say.notSolved}</p>
      <Wrong text={problem} />
    </div>
  );
}

function Rating({ close }: { close: (rated: boolean) => void }) {
  const [score, setScore] = useState<number>();
  const [shown, setShown] = useState<Shown>();
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const id = useId();

  async function send(e: SubmitEvent) {
    e.preventDefault();
    if (!score || busy) return;
    setBusy(true);
    setProblem("");
    const words = comment.trim();
    try {
      await inConversation((path) => api.post(`${path}/rating`, { score, ...(words ? { comment: words } : {}), ...(shown ? { shown } : {}) }));
      close(true);
      standing.set({ rating: { score } });
    } catch (e) {
      setProblem(explain(e));
      setBusy(false);
    }
  }

  return (
    <form class="form" data-testid="rating" onSubmit={(e) => void send(e)}>
      <fieldset class="picks scores">
        <legend>{say.rate}</legend>
        {scores.map((n) => (
          <label key={n}>
            <input type="radio" name={`${id}-score`} data-testid={`score-${n}`} checked={score === n} onChange={() => setScore(n)} />
            <span>
              {n} <small class="hidden">{say.scores[n]}</small>
            </span>
          </label>
        ))}
        {/* Five words beside each other are too wide for a phone. */}
        <p class="ends quiet" aria-hidden="true">
          <span>{say.scores[1]}</span>
          <span>{say.scores[5]}</span>
        </p>
      </fieldset>
      <fieldset class="picks">
        <legend>{say.shown}</legend>
        {(["yes", "no", "unsure"] as const).map((s) => (
          <label key={s}>
            <input type="radio" name={`${id}-shown`} data-testid={`shown-${s}`} checked={shown === s} onChange={() => setShown(s)} />
            <span>{say[s]}</span>
          </label>
        ))}
      </fieldset>
      <label for={id}>{say.comment}</label>
      <textarea id={id} dir="auto" class="field" rows={2} maxLength={longestComment} data-testid="rating-comment" value={comment} onInput={(e) => setComment(e.currentTarget.value)} />
      <div class="choices">
        <button type="submit" class="button small" data-testid="rating-send" disabled={busy || !score}>
          {say.send}
        </button>
        <button type="button" class="button small" data-testid="rating-not-now" disabled={busy} onClick={() => close(false)}>
          {say.notNow}
        </button>
      </div>
      <Wrong text={problem} />
    </form>
  );
}
