import { w } from "../words";

type Props = { text: string; again?: () => void; busy?: boolean };

/** What went wrong, with the way to try again where there is one. */
export function Problem({ text, again, busy = false }: Props) {
  if (!text) return null;
  return (
    <div class="problem" role="alert">
      <p>{text}</p>
      {again && (
        <button type="button" class="button small" disabled={busy} onClick={again}>
          {w.again}
        </button>
      )}
    </div>
  );
}
