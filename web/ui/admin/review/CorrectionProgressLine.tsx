import { useEffect, useRef, useState } from "preact/hooks";
import { explain, troubled } from "../../shared/staff";
import { correction, type Correction, type CorrectionProgress } from "./follow";
import { many } from "./words";

const pause = 1000; // milliseconds between looks

/** How far a correction has come; the server goes on without this page. */
export function CorrectionProgressLine({ sent }: { sent: Correction }) {
  const [now, setNow] = useState<CorrectionProgress>({ ...sent, status: "sending", sent: 0, skipped: 0 });
  const [problem, setProblem] = useState("");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const finished = now.status === "done";
  useEffect(() => {
    if (finished) return;
    const timer = setTimeout(async () => {
      try {
        setNow(await correction(sent.id));
        setProblem("");
      } catch (e) {
        if (troubled(e)) setNow({ ...now }); // and once more
        else setProblem(explain(e));
      }
    }, pause);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div class="act" role="status" tabIndex={-1} ref={box} data-testid="correction-sent">
      <p>
        {finished
          ? `The correction is in ${many(now.sent, "conversation")}.`
          : `The correction is being sent: ${now.sent} of ${many(now.conversations, "conversation")} so far. You can leave this page.`}
      </p>
      {now.skipped > 0 && <p class="quiet">{many(now.skipped, "conversation")} could not be reached: the customer was erased, or its time was over.</p>}
      {problem && <p class="problem">{problem}</p>}
    </div>
  );
}
