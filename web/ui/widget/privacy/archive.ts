// The customer's archive is made in the background; it goes on while the panel
// is closed, and is forgotten when somebody else comes.
import { Abandoned, ApiError, persist, uuid } from "../../shared/api";
import { pause } from "../../shared/line";
import { Store } from "../../shared/store";
import { explain } from "../explain";
import { api } from "../session";
import { store } from "../state";
import { saveFile } from "./SaveFile";
import type { Export } from "./types";
import { say } from "./words";

type Download = {
  /** The conversation of whoever asked for it. */
  owner: string;
  export?: Export;
  problem: string;
};

export const download = new Store<Download>({ owner: "", problem: "" });

const between = 800; // milliseconds from one look at the progress to the next

export async function startDownload(): Promise<void> {
  const owner = store.get().conversation;
  const still = () => store.get().conversation === owner;
  download.set({ owner, export: { id: "", status: "running" }, problem: "" });
  try {
    let e = await api.post<Export>("/api/me/export", {}, uuid(), { Prefer: "respond-async" });
    while (e.status === "running") {
      download.set({ export: e });
      await pause(between);
      const { id } = e;
      e = await persist(() => api.get<Export>(`/api/me/exports/${id}`), () => undefined, still);
    }
    if (e.status === "failed") throw new ApiError(500);
    download.set({ export: e });
    await saveFile(archive(e));
  } catch (e) {
    if (e instanceof Abandoned || !still()) return;
    // One that is being made already says so itself.
    const why = e instanceof ApiError && e.status === 409 ? e.detail : explain(e);
    const made = download.get().export;
    download.set({ export: made?.status === "done" ? made : undefined, problem: `${say.downloadFailed} ${why}` });
  }
}

/** Where a finished archive is fetched. */
export const archive = (e: Export) => `/api/me/exports/${e.id}/archive`;
