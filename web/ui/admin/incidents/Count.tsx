type Props = { title: string; testid: string; value: number; set: (n: number) => void };

/** How many, as far as is known. */
export function Count({ title, testid, value, set }: Props) {
  return (
    <label class="filter">
      {title}
      <input class="field" type="number" min={0} required data-testid={testid} value={value} onInput={(e) => set(e.currentTarget.valueAsNumber || 0)} />
    </label>
  );
}
