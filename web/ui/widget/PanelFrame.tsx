import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Back } from "../shared/icons";
import { w } from "./words";

type Props = {
  title: string;
  /** Where closing it leads. */
  back?: string;
  close: () => void;
  children: ComponentChildren;
};

/**
 * A panel over the chat. The browser's own dialog keeps the keyboard inside,
 * closes at Escape, and gives the focus back to the button that opened it.
 */
export function PanelFrame({ title, back = w.back, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    const e = dialog.current!;
    e.showModal();
    return () => {
      e.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      class="panel"
      ref={dialog}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        close();
      }}
      onKeyDown={(e) => e.key === "Escape" && e.stopPropagation()}
    >
      <div class="panel-head">
        <button type="button" class="tool" aria-label={back} data-testid="panel-close" onClick={close}>
          <Back />
        </button>
        <h2 id={id}>{title}</h2>
      </div>
      <div class="panel-body">{children}</div>
    </dialog>
  );
}
