import { useEffect, useState } from "preact/hooks";
import { onBack } from "../shared/line";
import { loadConsents } from "./chat";
import { loadPrivacy, Outdated, privacy } from "./lazy";
import { PanelFrame } from "./PanelFrame";
import type { ChatState } from "./state";
import { w } from "./words";

/** Everything about the customer's data. What is in it is loaded when it is first opened. */
export function YourData({ chat, close }: { chat: ChatState; close: () => void }) {
  const [module, setModule] = useState(privacy());
  const [failed, setFailed] = useState<"outdated" | "failed">();
  const load = () => {
    setFailed(undefined);
    loadPrivacy().then(
      (m) => setModule(m),
      (e) => setFailed(e instanceof Outdated ? "outdated" : "failed"),
    );
  };
  useEffect(() => {
    void loadConsents();
    if (module) return;
    load();
    return onBack(load);
  }, []);
  return (
    <PanelFrame title={w.yourData} close={close}>
      {module && <module.Privacy chat={chat} />}
      {!module && !failed && <p class="quiet">{w.wait}</p>}
      {!module && failed && (
        <div class="problem" role="alert" data-testid="panel-failed">
          <p>{failed === "outdated" ? w.renewed : w.panelFailed}</p>
          <button type="button" class="button small" onClick={() => (failed === "outdated" ? location.reload() : load())}>
            {failed === "outdated" ? w.reopen : w.again}
          </button>
        </div>
      )}
    </PanelFrame>
  );
}
