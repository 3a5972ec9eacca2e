import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import { Article, Clip, Close } from "../../shared/icons";
import { size } from "../../shared/size";
import type { Attachment } from "../../shared/types";
import { inConversation } from "../outbox";
import { PanelFrame } from "../PanelFrame";
import { api } from "../session";
import { store, type Attached, type ChatState, type Draft } from "../state";
import { language, w } from "../words";
import { attach, detach, kinds, progressOf, sentHere } from "./upload";
import { say } from "./words";

type AttachProps = { chat: ChatState; text: string; box: RefObject<HTMLTextAreaElement | null> };

const every = 3000; // how often it is said that the customer types; it holds for six seconds
let said = 0;

/** Files by button, paste and drop; and that the customer is typing. */
export function Attach({ chat, text, box }: AttachProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const before = useRef(text);

  useEffect(() => {
    const typed = text !== before.current && text !== "";
    before.current = text;
    if (!typed || !chat.assignee || performance.now() - said < every) return;
    said = performance.now();
    inConversation((path) => api.post(`${path}/typing`)).catch(() => undefined);
  }, [text]);

  useEffect(() => {
    const field = box.current!;
    const pasted = (e: ClipboardEvent) => {
      if (!e.clipboardData?.files.length) return;
      e.preventDefault();
      attach(e.clipboardData.files);
    };
    const files = (e: DragEvent) => e.dataTransfer?.types.includes("Files");
    const dragged = (e: DragEvent) => {
      if (!files(e)) return;
      e.preventDefault(); // or the browser opens the file in place of the chat
      setOver(true);
    };
    const away = (e: DragEvent) => !e.relatedTarget && setOver(false);
    const dropped = (e: DragEvent) => {
      if (!files(e)) return;
      e.preventDefault();
      setOver(false);
      attach(e.dataTransfer!.files);
      field.focus();
    };
    field.addEventListener("paste", pasted);
    document.addEventListener("dragover", dragged);
    document.addEventListener("dragleave", away);
    document.addEventListener("drop", dropped);
    return () => {
      field.removeEventListener("paste", pasted);
      document.removeEventListener("dragover", dragged);
      document.removeEventListener("dragleave", away);
      document.removeEventListener("drop", dropped);
    };
  }, []);

  function remove(f: Attached) {
    detach(f);
    box.current?.focus();
  }

  return (
    <>
      {over && <p class="drop">{say.drop}</p>}
      {chat.attached.length > 0 && (
        <ul class="files" aria-label={say.attachments}>
          {chat.attached.map((f) => (
            <li key={f.key} data-testid="attached" data-sent={f.id !== undefined}>
              <Row file={f} />
              <button type="button" class="tool" aria-label={fill(say.removeFile, { name: f.name })} data-testid="attached-remove" onClick={() => remove(f)}>
                <Close />
              </button>
              {f.problem && (
                <p class="refused" role="alert">
                  {f.problem}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      <input
        type="file"
        hidden
        multiple
        accept={kinds.join()}
        ref={input}
        data-testid="attach-input"
        aria-label={say.attach}
        onChange={(e) => {
          attach(e.currentTarget.files!);
          e.currentTarget.value = ""; // the same file can be chosen again
          box.current?.focus();
        }}
      />
      <button type="button" class="button" aria-label={say.attach} title={say.attach} data-testid="attach" onClick={() => input.current!.click()}>
        <Clip />
      </button>
    </>
  );
}

function Row({ file: f }: { file: Attached }) {
  return (
    <div class="file">
      <Article />
      <span>
        {f.name} <small>{size(f.size, language)}</small>
      </span>
      {!f.id && !f.problem && f.upload && <progress value={f.sent} max={1} aria-label={progressOf(f)} />}
    </div>
  );
}

/** The files of a message that is on its way. */
export function Files({ draft }: { draft: Draft }) {
  if (!draft.files?.length) return null;
  const takeBack = () => store.set((v) => ({ drafts: v.drafts.filter((d) => d.key !== draft.key) }));
  return (
    <>
      <ul class="files">
        {draft.files.map((f) => (
          <li key={f.key}>
            <Row file={f} />
          </li>
        ))}
      </ul>
      {draft.refused && (
        <button type="button" class="button small" data-testid="take-back" onClick={takeBack}>
          {say.takeBack}
        </button>
      )}
    </>
  );
}

/** The files of a message. */
export function Shown({ files }: { files: Attachment[] }) {
  return (
    <ul class="files">
      {files.map((a) => (
        <li key={a.id} data-testid="attachment">
          {a.type.startsWith("image/") ? <Image of={a} /> : <Other of={a} />}
        </li>
      ))}
    </ul>
  );
}

// With the bearer, which an address in an <img> could not send.
async function load(a: Attachment): Promise<Blob> {
  return sentHere.get(a.id) ?? inConversation((path) => api.file(`${path}/attachments/${a.id}`));
}

const widest = 220;
const highest = 180;

/** An image, loaded when it comes into view; its place is kept until then. */
function Image({ of: a }: { of: Attachment }) {
  const [url, setURL] = useState<string>();
  const [failed, setFailed] = useState(false);
  const [large, setLarge] = useState(false);
  const place = useRef<HTMLButtonElement>(null);
  const scale = Math.min(1, widest / (a.width || widest), highest / (a.height || highest));
  const fit = { width: Math.max(24, Math.round((a.width || widest) * scale)), height: Math.max(24, Math.round((a.height || highest) * scale)) };
  const name = fill(say.image, { name: a.name });

  async function show() {
    setFailed(false);
    try {
      setURL(URL.createObjectURL(await load(a)));
    } catch {
      setFailed(true);
    }
  }

  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      observer.disconnect();
      void show();
    });
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, [a.id]);
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);

  return (
    <>
      <button
        type="button"
        class="thumbnail"
        aria-label={failed ? `${fill(say.fileFailed, { name: a.name })} ${w.again}` : name}
        ref={place}
        onClick={() => (url ? setLarge(true) : void show())}
      >
        {url ? <img src={url} alt="" {...fit} data-testid="image" /> : <canvas {...fit} />}
        {failed && <span>{fill(say.fileFailed, { name: a.name })}</span>}
      </button>
      {large && url && (
        <PanelFrame title={a.name} close={() => setLarge(false)}>
          <img class="large" src={url} alt={name} />
          <a class="button small" href={url} download={a.name}>
            {say.download}
          </a>
        </PanelFrame>
      )}
    </>
  );
}

/** A file that is saved rather than shown. */
function Other({ of: a }: { of: Attachment }) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);

  async function save() {
    setBusy(true);
    setFailed(false);
    try {
      const url = URL.createObjectURL(await load(a));
      const link = document.createElement("a");
      link.href = url;
      link.download = a.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch {
      setFailed(true);
    }
    setBusy(false);
  }

  return (
    <>
      <button type="button" class="file" disabled={busy} data-testid="file" onClick={() => void save()}>
        <Article />
        <span>
          {a.name} <small>{size(a.size, language)}</small>
        </span>
      </button>
      {failed && (
        <p class="refused" role="alert">
          {fill(say.fileFailed, { name: a.name })}
        </p>
      )}
    </>
  );
}
