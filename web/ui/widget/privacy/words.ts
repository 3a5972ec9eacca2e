// The panel's own words in the language of the chat. English is in the module,
// and is what is shown when another language cannot be loaded.
import { language } from "../words";
import { words as english, type PrivacyWords } from "./words/en";

export let say: PrivacyWords = english;

export async function loadWords(): Promise<void> {
  say = english;
  if (language === "en") return;
  try {
    const path = `/assets/privacy-words-${language}.js?${EDITION}`;
    say = ((await import(path)) as { words: PrivacyWords }).words;
  } catch {
    // English it is.
  }
}
