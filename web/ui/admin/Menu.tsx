import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

type Props = { label: string; testid: string; narrow?: boolean; children: ComponentChildren };

/** What opens below its button, over the list: one at a time, until Escape or a click elsewhere. */
export function Menu({ label, testid, narrow, children }: Props) {
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (e: Event) => {
      if (box.current?.open && e.target instanceof Node && !box.current.contains(e.target)) box.current.open = false;
    };
    addEventListener("pointerdown", close);
    addEventListener("focusin", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("focusin", close);
    };
  }, []);
  return (
    <details
      class="more"
      ref={box}
      onKeyDown={(e) => {
        if (e.key !== "Escape" || !box.current?.open) return;
        box.current.open = false;
        box.current.querySelector("summary")?.focus();
      }}
    >
      <summary class="button small" data-testid={testid}>
        {label}
      </summary>
      <div class={narrow ? "more-body narrow" : "more-body"}>{children}</div>
    </details>
  );
}
