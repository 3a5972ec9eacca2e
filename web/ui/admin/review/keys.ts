// Alt with an arrow goes through a sample. No single letter does: those belong to
// whoever writes a note, or speaks to the computer (WCAG 2.1.4).
import { useEffect } from "preact/hooks";
import { step } from "./sample";

export function useSampleKeys(): void {
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (!e.altKey || e.ctrlKey || e.metaKey || (e.key !== "ArrowDown" && e.key !== "ArrowUp")) return;
      if (e.target instanceof Element && e.target.matches("select, textarea")) return; // they have a meaning there
      e.preventDefault();
      step(e.key === "ArrowDown" ? 1 : -1);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
