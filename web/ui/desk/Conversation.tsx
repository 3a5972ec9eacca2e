import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Back, Lock } from "../shared/icons";
import { holds, type Me } from "../shared/staff";
import { useStore } from "../shared/store";
import { inWords, languageName } from "../shared/vocabulary";
import { Actions } from "./Actions";
import { Composer } from "./Composer";
import { Context } from "./Context";
import { desk, loadConversation, owned, type DeskState } from "./desk";
import { attach } from "./drafts";
import { panels } from "./panels";
import { Shared } from "./Shared";
import { Thread } from "./Thread";
import { Transfer } from "./Transfer";
import type { DeskConversation } from "./types";
import { useNow } from "./useNow";
import { customerName, due, queueTitle } from "./words";

/** One conversation, as far as the customer shares it. */
export function Conversation({ state, me }: { state: DeskState; me: Me }) {
  const c = state.conversation;
  if (!state.selected) {
    return (
      <main class="conversation empty" tabIndex={-1}>
        {(state.tickets ?? []).length > 0 && <p>Choose a conversation on the left.</p>}
        <p class="quiet">Press ? for what the keys do.</p>
      </main>
    );
  }
  if (!c) {
    return (
      <main class="conversation empty" tabIndex={-1}>
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
  return <Open state={state} me={me} conversation={c} />;
}

function Open({ state, me, conversation: c }: { state: DeskState; me: Me; conversation: DeskConversation }) {
  const mine = owned(c);
  const supervisor = holds(me, ["supervisor"]);
  const { transfer } = useStore(panels);
  const [over, setOver] = useState(false);
  const box = useRef<HTMLElement>(null);
  // Who opens it with the keyboard goes on in it, and not through the rest of the list.
  useLayoutEffect(() => {
    if (document.activeElement?.matches("body, a.ticket:focus-visible, a.ticket:not([aria-current])")) box.current!.focus({ preventScroll: true });
  }, [c.id]);
  const listening = supervisor && !mine && c.state === "open" && Boolean(c.ticket?.assignee);
  const dragged = (e: DragEvent) => mine && Boolean(e.dataTransfer?.types.includes("Files"));
  return (
    <main
      tabIndex={-1}
      ref={box}
      class={["conversation", over && "over", state.context && "with-context"].filter(Boolean).join(" ")}
      onDragOver={(e) => {
        if (!dragged(e)) return;
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={(e) => {
        if (!e.currentTarget.contains(e.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(e) => {
        setOver(false);
        if (!dragged(e)) return;
        e.preventDefault();
        attach(c.id, e.dataTransfer!.files);
      }}
    >
      <header class="conversation-head">
        <a class="back" href="#" aria-label="Back to the queue">
          <Back />
        </a>
        <div class="title">
          <h2>{customerName(c)}</h2>
          <About state={state} conversation={c} />
        </div>
        <Actions conversation={c} supervisor={supervisor} transfer={() => panels.set({ transfer: true })} />
      </header>
      {state.problem && (
        <p class="problem strip" role="alert" data-testid="problem">
          {state.problem}
        </p>
      )}
      {listening && (
        <p class="listening" data-testid="listening">
          You are listening in; the customer can see that you did.
        </p>
      )}
      <button
        type="button"
        class="context-toggle"
        data-testid="context-toggle"
        aria-expanded={state.context}
        onClick={() => desk.set({ context: !state.context })}
      >
        <Lock />
        <span class="context-label">{inShort(c)}</span>
        <span class="link">{state.context ? "Hide" : "Show"}</span>
      </button>
      <Shared conversation={c} mine={mine} />
      <div class="conversation-body">
        <div class="thread">
          <Thread key={c.id} conversation={c} typingUntil={state.typing[c.id] ?? 0} />
          <Composer conversation={c} mine={mine} />
        </div>
        <Context state={state} conversation={c} />
      </div>
      {transfer && <Transfer state={state} me={me} conversation={c} close={() => panels.set({ transfer: false })} />}
    </main>
  );
}

/** What is behind the button, where there is no room for all of it. */
function inShort(c: DeskConversation): string {
  const names = (categories: string[] | null) => (categories ?? []).map(inWords).join(", ");
  const shared = names(c.shared) ? `Shared: ${names(c.shared)}` : "";
  const not = names(c.not_shared) ? `Not shared: ${names(c.not_shared)}` : "";
  return ["Summary", shared, not].filter(Boolean).join(" · ");
}

/** What the conversation is about, and what is promised next. */
function About({ state, conversation: c }: { state: DeskState; conversation: DeskConversation }) {
  const now = useNow();
  const promise = c.ticket ? due(c.ticket, now) : undefined;
  const queue = c.ticket?.queue ? queueTitle(state, c.ticket.queue) : "";
  return (
    <p class="quiet">
      {[inWords(c.ticket?.reason || c.reason), c.language && languageName(c.language), c.brand, queue].filter(Boolean).join(" · ")}
      {promise && <span class={promise.late ? "due late" : "due"}> · {promise.text}</span>}
    </p>
  );
}
