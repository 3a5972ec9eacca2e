import { useEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "../shared/api";
import { Lock } from "../shared/icons";
import { clock } from "../shared/time";
import { EditMessage } from "./EditMessage";
import { Files } from "./Files";
import { Flag } from "./Flag";
import { messageAnchor } from "./show";
import type { DeskMessage, Segment } from "./types";

type Props = {
  conversation: string;
  message: DeskMessage;
  /** Whether I wrote it. */
  mine: boolean;
  /** Whether the customer has read up to here, and no further. */
  read: boolean;
};

/** What was said, as far as the customer shares it. */
export function MessageView({ conversation, message: m, mine, read }: Props) {
  const fresh = useFresh(m.at, mine);
  const [editing, setEditing] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  // What its customer does not share any more is not to be sent once more.
  const masked = segments(m).some((s) => s.masked);
  return (
    <div
      id={messageAnchor(m.id)}
      class={`message ${m.from}${editing ? " editing" : ""}`}
      tabIndex={-1}
      data-testid="message"
      data-from={m.from}
      data-answer={m.answer_id}
    >
      <p class="quiet">
        {speaker(m)} · <time dateTime={m.at}>{clock(m.at, navigator.language)}</time>
        {m.edited && " · edited"}
        {read && <span data-testid="read"> · Read</span>}
      </p>
      {editing && !masked ? (
        <EditMessage
          message={m}
          close={() => {
            setEditing(false);
            // Who has gone on elsewhere meanwhile stays there.
            requestAnimationFrame(() => document.activeElement?.matches("body, main") && opener.current?.focus());
          }}
        />
      ) : (
        said(m) && (
          <p class="text" dir="auto">
            {segments(m).map((s, i) => (s.masked ? <Masked key={i} segment={s} /> : <span key={i}>{s.text} </span>))}
          </p>
        )
      )}
      {m.attachments && m.attachments.length > 0 && <Files conversation={conversation} files={m.attachments} />}
      {fresh && !(editing || masked) && said(m) && (
        <button type="button" class="link small" data-testid="edit-message" ref={opener} onClick={() => setEditing(true)}>
          Edit
        </button>
      )}
      {m.from === "assistant" && m.answer_id && <Flag answer={m.answer_id} flags={m.flags ?? []} />}
    </div>
  );
}

const editable = 60_000;

/** Whether a message of mine can still be edited. */
function useFresh(at: string, mine: boolean): boolean {
  const left = mine ? Date.parse(at) + editable - serverNow() : 0;
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setOver(true), left);
    return () => clearTimeout(timer);
  }, [at, mine]);
  return left > 0 && !over;
}

/** The parts of a message. What is left out in a row is said once. */
function segments(m: DeskMessage): Segment[] {
  if (!m.segments || m.segments.length === 0) return [{ text: m.text }];
  const again = (s: Segment, before?: Segment) => s.masked && before?.masked && s.text === before.text;
  return m.segments.filter((s, i, all) => !again(s, all[i - 1]));
}

const said = (m: DeskMessage) => segments(m).some((s) => s.text !== "");

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
      return (m.name || "Team") + (m.assisted ? ", written with AI" : "");
    case "system":
      return "Notice";
  }
}
