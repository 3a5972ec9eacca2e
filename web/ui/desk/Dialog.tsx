import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Close } from "../shared/icons";

type Props = {
  title: string;
  testid: string;
  /** At the side of the page, over its whole height. */
  drawer?: boolean;
  close: () => void;
  children: ComponentChildren;
};

/** What is done in front of the page. Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, testid, drawer, close, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const dialog = box.current!;
    dialog.showModal();
    dialog.querySelector<HTMLElement>("input, select, textarea")?.focus();
    return () => dialog.close(); // which gives the focus back
  }, []);
  return (
    <dialog
      class={drawer ? "dialog drawer" : "dialog"}
      ref={box}
      data-testid={testid}
      aria-labelledby={heading}
      onClose={close}
      onMouseDown={(e) => {
        if (e.target === box.current) close(); // beside it
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={close}>
            <Close />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
