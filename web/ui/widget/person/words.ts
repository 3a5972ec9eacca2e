// The words of what belongs to people, in the language of the chat. English is in the
// module, and is what is shown when another language cannot be loaded.
import { language } from "../words";
import { words as english, type PersonWords } from "./words/en";

export let say: PersonWords = english;

export async function loadWords(): Promise<void> {
  say = english;
  if (language === "en") return;
  try {
    const path = `/assets/person-words-${language}.js?${EDITION}`;
    say = ((await import(path)) as { words: PersonWords }).words;
  } catch {
    // English it is.
  }
}
