// What is seldom wanted is a module of its own, loaded when it is: the privacy panel,
// and what belongs to people who answer.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { onBack } from "../shared/line";
import { w } from "./words";

type Modules = { privacy: typeof import("./privacy/privacy"); person: typeof import("./person/person") };

const loaded: Partial<Modules> = {};
let attempt = 0;

async function load<N extends keyof Modules>(name: N): Promise<Modules[N]> {
  const there = loaded[name];
  if (there) return there; // another would be shown anew, and forget what was typed
  // Some browsers remember an address that failed, and never ask it again.
  const path = `/assets/${name}.js?${EDITION}-${attempt++}`;
  const module = (await import(path)) as Modules[N];
  // The server has been updated since this page was opened. A module that does not
  // even fit together with this one is a SyntaxError by itself.
  if (module.edition !== EDITION) throw new SyntaxError();
  await module.loadWords();
  return (loaded[name] = module);
}

/** What the module shows, or how it comes. */
export function Lazy<N extends keyof Modules>({ name, children }: { name: N; children: (m: Modules[N]) => ComponentChildren }) {
  const [module, setModule] = useState<Modules[N] | undefined>(() => loaded[name]);
  const [failed, setFailed] = useState<Error>();
  const again = () => {
    setFailed(undefined);
    load(name).then((m) => setModule(() => m), setFailed);
  };
  useEffect(() => {
    if (loaded[name]) return;
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
