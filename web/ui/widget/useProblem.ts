import { useEffect, useState } from "preact/hooks";
import { onBack } from "../shared/line";

/**
 * What went wrong with something the customer did. When the line is good again
 * it is taken back: what was done is read anew, and the rest can be done.
 */
export function useProblem(): [string, (problem: string) => void] {
  const [problem, setProblem] = useState("");
  useEffect(() => onBack(() => setProblem("")), []);
  return [problem, setProblem];
}
