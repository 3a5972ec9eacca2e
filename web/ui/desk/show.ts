import { desk } from "./desk";
import type { PointSource } from "./types";

/** Brings what a point or a sentence was made of into view. */
export function show(source: PointSource): void {
  // What is pointed at may be closed, or on a phone be where the context is now.
  if (source.record) desk.set({ context: true });
  else if (matchMedia("(max-width: 760px)").matches) desk.set({ context: false });
  requestAnimationFrame(() => {
    const found = find(source);
    if (!found) return;
    if (found instanceof HTMLDetailsElement) found.open = true;
    found.scrollIntoView({ block: "center", behavior: "smooth" });
    (found.querySelector("summary") ?? found).focus({ preventScroll: true });
    found.classList.add("found");
    setTimeout(() => found.classList.remove("found"), 2000);
  });
}

export const messageAnchor = (id: string) => `message-${id}`;
export const recordAnchor = (id: string) => `record-${id}`;

function find(s: PointSource): HTMLElement | null {
  if (s.message) return document.getElementById(messageAnchor(s.message));
  if (s.record) return document.getElementById(recordAnchor(s.record));
  return s.answer ? document.querySelector(`[data-answer="${CSS.escape(s.answer)}"]`) : null;
}
