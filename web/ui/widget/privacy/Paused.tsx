import { say } from "./words";

type Props = { labels: string; name: string; busy: boolean; choose: (yes: boolean) => void };

/** What is paused is neither on nor off: it takes an answer, with two buttons that look the same. */
export function Paused({ labels, name, busy, choose }: Props) {
  const button = (yes: boolean, label: string, id: string) => (
    <button type="button" class="button small" data-testid={`${id}-${name}`} disabled={busy} onClick={() => choose(yes)}>
      {label}
    </button>
  );
  return (
    <div class="choices" role="group" aria-labelledby={labels}>
      {button(true, say.renew, "renew")}
      {button(false, say.stop, "stop")}
    </div>
  );
}
