import { useState } from "preact/hooks";
import { fill } from "../shared/i18n";
import { allows } from "../shared/types";
import { askForPerson } from "./chat";
import { explain, reason } from "./explain";
import { categoryName } from "./names";
import { PanelFrame } from "./PanelFrame";
import type { ChatState } from "./state";
import { w } from "./words";

/** Asks for a person. What is shared is asked along, and never a condition. */
export function Handoff({ chat, close }: { chat: ChatState; close: () => void }) {
  const [picked, setPicked] = useState<string[]>([]);
  const busy = chat.asking !== undefined;
  const [problem, setProblem] = useState("");
  // A visitor has no data that could be shared.
  const all = chat.known ? (chat.consents?.choices ?? []) : [];
  const choices = all.filter((c) => c.purpose === "agent_assist" && c.recipient === "human_agents");
  const shared = choices.filter(allows).map((c) => categoryName(chat, c.category));
  const open = choices.filter((c) => !allows(c)).map((c) => c.category);

  async function ask(share: string[]) {
    setProblem("");
    try {
      await askForPerson(share);
      close();
    } catch (e) {
      setProblem(explain(e));
    }
  }

  const toggle = (c: string) => setPicked(picked.includes(c) ? picked.filter((p) => p !== c) : [...picked, c]);
  return (
    <PanelFrame title={w.person} close={close}>
      <p>{open.length > 0 ? w.share : w.shareNone}</p>
      {shared.length > 0 && <p class="quiet">{fill(w.alreadyShared, { list: shared.join(", ") })}</p>}
      {open.length > 0 && (
        <fieldset class="share">
          <legend>{w.shareLabel}</legend>
          {open.map((c) => (
            <label key={c}>
              <input type="checkbox" data-testid={`share-${c}`} checked={picked.includes(c)} onChange={() => toggle(c)} />
              {categoryName(chat, c)}
            </label>
          ))}
        </fieldset>
      )}
      <div class="choices">
        {open.length > 0 && (
          <button type="button" class="button" data-testid="handoff-share" disabled={busy || picked.length === 0} onClick={() => void ask(picked)}>
            {w.shareSelected}
          </button>
        )}
        <button type="button" class="button" data-testid="handoff-without" disabled={busy} onClick={() => void ask([])}>
          {open.length > 0 ? w.continueWithout : w.askPerson}
        </button>
      </div>
      <p class="quiet">{w.either}</p>
      {chat.asking?.stuck && (
        <p class="banner" role="status">
          {reason(chat.asking.stuck)} {w.keptPerson}
        </p>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </PanelFrame>
  );
}
