// The privacy panel, and what else is seldom wanted, is a module of its own, loaded
// when it is first opened.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { onBack } from "../shared/line";
import { w } from "./words";

type Module = typeof import("./privacy/privacy");

let loaded: Module | undefined;
let attempt = 0;

async function load(): Promise<Module> {
  if (loaded) return loaded;
  // Some browsers remember an address that failed, and never ask it again.
  const path = `/assets/privacy.js?${EDITION}-${attempt++}`;
  const module = (await import(path)) as Module;
  // The server has been updated since this page was opened. A module that does not
  // even fit together with this one is a SyntaxError by itself.
  if (module.edition !== EDITION) throw new SyntaxError();
  await module.loadWords();
  return (loaded = module);
}

/** What the module shows, or how it comes. */
export function Lazy({ children }: { children: (m: Module) => ComponentChildren }) {
  const [module, setModule] = useState(loaded);
  const [failed, setFailed] = useState<Error>();
  const again = () => {
    setFailed(undefined);
    load().then(setModule, setFailed);
  };
  useEffect(() => {
    if (loaded) return;
    again();
    return onBack(again);
  }, []);
  if (module) return <>{children(module)}</>;
  if (!failed) return <p class="quiet">{w.wait}</p>;
  const outdated = failed instanceof SyntaxError;
  return (
    <div class="problem" role="alert" data-testid="panel-failed">
      <p>{outdated ? w.renewed : w.panelFailed}</p>
      <button type="button" class="button small" onClick={() => (outdated ? location.reload() : again())}>
        {outdated ? w.reopen : w.again}
      </button>
    </div>
  );
}
