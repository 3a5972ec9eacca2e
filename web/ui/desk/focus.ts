// Where the focus goes when what has it goes.

/**
 * Gives the focus to the conversation when what had it is gone, and back to what
 * could not have it while something was under way, until the returned function is
 * called. Who works with the keyboard is not sent to the top of the page.
 */
export function keepFocus(): () => void {
  let had: HTMLElement | undefined;
  let off = false;
  const came = (e: FocusEvent) => ([had, off] = [e.target as HTMLElement, false]);
  const look = () => {
    if (!had) return;
    const gone = !had.isConnected;
    if (!gone && had.matches(":disabled")) off = true;
    else if ((gone || off) && document.activeElement === document.body) {
      (gone ? document.querySelector("main") : had)?.focus({ preventScroll: true });
    }
  };
  addEventListener("focusin", came);
  const changed = new MutationObserver(look);
  changed.observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled"] });
  return () => {
    removeEventListener("focusin", came);
    changed.disconnect();
  };
}
