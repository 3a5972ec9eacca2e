import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Close } from "../../shared/icons";

type Props = { title: string; testid: string; close: () => void; children: ComponentChildren };

/**
 * What is being changed, beside its list. What was typed is not lost by one key, nor by
 * what is pressed beside the form, nor with the page.
 */
export function FormPanel({ title, testid, close, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [changed, setChanged] = useState(false);
  // What is asked about: to close the form, or what was pressed beside it.
  const [leaving, setLeaving] = useState<"close" | HTMLElement>();
  const panel = useRef<HTMLElement>(null);
  const question = useRef<HTMLDivElement>(null);
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
  useLayoutEffect(() => {
    if (!changed) return;
    const press = (e: MouseEvent) => {
      const at = e.target instanceof Element ? e.target.closest<HTMLElement>("a[href], button") : null;
      if (!at || panel.current!.contains(at) || e.ctrlKey || e.metaKey || e.shiftKey) return; // a new tab leaves this one as it is
      e.preventDefault();
      e.stopPropagation();
      setLeaving(at);
    };
    const unload = (e: BeforeUnloadEvent) => e.preventDefault();
    document.addEventListener("click", press, true);
    addEventListener("beforeunload", unload);
    return () => {
      document.removeEventListener("click", press, true);
      removeEventListener("beforeunload", unload);
    };
  }, [changed]);
  // Who is far down in the form would not see it.
  useLayoutEffect(() => question.current?.scrollIntoView({ block: "nearest" }), [leaving]);
  const ask = () => (changed && !leaving ? setLeaving("close") : close());
  const leave = () => {
    close();
    // Once this form is gone, and with it what holds back.
    if (leaving instanceof HTMLElement) {
      setTimeout(() => {
        leaving.focus();
        leaving.click();
      });
    }
  };
  return (
    <aside
      ref={panel}
      class="detail"
      data-testid={testid}
      aria-label={title}
      onInput={() => {
        setChanged(true);
        setLeaving(undefined);
      }}
      onKeyDown={(e) => e.key === "Escape" && ask()}
    >
      <header class="detail-head">
        <h2 tabIndex={-1} ref={heading}>
          {title}
        </h2>
        <button type="button" class="icon-button" aria-label="Close this form" data-testid={`${testid}-close`} onClick={ask}>
          <Close />
        </button>
      </header>
      {leaving && (
        <div ref={question} class="problem unsaved" role="alert" data-testid="unsaved">
          <p>What you changed is not saved.</p>
          <div class="act-buttons">
            <button type="button" class="button small" onClick={() => setLeaving(undefined)}>
              Keep editing
            </button>
            <button type="button" class="button small" data-testid="unsaved-leave" onClick={leave}>
              Close without saving
            </button>
          </div>
        </div>
      )}
      {children}
    </aside>
  );
}
