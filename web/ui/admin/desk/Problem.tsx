type Props = { problem: string; again: string; load: () => Promise<void> };

/** Why a page could not be read, and the way to try it again. */
export function Problem({ problem, again, load }: Props) {
  if (!problem) return null;
  return (
    <div class="problem unread" role="alert">
      <p>{problem}</p>
      <button type="button" class="button small" data-testid="read-again" onClick={() => void load()}>
        {again}
      </button>
    </div>
  );
}
