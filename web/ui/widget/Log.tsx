import { useLayoutEffect, useRef } from "preact/hooks";
import { fill } from "../shared/i18n";
import { clock } from "../shared/time";
import type { Message } from "../shared/types";
import { AnswerView } from "./AnswerView";
import { sendAgain } from "./chat";
import { unfinished, withPerson, type ChatState, type Draft } from "./state";
import { language, w } from "./words";

type Props = { chat: ChatState; askPerson: () => void };

/** The conversation. Screen readers are told of finished answers by the status line, not by every sentence here. */
export function Log({ chat, askPerson }: Props) {
  const box = useBottom(chat.drafts.length);
  const untouched = chat.drafts.length === 0 && !chat.messages.some((m) => m.from === "customer");
  return (
    <div class="log" role="log" aria-live="off" tabIndex={0} ref={box}>
      {chat.messages.length === 0 && <Disclosure chat={chat} />}
      {chat.messages.map((m) => (
        <Entry key={m.answer_id ?? m.id} message={m} chat={chat} askPerson={askPerson} />
      ))}
      {untouched && (
        <div class="opening">
          <p>{w.greeting}</p>
          <p>{fill(w.greetingSource, { brand: chat.brand })}</p>
        </div>
      )}
      {chat.drafts.map((d) => (
        <Unsent key={d.key} draft={d} />
      ))}
      {unfinished(chat).map((a) => (
        <div class="row theirs" key={a.id} data-testid="message" data-from="assistant">
          <AnswerView view={a} chat={chat} askPerson={askPerson} />
        </div>
      ))}
      {(chat.typing || (chat.expected.length > 0 && !withPerson(chat))) && <Typing text={chat.typing ?? w.thinking} />}
    </div>
  );
}

/** Said by the server's first message; here only in case that one is missing. */
function Disclosure({ chat }: { chat: ChatState }) {
  return <p class="system">{fill(w.disclosure, { brand: chat.brand })}</p>;
}

function Entry({ message: m, chat, askPerson }: Props & { message: Message }) {
  if (m.from === "system") {
    return (
      <p class="system" data-testid="message" data-from="system">
        {m.text}
      </p>
    );
  }
  const view = m.answer_id ? chat.answers[m.answer_id] : undefined;
  return (
    <div class={m.from === "customer" ? "row mine" : "row theirs"} data-testid="message" data-from={m.from}>
      {m.from === "agent" && <p class="by">{m.name || w.team}</p>}
      {m.from === "assistant" && view ? (
        <AnswerView view={view} text={m.text} chat={chat} askPerson={askPerson} />
      ) : (
        <p class="bubble">{m.text}</p>
      )}
      <time class="at" dateTime={m.at}>
        {clock(m.at, language)}
      </time>
    </div>
  );
}

function Unsent({ draft }: { draft: Draft }) {
  return (
    <div class="row mine" data-testid="draft">
      <p class="bubble">{draft.text}</p>
      {draft.failed ? (
        <p class="unsent" role="alert">
          {w.notSent} {draft.problem}{" "}
          <button type="button" class="button small" data-testid="send-again" onClick={() => void sendAgain(draft)}>
            {w.again}
          </button>
        </p>
      ) : (
        <p class="at">{w.sending}</p>
      )}
    </div>
  );
}

function Typing({ text }: { text: string }) {
  return (
    <p class="typing" data-testid="typing">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {text}
    </p>
  );
}

/** Keeps the newest in view, unless the reader has scrolled up; one's own message always shows. */
function useBottom(own: number) {
  const box = useRef<HTMLDivElement>(null);
  const atBottom = useRef(true);
  const before = useRef(0);
  useLayoutEffect(() => {
    const e = box.current;
    if (!e) return;
    const onScroll = () => (atBottom.current = e.scrollHeight - e.scrollTop - e.clientHeight < 80);
    e.addEventListener("scroll", onScroll, { passive: true });
    return () => e.removeEventListener("scroll", onScroll);
  }, []);
  useLayoutEffect(() => {
    const e = box.current;
    if (e && (atBottom.current || own > before.current)) e.scrollTop = e.scrollHeight;
    before.current = own;
  });
  return box;
}
