import { useRef } from "preact/hooks";
import { fill } from "../shared/i18n";
import type { Citation, Sentence, Used } from "../shared/types";
import { loadAnswer } from "./chat";
import { SourceCard } from "./SourceCard";
import type { AnswerView, ChatState } from "./state";
import { w } from "./words";

type Props = {
  index: number;
  sentence: Sentence;
  view: AnswerView;
  chat: ChatState;
  numbers: Map<string, number>;
  open: string | undefined;
  setOpen: (key: string | undefined) => void;
};

/** A sentence with its numbered sources; the one that is opened appears below it. */
export function SentenceView({ index, sentence, view, chat, numbers, open, setOpen }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const used = new Map((view.whole?.used ?? []).map((u) => [u.record_id, u]));
  const records = [...new Set(sentence.citations.map((c) => c.record_id))];
  const shown = records.find((r) => open === `${index}:${r}`);

  // The last word keeps its chips: a number alone on a line says nothing.
  const lastWord = sentence.text.lastIndexOf(" ") + 1;

  function toggle(record: string) {
    const key = `${index}:${record}`;
    setOpen(open === key ? undefined : key);
    // While the answer is being written, only the server knows its sources.
    if (!used.has(record)) void loadAnswer(view.id);
  }

  function close(record: string) {
    setOpen(undefined);
    box.current?.querySelector<HTMLButtonElement>(`[data-record="${CSS.escape(record)}"]`)?.focus();
  }

  return (
    <div
      class="sentence"
      data-testid="sentence"
      ref={box}
      onKeyDown={(e) => {
        if (e.key !== "Escape" || !shown) return;
        e.preventDefault(); // Escape closes the source, not the chat
        e.stopPropagation();
        close(shown);
      }}
    >
      <p class="bubble" dir="auto">
        {sentence.text.slice(0, lastWord)}
        <span class="tail">
          {sentence.text.slice(lastWord)}
          {records.map((r) => (
            <Chip key={r} number={numbers.get(r) ?? 0} record={r} used={used.get(r)} open={shown === r} toggle={() => toggle(r)} />
          ))}
        </span>
      </p>
      {shown && (
        <SourceCard
          number={numbers.get(shown) ?? 0}
          used={used.get(shown)}
          given={(view.whole?.used ?? []).filter((u) => u.record_id === shown)}
          quotes={quotes(sentence.citations, shown)}
          chat={chat}
          close={() => close(shown)}
        />
      )}
    </div>
  );
}

function quotes(citations: Citation[], record: string): string[] {
  return [...new Set(citations.filter((c) => c.record_id === record && c.quote).map((c) => c.quote))];
}

type ChipProps = { number: number; record: string; used: Used | undefined; open: boolean; toggle: () => void };

function Chip({ number, record, used, open, toggle }: ChipProps) {
  const personal = used !== undefined && used.category !== "knowledge";
  return (
    <button
      type="button"
      class={personal ? "chip personal" : "chip"}
      data-testid="chip"
      data-record={record}
      aria-expanded={open}
      aria-label={fill(w.source, { n: number, title: used?.title ?? "" })}
      onClick={toggle}
    >
      {number}
    </button>
  );
}
