import { useLayoutEffect, useRef } from "preact/hooks";
import { fill } from "../shared/i18n";
import { line } from "../shared/line";
import { useStore } from "../shared/store";
import { clock } from "../shared/time";
import type { Message, Offer } from "../shared/types";
import type { Show } from "./App";
import { AnswerView } from "./AnswerView";
import { Lazy } from "./lazy";
import { OfferCard } from "./OfferCard";
import { sendNow } from "./outbox";
import type { Slots } from "./person/person";
import { peopled, unfinished, unsent, withPerson, type ChatState, type Draft } from "./state";
import { hid, language, w } from "./words";

type Props = { chat: ChatState; show: Show };

/** The conversation. Screen readers are told of finished answers by the status line, not by every sentence here. */
export function Log({ chat, show }: Props) {
  const box = useBottom(chat.drafts.length);
  const { trouble } = useStore(line);
  const untouched = chat.drafts.length === 0 && !chat.messages.some((m) => m.from === "customer");
  return (
    <div class="log" role="log" aria-live="off" tabIndex={0} ref={box}>
      {chat.messages.length === 0 && <Disclosure chat={chat} />}
      {chat.messages.map((m) => (
        <Entry key={m.answer_id ?? m.id} message={m} chat={chat} show={show} />
      ))}
      {untouched && (
        <div class="opening">
          {chat.erased && (
            <p class="note" data-testid="erased">
              {w.erased}
            </p>
          )}
          <p>{w.greeting}</p>
          <p>{fill(w.greetingSource, { brand: chat.brand })}</p>
        </div>
      )}
      <Unsent chat={chat} />
      {unfinished(chat).map((a) => (
        <div class="row theirs" key={a.id} data-testid="message" data-from="assistant">
          <AnswerView view={a} chat={chat} show={show} />
        </div>
      ))}
      {peopled(chat) && <Lazy name="person">{(m) => <m.Standing chat={chat} />}</Lazy>}
      {!trouble && (chat.typing || (chat.expected.length > 0 && !withPerson(chat))) && <Typing text={chat.typing ?? w.thinking} />}
    </div>
  );
}

/** Said by the server's first message; here only in case that one is missing. */
function Disclosure({ chat }: { chat: ChatState }) {
  return <p class="system">{fill(w.disclosure, { brand: chat.brand })}</p>;
}

const aboutAnswer = ["proof", "wrong"] as const;

function Entry({ message: m, chat, show }: Props & { message: Message }) {
  if (m.offer) return <Asked message={m} offer={m.offer} chat={chat} />;
  if (m.from === "system") {
    return (
      <p class="system" data-testid="message" data-from="system">
        {m.text}
      </p>
    );
  }
  const view = m.answer_id ? chat.answers[m.answer_id] : undefined;
  const { Before, Body, Marks } = chat.slots ?? plain;
  const props = { message: m, chat };
  return (
    <>
      <Before {...props} />
      <div class={m.from === "customer" ? "row mine" : "row theirs"} data-testid="message" data-from={m.from}>
        {m.from === "agent" && <p class="by">{m.name || w.team}{m.assisted && ` · ${w.assisted}`}</p>}
        {m.from === "assistant" && view ? (
          <AnswerView view={view} text={m.text} chat={chat} show={show} />
        ) : (
          <Body {...props} />
        )}
        {m.masked && (
          <p class="note hid" data-testid="hid">
            {hid(m.masked)}
          </p>
        )}
        <p class="at">
          <Time of={m} />
          <Marks {...props} />
          {view?.whole &&
            aboutAnswer.map((name) => (
              <button key={name} type="button" class="link" data-testid={name} onClick={() => show(name, view.id)}>
                {w[name]}
              </button>
            ))}
        </p>
      </div>
    </>
  );
}

/** How a message looks before what belongs to people is loaded. */
const plain: Pick<Slots, "Before" | "Body" | "Marks"> = { Before: () => null, Body: ({ message }) => <p class="bubble" dir="auto">{message.text}</p>, Marks: () => null };

/** An agent asks to see something. */
function Asked({ message: m, offer, chat }: { message: Message; offer: Offer; chat: ChatState }) {
  return (
    <div class="row theirs" data-testid="message" data-from={m.from}>
      {/* The offer says the same once more, with its buttons. */}
      {m.text !== offer.text && <p class="bubble" dir="auto">{m.text}</p>}
      <OfferCard offer={offer} chat={chat} askedAt={m.at} allowed={w.offerShared} />
      <p class="at">
        <Time of={m} />
      </p>
    </div>
  );
}

const Time = ({ of }: { of: Message }) => <time dateTime={of.at}>{clock(of.at, language)}</time>;

/** What the customer has written and the server has not confirmed, in order. */
function Unsent({ chat }: { chat: ChatState }) {
  const shown = chat.drafts.filter((d) => !d.seen);
  // One button sends them all.
  const last = shown.filter((d) => d.refused || (unsent(d) && chat.stuck)).at(-1);
  return (
    <>
      {shown.map((d) => (
        <div class="row mine" key={d.key} data-testid="draft">
          {d.text && <p class="bubble" dir="auto">{d.text}</p>}
          {chat.slots && <chat.slots.Files draft={d} />}
          {unsent(d) && (
            <div class="unsent">
              <p class={d.refused ? "refused" : ""}>{standing(d, chat)}</p>
              {d === last && (
                <button type="button" class="button small" data-testid="send-again" onClick={sendNow}>
                  {w.sendNow}
                </button>
              )}
            </div>
          )}
        </div>
      ))}
    </>
  );
}

function standing(d: Draft, chat: ChatState): string {
  if (d.refused) return `${w.notSent} ${d.refused}`;
  return chat.stuck ? w.notSent : w.sending;
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
    // A keyboard that comes up takes room from it.
    const resized = new ResizeObserver(() => atBottom.current && (e.scrollTop = e.scrollHeight));
    resized.observe(e);
    return () => {
      e.removeEventListener("scroll", onScroll);
      resized.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    const e = box.current;
    if (e && (atBottom.current || own > before.current)) e.scrollTop = e.scrollHeight;
    before.current = own;
  });
  return box;
}
