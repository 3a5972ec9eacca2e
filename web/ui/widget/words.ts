// The widget's words in the language in use. English is in the bundle, and is
// what is shown when another language cannot be loaded.
import { matchLanguage, type Language } from "../shared/i18n";
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
