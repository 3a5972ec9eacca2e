import { useLayoutEffect, useRef } from "preact/hooks";
import { Back, Lock } from "../shared/icons";
import type { Me } from "../shared/staff";
import { clock } from "../shared/time";
import { inWords } from "../shared/vocabulary";
import { Actions } from "./Actions";
import { loadConversation, type DeskState } from "./desk";
import { Flag } from "./Flag";
import { Reply } from "./Reply";
import { Shared } from "./Shared";
import type { DeskConversation, DeskMessage, Segment } from "./types";

/** One conversation, as far as the customer shares it. */
export function Conversation({ state, me }: { state: DeskState; me: Me }) {
  const c = state.conversation;
  if (!state.selected) return <main class="conversation empty">Choose a conversation on the left.</main>;
  if (!c) {
    return (
      <main class="conversation empty">
        {state.conversationProblem ? (
          <div role="alert">
            <p>{state.conversationProblem}</p>
            <p>
              <button type="button" class="button small" onClick={() => void loadConversation()}>
                Load it again
              </button>{" "}
              <a class="button small" href="#">
                Back to the queue
              </a>
            </p>
          </div>
        ) : (
          "Loading the conversation…"
        )}
      </main>
    );
  }
  const mine = owned(c, me);
  return (
    <main class="conversation">
      <header class="conversation-head">
        <a class="back" href="#" aria-label="Back to the queue">
          <Back />
        </a>
        <div class="title">
          <h2>{name(c)}</h2>
          <p class="quiet">{[inWords(c.ticket?.reason || c.reason), c.language, c.brand].filter(Boolean).join(" · ")}</p>
        </div>
        <Actions conversation={c} mine={mine} />
      </header>
      {state.problem && (
        <p class="problem strip" role="alert" data-testid="problem">
          {state.problem}
        </p>
      )}
      <Shared conversation={c} mine={mine} />
      <Log messages={c.messages ?? []} />
      {mine && <Reply state={state} />}
    </main>
  );
}

export function owned(c: DeskConversation, me: Me): boolean {
  const t = c.ticket;
  return Boolean(t?.mine || (t?.assignee && me.id && t.assignee.id === me.id)) && c.state === "open";
}

/** Customers are known by an internal id; their name is data like any other. */
function name(c: DeskConversation): string {
  return c.visitor || !c.customer ? "Visitor" : `Customer ${c.customer.slice(0, 12)}`;
}

function Log({ messages }: { messages: DeskMessage[] }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [messages.length]);
  // What is shared grows and shrinks above: the newest stays in view, unless the
  // agent reads further up.
  useLayoutEffect(() => {
    const e = box.current;
    if (!e) return;
    let atEnd = true;
    const onScroll = () => (atEnd = e.scrollHeight - e.scrollTop - e.clientHeight < 80);
    const resized = new ResizeObserver(() => {
      if (atEnd) e.scrollTop = e.scrollHeight;
    });
    e.addEventListener("scroll", onScroll, { passive: true });
    resized.observe(e);
    return () => {
      e.removeEventListener("scroll", onScroll);
      resized.disconnect();
    };
  }, []);
  return (
    <div class="log" role="log" aria-live="polite" tabIndex={0} ref={box}>
      {messages.map((m) => (
        <div key={m.id} class={`message ${m.from}`} data-testid="message" data-from={m.from}>
          <p class="quiet">
            {speaker(m)} · <time dateTime={m.at}>{clock(m.at, navigator.language)}</time>
          </p>
          <p class="text">{segments(m).map((s, i) => (s.masked ? <Masked key={i} segment={s} /> : <span key={i}>{s.text} </span>))}</p>
          {m.from === "assistant" && m.answer_id && <Flag answer={m.answer_id} flags={m.flags ?? []} />}
        </div>
      ))}
    </div>
  );
}

function segments(m: DeskMessage): Segment[] {
  return m.segments && m.segments.length > 0 ? m.segments : [{ text: m.text }];
}

function Masked({ segment }: { segment: Segment }) {
  return (
    <span class="masked" data-testid="masked">
      <Lock />
      {segment.text}
    </span>
  );
}

function speaker(m: DeskMessage): string {
  switch (m.from) {
    case "customer":
      return "Customer";
    case "assistant":
      return "AI assistant";
    case "agent":
      return (m.name || "Team") + (m.assisted ? ", drafted with AI" : "");
    case "system":
      return "Note";
  }
}
