import { useEffect, useState } from "preact/hooks";
import { explain } from "../../shared/staff";
import { useRefusal } from "../refusal";
import { setHidden, usesOf, type Uses } from "./follow";
import { many } from "./words";

type Props = {
  site: string;
  record: string;
  hidden: boolean;
  done: () => void;
  cancel: () => void;
};

/** Hides a source from answers, or shows it to them again, after a second look. */
export function HideForm({ site, record, hidden, done, cancel }: Props) {
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  const [uses, setUses] = useState<Uses>();
  useEffect(() => {
    // Only told, so what cannot be counted now is not said.
    usesOf(site, record).then(setUses, () => {});
  }, [site, record]);

  async function run() {
    setBusy(true);
    setRefused("");
    try {
      await setHidden(site, record, !hidden, note.trim());
      done();
    } catch (e) {
      setRefused(explain(e));
      setBusy(false);
    }
  }

  return (
    <div class="act" data-testid="hide-form">
      <p>{hidden ? "Answers may use it again from now on." : "From now on no answer uses it, not even one that is being written. A new import does not bring it back."}</p>
      {uses && (
        <p class="quiet" data-testid="uses">
          So far {many(uses.answers, "answer")} in {many(uses.conversations, "conversation")} of {many(uses.customers, "customer")} used it; {uses.open} of these
          conversations {uses.open === 1 ? "is" : "are"} still open.
        </p>
      )}
      <label class="filter">
        Why, for colleagues
        <textarea class="field" rows={2} maxLength={4000} data-testid="hide-note" value={note} onInput={(e) => setNote(e.currentTarget.value)} />
      </label>
      {refused && (
        <p class="problem" role="alert" data-testid="hide-refused">
          {refused}
        </p>
      )}
      <div class="act-buttons">
        <button type="button" class="button small" data-testid="hide-confirm" disabled={busy} onClick={() => void run()}>
          {hidden ? "Show it again" : "Hide it"}
        </button>
        <button type="button" class="button small" disabled={busy} onClick={cancel}>
          Leave it as it is
        </button>
      </div>
    </div>
  );
}
