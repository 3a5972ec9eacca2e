// The fields of the forms about the desk.
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { secondsOf, spanOf } from "./spans";

type TextProps = {
  title: string;
  hint?: string;
  testid?: string;
  value: string;
  set: (value: string) => void;
  type?: "text" | "email" | "url";
  required?: boolean;
  maxLength?: number;
  pattern?: string;
  /** What is said of what does not match the pattern. */
  wrong?: string;
  placeholder?: string;
};

export function Text({ title, hint, testid, value, set, type = "text", wrong = "", ...more }: TextProps) {
  const id = useId();
  return (
    <div class="filter">
      <label for={id}>{title}</label>
      <input
        id={id}
        class="field"
        data-testid={testid}
        aria-describedby={hint ? `${id}-hint` : undefined}
        value={value}
        onInput={(e) => {
          e.currentTarget.setCustomValidity(e.currentTarget.validity.patternMismatch ? wrong : "");
          set(e.currentTarget.value);
        }}
        {...({ type, ...more } as JSX.IntrinsicElements["input"])}
      />
      {hint && (
        <span class="quiet" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

/** The name by which programs know something. */
export function NameField(props: Pick<TextProps, "title" | "testid" | "value" | "set">) {
  return (
    <Text
      hint="Small letters, digits and hyphens. It stays."
      required
      pattern="[a-z0-9][a-z0-9\-]*"
      wrong="A name has only small letters a to z, digits and hyphens, and starts with a letter or a digit: returns-eu, for example."
      maxLength={32}
      {...props}
    />
  );
}

type WordsProps = { title: string; hint?: string; placeholder?: string; value?: string[] | null; set: (words: string[]) => void; testid?: string };

/** Words with commas between them. */
export function Words({ value, set, ...more }: WordsProps) {
  const [typed, setTyped] = useState((value ?? []).join(", "));
  return (
    <Text
      {...more}
      value={typed}
      set={(text) => {
        setTyped(text);
        set(
          text
            .split(",")
            .map((w) => w.trim())
            .filter(Boolean),
        );
      }}
    />
  );
}

type NumberProps = { title: string; unit?: string; value: number; set: (n: number) => void; max?: number; required?: boolean; step?: number | "any"; testid?: string };

/** A number, 0 where nothing is typed. */
export function NumberField({ title, unit, value, set, max, required, step = 1, testid }: NumberProps) {
  // As it is typed: "1." is on the way to 1.5.
  const [typed, setTyped] = useState(value === 0 && !required ? "" : String(value));
  return (
    <label class="filter">
      {title}
      <span class="with-unit">
        <input
          class="field"
          type="number"
          min={0}
          max={max}
          step={step}
          required={required}
          placeholder={required ? undefined : "none"}
          data-testid={testid}
          value={typed}
          onInput={(e) => {
            setTyped(e.currentTarget.value);
            set(e.currentTarget.valueAsNumber || 0);
          }}
        />
        {unit}
      </span>
    </label>
  );
}

const lengths = { seconds: 1, minutes: 60, hours: 3600 };

type LongProps = { title: string; unit: keyof typeof lengths; value?: string; set: (span: string) => void; testid?: string };

/** A duration in whole units or parts of them; empty is none. */
export function Long({ title, unit, value, set, testid }: LongProps) {
  return <NumberField title={title} unit={unit} step="any" testid={testid} value={secondsOf(value) / lengths[unit]} set={(n) => set(spanOf(n * lengths[unit]))} />;
}

type ManyProps = { title: string; hint?: string; choices: [value: string, words: string][]; value: string[]; set: (chosen: string[]) => void; testid: string; fixed?: string };

/** Any number of a few. `fixed` is one that stays as it is. */
export function Many({ title, hint, choices, value, set, testid, fixed }: ManyProps) {
  return (
    <fieldset class="outcomes">
      <legend>{title}</legend>
      {hint && <p class="quiet">{hint}</p>}
      {choices.map(([one, words]) => (
        <label key={one} class="check">
          <input
            type="checkbox"
            data-testid={`${testid}-${one}`}
            checked={value.includes(one)}
            disabled={fixed === one}
            onChange={(e) => set(e.currentTarget.checked ? [...value, one] : value.filter((x) => x !== one))}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}

/** Why what was sent is not stored. */
export function Refused({ why, testid }: { why: string; testid: string }) {
  if (!why) return null;
  return (
    <p class="problem" role="alert" data-testid={testid}>
      {why}
    </p>
  );
}
