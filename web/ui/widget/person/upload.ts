// Files on their way to the server. They are sent as soon as they are chosen; a message
// that is sent before they have arrived waits for them.
import { ApiError, persist, uuid } from "../../shared/api";
import { fill } from "../../shared/i18n";
import { met } from "../../shared/line";
import type { Attachment } from "../../shared/types";
import { explain } from "../explain";
import { authorization, renew } from "../session";
import { store, type Attached } from "../state";
import { say } from "./words";

const largest = 10 << 20;
const most = 10;
const tooLong = 60_000; // nobody waits longer for a limit to pass

export const kinds = ["image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf"];

/** What was sent from here, by the attachment's id: it need not be loaded again. */
export const sentHere = new Map<string, File>();

/** Takes files along with the message that is being typed. */
export function attach(files: Iterable<File>): void {
  for (const file of files) {
    const full = store.get().attached.length >= most;
    const f: Attached = { key: uuid(), name: file.name, type: file.type, size: file.size, sent: 0 };
    f.problem = unfit(file) || (full ? say.tooMany : undefined);
    if (!f.problem) f.upload = sender(f, file);
    store.set((v) => ({ attached: [...v.attached, f] }));
    if (f.upload) void start(f);
  }
}

export const detach = (f: Attached) => store.set((v) => ({ attached: v.attached.filter((x) => x !== f) }));

// The server looks at the content; this only spares the way there.
function unfit(file: File): string | undefined {
  if (file.size === 0) return say.empty;
  if (file.size > largest) return say.tooLarge;
  return file.type && !kinds.includes(file.type) ? say.wrongKind : undefined;
}

async function start(f: Attached): Promise<void> {
  const still = () => !f.id && (store.get().attached.includes(f) || store.get().drafts.some((d) => d.files?.includes(f)));
  try {
    await persist(f.upload!, () => change(f, { sent: 0 }), still);
  } catch (e) {
    if (e instanceof ApiError && store.get().attached.includes(f)) change(f, { problem: explain(e) });
  }
}

/** It is one and the same file for the message that takes it along: it is changed in place. */
function change(f: Attached, to: Partial<Attached>): void {
  Object.assign(f, to);
  store.set((v) => ({ attached: [...v.attached], drafts: v.drafts.some((d) => d.files?.includes(f)) ? [...v.drafts] : v.drafts }));
}

function sender(f: Attached, file: File): () => Promise<string> {
  let running: Promise<string> | undefined;
  const send = async () => {
    const { id } = await put(file, (sent) => change(f, { sent }));
    sentHere.set(id, file);
    change(f, { id, sent: 1 });
    return id;
  };
  return () => (running ??= send().finally(() => (running = undefined)));
}

async function put(file: File, progress: (part: number) => void): Promise<Attachment> {
  try {
    return await once(file, progress);
  } catch (e) {
    if (e instanceof ApiError && e.status === 401 && (await renew())) return once(file, progress);
    throw e;
  }
}

// fetch does not tell how far it is.
function once(file: File, progress: (part: number) => void): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    const path = `/api/conversations/${store.get().conversation}/attachments?${new URLSearchParams({ name: file.name })}`;
    call.open("POST", path);
    for (const [name, value] of Object.entries(authorization())) call.setRequestHeader(name, value);
    call.setRequestHeader("Content-Type", "application/octet-stream");
    call.setRequestHeader("Accept", "application/json");
    call.upload.onprogress = (e) => progress(e.loaded / e.total);
    const failed = (e: ApiError) => {
      met(e.trouble);
      reject(e);
    };
    call.onload = () => {
      const body = parse(call.responseText);
      if (call.status === 201 && body?.id) {
        met();
        return resolve(body as Attachment);
      }
      const after = Number(call.getResponseHeader("Retry-After")) * 1000 || 0;
      const told = call.getResponseHeader("Content-Type")?.startsWith("application/problem+json") ?? false;
      if (call.status === 429 && after > tooLong) return failed(new ApiError(400, say.tooMuch));
      failed(new ApiError(call.status, inWords[call.status]?.() ?? body?.detail, after, body?.part, told));
    };
    call.onerror = call.ontimeout = () => failed(new ApiError(0));
    call.send(file);
  });
}

const inWords: Record<number, () => string> = { 413: () => say.tooLarge, 415: () => say.wrongKind, 422: () => say.damaged };

function parse(text: string): Partial<Attachment> & { detail?: string; part?: string } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** "photo.png: 40% sent" */
export const progressOf = (f: Attached) => fill(say.uploading, { name: f.name, n: Math.round((f.sent ?? 0) * 100) });
