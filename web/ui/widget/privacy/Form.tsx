import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { explain } from "../explain";
import { useProblem } from "../useProblem";
import { w } from "../words";
import { Problem } from "./Problem";
import { say } from "./words";

const longest = 4000;

type Props = {
  label: string;
  hint?: string;
  action: string;
  testid: string;
  /** What is chosen before the words, which are then not needed; and whether it is. */
  ahead?: ComponentChildren;
  ready?: boolean;
  /** What the form is for, beside the words. */
  children?: ComponentChildren;
  submit: (text: string) => Promise<unknown>;
  /** What was sent is answered in the form's place: it does not close. */
  stays?: boolean;
  close: () => void;
};

/** A few words to the company, with two buttons that look the same. */
export function Form({ label, hint, action, testid, ahead, ready, children, submit, stays, close }: Props) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!ahead) field.current!.focus();
  }, []);
  const complete = ahead ? ready : text.trim() !== "";

  async function send() {
    if (busy || !complete) return;
    setBusy(true);
    setProblem("");
    try {
      await submit(text.trim());
      if (!stays) close();
    } catch (e) {
      setProblem(explain(e));
      setBusy(false);
    }
  }

  return (
    <form
      class="form"
      data-testid={testid}
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      {ahead}
      <label for={id}>{label}</label>
      <textarea
        dir="auto"
        id={id}
        class="field"
        rows={3}
        maxLength={longest}
        ref={field}
        value={text}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(e) => setText(e.currentTarget.value)}
      />
      {hint && (
        <p id={`${id}-hint`} class="quiet">
          {hint}
        </p>
      )}
      {children}
      <div class="choices">
        <button type="submit" class="button small" disabled={busy || !complete} data-testid={`${testid}-send`}>
          {busy ? w.wait : action}
        </button>
        <button type="button" class="button small" disabled={busy} onClick={close}>
          {say.cancel}
        </button>
      </div>
      <Problem text={problem} />
    </form>
  );
}
