import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Close } from "../../shared/icons";

type Props = { title: string; testid: string; close: () => void; children: ComponentChildren };

/** What is being changed, beside its list. What was typed is not lost by one key. */
export function FormPanel({ title, testid, close, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [changed, setChanged] = useState(false);
  const [sure, setSure] = useState(false);
  // At once: who is quick types in the form before its effects run.
  useLayoutEffect(() => {
    const opener = document.activeElement;
    heading.current?.focus();
    return () => {
      // Back to where it was opened, once that shows again: on a phone the list is hidden meanwhile.
      setTimeout(() => {
        if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus();
      });
    };
  }, []);
  const leave = () => (changed && !sure ? setSure(true) : close());
  return (
    <aside
      class="detail"
      data-testid={testid}
      aria-label={title}
      onInput={() => {
        setChanged(true);
        setSure(false);
      }}
      onKeyDown={(e) => e.key === "Escape" && leave()}
    >
      <header class="detail-head">
        <h2 tabIndex={-1} ref={heading}>
          {title}
        </h2>
        <button type="button" class="icon-button" aria-label="Close this form" data-testid={`${testid}-close`} onClick={leave}>
          <Close />
        </button>
      </header>
      {sure && (
        <div class="problem unsaved" role="alert" data-testid="unsaved">
          <p>What you changed is not saved.</p>
          <div class="act-buttons">
            <button type="button" class="button small" onClick={() => setSure(false)}>
              Keep editing
            </button>
            <button type="button" class="button small" data-testid="unsaved-leave" onClick={close}>
              Close without saving
            </button>
          </div>
        </div>
      )}
      {children}
    </aside>
  );
}
