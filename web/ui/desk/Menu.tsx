import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

type Props = { label: string; testid: string; disabled?: boolean; children: ComponentChildren };

/** What opens below its button, until something is chosen, Escape or a click elsewhere. */
export function Menu({ label, testid, disabled, children }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLDivElement>(null);
  // A popover lies on the page, and not in the button's box.
  const place = () => {
    const b = button.current!.getBoundingClientRect();
    const { style, offsetWidth } = box.current!;
    style.top = `${b.bottom + 4}px`;
    style.left = `${Math.max(8, Math.min(b.left, innerWidth - offsetWidth - 8))}px`;
  };
  return (
    <>
      <button type="button" class="button small" ref={button} data-testid={testid} disabled={disabled} popovertarget={id} aria-haspopup="true">
        {label}
        <span aria-hidden="true">▾</span>
      </button>
      <div
        id={id}
        class="menu"
        popover="auto"
        ref={box}
        onToggle={(e) => {
          if (e.newState === "open") {
            place();
            box.current!.querySelector("button")?.focus();
          }
        }}
        onClick={() => box.current!.hidePopover()}
        onKeyDown={(e) => {
          const by = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
          if (!by) return;
          e.preventDefault();
          const all = [...box.current!.querySelectorAll("button")];
          all.at((all.indexOf(document.activeElement as HTMLButtonElement) + by) % all.length)?.focus();
        }}
      >
        {children}
      </div>
    </>
  );
}
