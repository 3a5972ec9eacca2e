import { useEffect } from "preact/hooks";
import type { Answer } from "../shared/types";
import type { Panel, Show } from "./App";
import { loadConsents } from "./chat";
import { Lazy } from "./lazy";
import { PanelFrame } from "./PanelFrame";
import type { ChatState } from "./state";
import { w } from "./words";

export type PanelProps = { panel: Panel; answer?: Answer; chat: ChatState; show: Show; close: () => void };

/** A panel whose content is loaded when it is first wanted: the customer's data, and what is about an answer. */
export function LazyPanel(props: PanelProps) {
  // What categories and recipients are called, and how the choices stand now.
  useEffect(() => void loadConsents(), []);
  return (
    <PanelFrame title={w[props.panel.name]} close={props.close}>
      <Lazy name="privacy">{(m) => <m.Content {...props} />}</Lazy>
    </PanelFrame>
  );
}
