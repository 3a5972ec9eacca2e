type Props = { text: string; id?: string };

/** What went wrong, brought into view: it stands at the end of a card. */
export function Wrong({ text, id }: Props) {
  if (!text) return null;
  return (
    <p class="problem" role="alert" id={id} ref={(e) => e?.scrollIntoView({ block: "nearest" })}>
      {text}
    </p>
  );
}
