// The chat in its iframe.
import { render } from "preact";
import { App } from "./App";
import { ask, start } from "./chat";
import { embedded, listen } from "./parent";
import { answersRenewal } from "./session";
import { store } from "./state";
import { loadWords } from "./words";

async function main(): Promise<void> {
  await loadWords(new URLSearchParams(location.search).get("language"), navigator.language);
  render(<App />, document.getElementById("app")!);
  if (!embedded) return start(undefined);
  listen({
    hello: (h) => {
      if (!answersRenewal(h)) void start(h);
    },
    ask,
    shown: () => document.querySelector<HTMLTextAreaElement>("#composer")?.focus(),
    hidden: () => store.set({ away: true }),
  });
}

void main();
