import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useStore } from "../shared/store";
import { CannedReplies } from "./CannedReplies";
import { act, saysTyping } from "./desk";
import {
  attach,
  draftOf,
  drafts,
  madeOf,
  mayShow,
  sentDraft,
  setNote,
  setNoting,
  setText,
} from "./drafts";
import { Uploads } from "./Files";
import { Knowledge } from "./Knowledge";
import { panels } from "./panels";
import { SuggestionCard } from "./SuggestionCard";
import { dismiss, suggest, suggestions } from "./suggestions";
import type { DeskConversation } from "./types";

const longest = 4000;

// Who types on glass has no Ctrl key.
const placeholder = `Your answer to the customer.${matchMedia("(hover: none)").matches ? "" : " Ctrl + Enter sends it."}`;

/** Where an agent answers the customer, or writes a note for the desk. */
export function Composer({ conversation: c, mine }: { conversation: DeskConversation; mine: boolean }) {
  const draft = draftOf(useStore(drafts), c.id);
  const { canned, knowledge } = useStore(panels);
  const suggested = useStore(suggestions).of[c.id];
  const noting = draft.noting || !mine; // who does not have it writes to the desk only
  return (
    <div class="composer">
      {mine && suggested && <SuggestionCard conversation={c} suggested={suggested} />}
      {/* They hold the customer's name: what is shared now is asked for anew. */}
      {mine && canned && !c.unchecked && (
        <CannedReplies key={(c.shared ?? []).join()} conversation={c.id} close={() => panels.set({ canned: false })} />
      )}
      {mine && (
        <div class="modes" role="group" aria-label="What you write">
          <button type="button" data-testid="mode-answer" aria-pressed={!noting} onClick={() => setNoting(c.id, false)}>
            Answer
          </button>
          <button type="button" data-testid="mode-note" aria-pressed={noting} onClick={() => setNoting(c.id, true)}>
            Internal note
          </button>
        </div>
      )}
      {noting ? <NoteForm id={c.id} note={draft.note} noteKey={draft.noteKey} /> : <Answer conversation={c} />}
      {knowledge && <Knowledge conversation={c} mine={mine} close={() => panels.set({ knowledge: false })} />}
    </div>
  );
}

function NoteForm({ id, note, noteKey }: { id: string; note: string; noteKey: string }) {
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  useGrowing(box, note);
  const send = async () => {
    const text = note.trim();
    if (text === "" || busy || text.length > longest) return;
    setBusy(true);
    if (await act("notes", { text }, noteKey)) {
      setNote(id, "");
      setNoting(id, false);
    }
    setBusy(false);
  };
  return (
    <form
      class="reply noting"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <textarea
        id="note"
        class="field"
        dir="auto"
        rows={2}
        ref={box}
        aria-label="Internal note"
        data-testid="note"
        placeholder="For the desk only: the customer does not see it in the chat"
        value={note}
        readOnly={busy}
        onInput={(e) => setNote(id, e.currentTarget.value)}
        onKeyDown={(e) => sends(e) && void send()}
      />
      <div class="reply-foot">
        <span class="quiet">Part of the customer's data, if they ask for it</span>
        <button type="submit" class="button small" data-testid="note-send" disabled={busy || note.trim() === ""}>
          {busy ? "Keeping…" : "Keep the note"}
        </button>
      </div>
    </form>
  );
}

function Answer({ conversation: c }: { conversation: DeskConversation }) {
  const id = c.id;
  const draft = draftOf(useStore(drafts), id);
  const { text, uploads, from, key } = draft;
  const asked = useStore(suggestions).of[id];
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const visible = !from || mayShow(from.needs, c);
  const holes = [...new Set(text.match(/\{\{\s*\w+\s*\}\}/g))];
  const hint = whyNot();
  const sendable = hint === "" && visible && (text.trim() !== "" || uploads.length > 0);

  useGrowing(box, visible ? text : "");

  function whyNot(): string {
    if (text.length > longest) return `${text.length - longest} characters too many`;
    if (holes.length > 0) return `Fill in ${holes.join(", ")} first`;
    if (uploads.some((u) => !u.done && !u.problem)) return "A file is being uploaded";
    return uploads.some((u) => u.problem) ? "Remove the file that was not uploaded" : "";
  }

  async function send() {
    if (busy || !sendable) return;
    box.current!.focus(); // where the next one is written
    setBusy(true);
    const attachments = uploads.flatMap((u) => u.done?.id ?? []);
    const suggestion = madeOf(draft);
    const body = {
      text: text.trim(),
      ...(attachments.length > 0 ? { attachments } : {}),
      ...(suggestion ? { suggestion } : {}),
    };
    if (await act("messages", body, key)) {
      sentDraft(id);
      dismiss(id);
    }
    setBusy(false);
  }

  const tool = (label: string, testid: string, run: () => void, disabled = false) => (
    <button type="button" class="button small" data-testid={testid} disabled={disabled} onClick={run}>
      {label}
    </button>
  );
  return (
    <form
      class="reply"
      onSubmit={(e) => {
        e.preventDefault();
        void send();
      }}
    >
      <textarea
        id="reply"
        class="field"
        dir="auto"
        rows={2}
        ref={box}
        aria-label="Your answer to the customer"
        aria-describedby="reply-hint"
        data-testid="reply"
        placeholder={visible ? placeholder : "Your draft is hidden while it can't be checked what is shared."}
        value={visible ? text : ""}
        readOnly={busy || !visible}
        onInput={(e) => {
          setText(id, e.currentTarget.value);
          saysTyping(id);
        }}
        onPaste={(e) => {
          const pasted = e.clipboardData?.files;
          if (!pasted?.length) return;
          e.preventDefault();
          attach(id, pasted);
        }}
        onKeyDown={(e) => {
          if (sends(e)) void send();
          else if (e.key === "/" && text === "" && visible) {
            e.preventDefault();
            panels.set({ canned: true });
          }
        }}
      />
      <Uploads conversation={id} uploads={uploads} />
      <div class="reply-foot">
        <div class="tools">
          {tool("Suggest", "suggest", () => void suggest(id), asked?.busy)}
          {tool("Ready replies", "canned", () => panels.set({ canned: true }))}
          {tool("Knowledge", "knowledge", () => panels.set({ knowledge: true }))}
          {tool("Attach", "attach", () => files.current!.click())}
          <input
            type="file"
            hidden
            multiple
            accept="image/png,image/jpeg,image/webp,image/gif,application/pdf"
            data-testid="files"
            ref={files}
            onChange={(e) => {
              attach(id, e.currentTarget.files ?? []);
              e.currentTarget.value = "";
            }}
          />
        </div>
        <span class="quiet hint" id="reply-hint" role="status">
          {hint}
        </span>
        <button type="submit" class="button primary" data-testid="reply-send" disabled={busy || !sendable}>
          {busy ? "Sending…" : "Send"}
        </button>
      </div>
    </form>
  );
}

/** A box grows with its words, whether they are typed or put there. */
function useGrowing(box: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const fit = () => {
      const e = box.current!;
      e.style.height = "auto";
      e.style.height = `${Math.min(e.scrollHeight + 2, innerHeight * 0.3)}px`;
    };
    fit();
    addEventListener("resize", fit); // a phone that is turned
    return () => removeEventListener("resize", fit);
  }, [text]);
}

/** Whether a key press is the one that sends. */
function sends(e: KeyboardEvent): boolean {
  if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return false;
  e.preventDefault();
  return true;
}
