import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Back } from "../shared/icons";
import { w } from "./words";

/**
 * A panel over the chat. The browser's own dialog keeps the keyboard inside,
 * closes at Escape, and gives the focus back to the button that opened it.
 */
export function PanelFrame({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
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
      aria-labelledby="panel-title"
      onCancel={(e) => {
        e.preventDefault();
        close();
      }}
      onKeyDown={(e) => e.key === "Escape" && e.stopPropagation()}
    >
      <div class="panel-head">
        <button type="button" class="tool" aria-label={w.back} data-testid="panel-close" onClick={close}>
          <Back />
        </button>
        <h2 id="panel-title">{title}</h2>
      </div>
      <div class="panel-body">{children}</div>
    </dialog>
  );
}
