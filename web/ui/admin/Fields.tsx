// The fields of filters, for every list.
import { useState } from "preact/hooks";

type Props = { name: string; title: string; value: string; set: (value: string) => void };

/** Applied at Enter or when it is left, not at every letter. */
export function TextFilter({ name, title, value, set, placeholder }: Props & { placeholder: string }) {
  const [typed, setTyped] = useState<string>();
  const apply = () => {
    if (typed !== undefined && typed.trim() !== value) set(typed);
    setTyped(undefined);
  };
  return (
    <label class="filter">
      {title}
      <input
        class="field"
        type="text"
        data-testid={`filter-${name}`}
        placeholder={placeholder}
        value={typed ?? value}
        onInput={(e) => setTyped(e.currentTarget.value)}
        onBlur={apply}
        onKeyDown={(e) => e.key === "Enter" && apply()}
      />
    </label>
  );
}

export function DayFilter({ name, title, value, set }: Props) {
  return (
    <label class="filter">
      {title}
      <input class="field" type="date" data-testid={`filter-${name}`} value={value} onChange={(e) => set(e.currentTarget.value)} />
    </label>
  );
}

/** One of a few; "" is any. */
export function ChoiceFilter({ name, title, value, set, any = "Any", choices }: Props & { any?: string; choices: [value: string, words: string][] }) {
  return (
    <label class="filter">
      {title}
      <select class="field" data-testid={`filter-${name}`} value={value} onChange={(e) => set(e.currentTarget.value)}>
        <option value="">{any}</option>
        {choices.map(([v, words]) => (
          <option key={v} value={v}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
