// Which language to speak, and how to fill a text.

export const languages = ["en", "pt-BR", "es", "uk", "ru"] as const;
export type Language = (typeof languages)[number];

/** The language nearest to the first tag that is spoken here, else English. */
export function matchLanguage(...tags: (string | null | undefined)[]): Language {
  for (const tag of tags) {
    const base = tag?.toLowerCase().split("-")[0];
    const found = languages.find((l) => l === tag) ?? languages.find((l) => l.toLowerCase().split("-")[0] === base);
    if (found) return found;
  }
  return "en";
}

/** A text in its plural forms, by the categories of Intl.PluralRules. */
export type Plural = { one: string; few?: string; many?: string; other: string };

export function plural(language: string, n: number, forms: Plural): string {
  const rule = new Intl.PluralRules(language).select(n) as keyof Plural;
  return fill(forms[rule] ?? forms.other, { n });
}

/** Puts values into a text: "Hello {name}". */
export function fill(text: string, values: Record<string, string | number | undefined>): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}
