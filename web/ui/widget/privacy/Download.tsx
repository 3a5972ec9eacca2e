import { fill } from "../../shared/i18n";
import { useStore } from "../../shared/store";
import type { ChatState } from "../state";
import { language } from "../words";
import { archive, download, startDownload } from "./archive";
import { Problem } from "./Problem";
import { SaveFile } from "./SaveFile";
import type { Export } from "./types";
import { say } from "./words";

/** Everything held and done, as a file. */
export function Download({ chat }: { chat: ChatState }) {
  const now = useStore(download);
  const mine = now.owner === chat.conversation ? now : undefined;
  const made = mine?.export;
  const running = made?.status === "running";
  return (
    <section class="right">
      <h3>{say.download}</h3>
      <p>{say.downloadIntro}</p>
      {running && <Progress of={made} />}
      {made?.status === "done" && (
        <div class="actions" data-testid="export-done">
          <p role="status">{fill(say.downloadDone, { size: bytes(made.size) })}</p>
          <SaveFile path={archive(made)} label={say.saveAgain} about={say.saveAgain} />
        </div>
      )}
      {!running && made?.status !== "done" && (
        <button type="button" class="button" data-testid="export" onClick={() => void startDownload()}>
          {say.download}
        </button>
      )}
      <Problem text={mine?.problem ?? ""} />
    </section>
  );
}

function Progress({ of: e }: { of: Export }) {
  const known = Boolean(e.total);
  return (
    <div class="progress" role="status" data-testid="export-running">
      <progress aria-label={say.downloading} {...(known ? { value: e.done ?? 0, max: e.total } : {})} />
      <p class="quiet">{known ? fill(say.downloadingOf, { done: e.done ?? 0, total: e.total }) : say.downloading}</p>
    </div>
  );
}

/** "1.2 MB" */
function bytes(n: number | undefined): string {
  if (!n) return "";
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
  return (n / 1000 ** power).toLocaleString(language, { style: "unit", unit: units[power], unitDisplay: "short", maximumFractionDigits: 1 });
}
