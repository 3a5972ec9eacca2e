// The privacy panel, and what else is seldom wanted, is a module of its own, loaded
// when it is first opened.
type Privacy = typeof import("./privacy/privacy");

let loaded: Privacy | undefined;
let attempt = 0;

/** The server has been updated since this page was opened: its modules fit no more. */
export class Outdated extends Error {}

/** The panel, once it is loaded. */
export const privacy = () => loaded;

export async function loadPrivacy(): Promise<Privacy> {
  if (loaded) return loaded;
  // Some browsers remember an address that failed, and never ask it again.
  const path = `/assets/privacy.js?${EDITION}-${attempt++}`;
  const module = await (import(path) as Promise<Privacy>).catch((e: unknown) => {
    throw e instanceof SyntaxError ? new Outdated() : e;
  });
  if (module.edition !== EDITION) throw new Outdated();
  await module.loadWords();
  return (loaded = module);
}
