import { useLayoutEffect, useRef } from "preact/hooks";
import { clock } from "../shared/time";
import { owned } from "./desk";
import { MessageView } from "./MessageView";
import type { DeskConversation, DeskMessage, Note } from "./types";
import { useNow } from "./useNow";

type Props = { conversation: DeskConversation; typingUntil: number };

type Entry = { at: string; message?: DeskMessage; note?: Note };

/** What was said, and between it what the desk wrote for itself. */
export function Thread({ conversation: c, typingUntil }: Props) {
  const messages = c.messages ?? [];
  const entries = [
    ...messages.map((message): Entry => ({ at: message.at, message })),
    ...(c.notes ?? []).map((note): Entry => ({ at: note.at, note })),
  ].sort((a, b) => a.at.localeCompare(b.at) || (a.message?.seq ?? 0) - (b.message?.seq ?? 0));
  const read = messages.filter((m) => m.from === "agent" && m.seq <= (c.read?.customer ?? 0)).at(-1)?.id;
  const have = owned(c);
  const { box, entries: list } = useStuckToEnd();
  return (
    <div class="log" role="log" aria-live="polite" aria-label="Conversation" tabIndex={0} ref={box}>
      <div class="entries" ref={list}>
        {entries.map(({ message: m, note }) =>
          m ? (
            <MessageView key={m.id} conversation={c.id} message={m} mine={have && Boolean(m.mine)} read={m.id === read} />
          ) : (
            <NoteView key={note!.id} note={note!} />
          ),
        )}
        <Typing until={typingUntil} />
      </div>
    </div>
  );
}

function NoteView({ note: n }: { note: Note }) {
  return (
    <div class="note" data-testid="note-shown">
      <p class="quiet">
        Internal note · {n.name || "Team"} · <time dateTime={n.at}>{clock(n.at, navigator.language)}</time>
      </p>
      <p class="text" dir="auto">
        {n.text}
      </p>
    </div>
  );
}

function Typing({ until }: { until: number }) {
  useNow(); // it runs out by itself
  return (
    <p class="typing quiet" data-testid="typing">
      {until > Date.now() && "The customer is typing…"}
    </p>
  );
}

/** The newest stays in view as things grow and shrink, in it and around it, unless the agent reads further up. */
function useStuckToEnd() {
  const box = useRef<HTMLDivElement>(null);
  const entries = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const e = box.current!;
    let [height, room, atEnd] = [0, 0, true];
    const onScroll = () => {
      // What moves because something has another size now is not the agent.
      if (e.scrollHeight === height && e.clientHeight === room) atEnd = height - e.scrollTop - room < 80;
    };
    const resized = new ResizeObserver(() => {
      [height, room] = [e.scrollHeight, e.clientHeight];
      if (atEnd) e.scrollTop = height;
    });
    e.addEventListener("scroll", onScroll, { passive: true });
    resized.observe(e);
    resized.observe(entries.current!);
    return () => {
      e.removeEventListener("scroll", onScroll);
      resized.disconnect();
    };
  }, []);
  return { box, entries };
}
