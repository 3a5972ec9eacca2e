import { Lock, Unlocked } from "../../shared/icons";
import { useStore } from "../../shared/store";
import { giveReason, reason, reasons, reasonWords, type Reason } from "../reason";

/** Why sealed answers are opened, asked once for the list and for what is opened of it. */
export function ReasonBar() {
  const { given } = useStore(reason);
  return (
    <section class={given ? "reason given" : "reason"} aria-label="Sealed answers">
      {given ? <Unlocked /> : <Lock />}
      <label>
        {given ? "Questions and answers are open for" : "Questions and answers are sealed. Open them for"}{" "}
        <ReasonChoice testid="reason" />
      </label>
      <p class="quiet">
        {given === "sample"
          ? "Only answers to customers who agreed to help us improve are opened. Each look is recorded, and its customer can see it."
          : "Each look is recorded with this reason, and its customer can see it."}
      </p>
    </section>
  );
}

/** The reasons, of which one may be given. */
export function ReasonChoice({ testid }: { testid: string }) {
  const { given } = useStore(reason);
  return (
    <select class="field" data-testid={testid} value={given} onChange={(e) => giveReason(e.currentTarget.value as Reason | "")}>
      <option value="">{given ? "nothing: seal them" : "choose a reason"}</option>
      {reasons.map((r) => (
        <option key={r} value={r}>
          {reasonWords[r]}
        </option>
      ))}
    </select>
  );
}
