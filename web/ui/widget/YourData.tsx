import { useEffect, useState } from "preact/hooks";
import { fill } from "../shared/i18n";
import { loadConsents } from "./chat";
import { Choices } from "./Choices";
import { PanelFrame } from "./PanelFrame";
import type { ChatState } from "./state";
import { w } from "./words";

/** What the customer allows: a row a category, or every single choice. */
export function YourData({ chat, close }: { chat: ChatState; close: () => void }) {
  const [detailed, setDetailed] = useState(false);
  useEffect(() => void loadConsents(), []);
  const consents = chat.consents;
  // A visitor has nothing but what they write here.
  const words = consents?.choices.filter((c) => c.category === "conversation") ?? [];
  return (
    <PanelFrame title={w.yourData} close={close}>
      {(consents?.gpc ?? chat.gpc) && (
        <p class="note gpc" data-testid="gpc">
          {fill(w.gpc, { brand: chat.brand })}
        </p>
      )}
      {!chat.known && <p>{w.visitor}</p>}
      {!consents && !chat.consentsFailed && <p class="quiet">{w.loading}</p>}
      {chat.consentsFailed && consents && <p class="banner" role="status">{w.lastKnown}</p>}
      {chat.consentsFailed && !consents && (
        <div class="problem" role="alert">
          <p>{w.dataFailed}</p>
          <button type="button" class="button small" onClick={() => void loadConsents()}>
            {w.again}
          </button>
        </div>
      )}
      {chat.known && consents && (
        <>
          <p>{w.dataIntro}</p>
          <div class="views" role="group">
            <button type="button" class="button small" aria-pressed={!detailed} data-testid="view-simple" onClick={() => setDetailed(false)}>
              {w.simple}
            </button>
            <button type="button" class="button small" aria-pressed={detailed} data-testid="view-detailed" onClick={() => setDetailed(true)}>
              {w.detailed}
            </button>
          </div>
          <Choices chat={chat} consents={consents} detailed={detailed} />
        </>
      )}
      {!chat.known && consents && words.length > 0 && <Choices chat={chat} consents={{ ...consents, choices: words }} detailed />}
      {consents && (chat.known || words.length > 0) && (
        <section class="notice" data-testid="notice">
          <h3>{fill(w.notice, { version: consents.notice.version })}</h3>
          <p class="quiet pre">{consents.notice.text}</p>
        </section>
      )}
    </PanelFrame>
  );
}
