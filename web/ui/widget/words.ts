// The widget's words in the language in use. English is in the bundle, and is
// what is shown when another language cannot be loaded.
import { fill, matchLanguage, type Language } from "../shared/i18n";
import { words as english, type Words } from "./words/en";

export let w: Words = english;
export let language: Language = "en";

export async function loadWords(...tags: (string | null | undefined)[]): Promise<void> {
  const wanted = matchLanguage(...tags);
  if (wanted !== "en") {
    try {
      const path = `/assets/words-${wanted}.js`;
      w = ((await import(path)) as { words: Words }).words;
    } catch {
      return;
    }
  } else {
    w = english;
  }
  language = wanted;
  document.documentElement.lang = wanted;
}

/** What was hidden in the customer's own message, and that it need not be sent again. */
export function hid(kinds: string[]): string {
  const what = kinds.map((k) => w.hid[k]).filter((x) => x !== undefined);
  return fill(w.hidden, { what: new Intl.ListFormat(language).format(what) });
}
