import { useEffect, useState } from "preact/hooks";
import { line, onBack } from "../shared/line";

const none = { why: "", line: false };

/** Why what was sent is not stored. What was only the line's is over once the line is back. */
export function useRefusal(): [why: string, set: (why: string) => void] {
  const [refusal, setRefusal] = useState(none);
  useEffect(() => onBack(() => setRefusal((r) => (r.line ? none : r))), []);
  return [refusal.why, (why) => setRefusal({ why, line: line.get().trouble !== undefined })];
}
