import { Article, Close } from "../shared/icons";
import { size } from "../shared/size";
import { detach, type Upload } from "./drafts";
import type { Attachment } from "./types";

const source = (conversation: string, a: Attachment) =>
  `/api/desk/conversations/${encodeURIComponent(conversation)}/attachments/${encodeURIComponent(a.id)}`;

/** The files of a message: images as they look, everything else by name. */
export function Files({ conversation, files }: { conversation: string; files: Attachment[] }) {
  return (
    <ul class="files" aria-label="Files">
      {files.map((a) => (
        <li key={a.id}>
          <a class={image(a) ? "thumbnail" : "file"} href={source(conversation, a)} target="_blank" rel="noopener" data-testid="attachment">
            {image(a) ? (
              <img src={source(conversation, a)} alt={a.name} {...fit(a)} loading="lazy" decoding="async" />
            ) : (
              <>
                <Article />
                <span class="file-name">{a.name}</span>
                <span class="quiet">{size(a.size, navigator.language)}</span>
              </>
            )}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** The files that go with the answer that is being written. */
export function Uploads({ conversation, uploads }: { conversation: string; uploads: Upload[] }) {
  if (uploads.length === 0) return null;
  return (
    <ul class="files" aria-label="Files of your answer">
      {uploads.map((u) => (
        <li key={u.key} class={u.problem ? "file failed" : "file"} data-testid="upload">
          {u.done && image(u.done) ? <img class="tiny" src={source(conversation, u.done)} alt="" /> : <Article />}
          <span class="file-name">{u.name}</span>
          <span class="quiet" role="status">
            {u.problem ?? (u.done ? size(u.size, navigator.language) : "Uploading…")}
          </span>
          <button type="button" class="icon-button" aria-label={`Remove ${u.name}`} onClick={() => detach(conversation, u.key)}>
            <Close />
          </button>
        </li>
      ))}
    </ul>
  );
}

const image = (a: Attachment) => a.type.startsWith("image/");

const widest = 240; // CSS pixels, either way

/** The size at which it is shown: known before it has come, so that nothing jumps. */
function fit({ width, height }: Attachment): { width?: number; height?: number } {
  if (!width || !height) return {};
  const part = Math.min(1, widest / width, widest / height);
  return { width: Math.max(1, Math.round(width * part)), height: Math.max(1, Math.round(height * part)) };
}
