type Props = { about: string; add?: string; testid?: string; open?: () => void };

/** What a list holds, and the way to add to it. */
export function ListHead({ about, add, testid, open }: Props) {
  return (
    <div class="list-head">
      <p class="quiet">{about}</p>
      {add && (
        <button type="button" class="button small primary" data-testid={testid} onClick={open}>
          {add}
        </button>
      )}
    </div>
  );
}
