import { useState } from "preact/hooks";
import { explain } from "../explain";
import { api } from "../session";
import { useProblem } from "../useProblem";
import { w } from "../words";
import { Problem } from "./Problem";
import { say } from "./words";

/** Fetches a file, with the session's token, and hands it to the browser to keep. */
export async function saveFile(path: string): Promise<void> {
  const file = await api.file(path);
  keep(file, file.name);
}

/** Hands a file to the browser to keep under a name. */
export function keep(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

type Props = { path: string; label: string; about: string };

/** A button that saves a file. */
export function SaveFile({ path, label, about }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();

  async function save() {
    setBusy(true);
    setProblem("");
    try {
      await saveFile(path);
    } catch (e) {
      setProblem(`${say.fileFailed} ${explain(e)}`);
    }
    setBusy(false);
  }

  return (
    <>
      <button type="button" class="button small" aria-label={about} disabled={busy} data-testid="save" onClick={() => void save()}>
        {busy ? w.wait : label}
      </button>
      <Problem text={problem} />
    </>
  );
}
