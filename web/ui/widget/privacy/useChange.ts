import { useState } from "preact/hooks";
import type { ConsentChange } from "../../shared/types";
import { change, StaleNotice } from "../chat";
import { explainChange } from "../explain";
import { useProblem } from "../useProblem";
import { w } from "../words";

/** A change of choices that a row makes: whether it runs, and what went wrong with it. */
export function useChange() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();

  /** Resolves to whether it was made. */
  async function apply(changes: ConsentChange[]): Promise<boolean> {
    setBusy(true);
    setProblem("");
    try {
      await change(changes);
      return true;
    } catch (e) {
      setProblem(e instanceof StaleNotice ? w.noticeChanged : explainChange(e));
      return false;
    } finally {
      setBusy(false);
    }
  }

  return { busy, problem, apply };
}
