import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../shared/api";
import { api, explain } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { ID } from "../ID";
import { log } from "../log";
import { reason } from "../reason";
import { useRefusal } from "../refusal";
import type { Detail } from "../types";

/** Where the answer stands in the public log, and what proves it. */
export function Proof({ detail: d }: { detail: Detail }) {
  const [size, setSize] = useState<number>();
  const [saving, setSaving] = useState(false);
  const [refused, setRefused] = useRefusal();
  const { given } = useStore(reason);
  const index = d.leaf?.index ?? null;
  useEffect(() => {
    void treeSize().then(setSize);
  }, [index]);
  if (!d.leaf?.id) return null;
  const open = d.body !== "gone";

  async function save() {
    setSaving(true);
    setRefused("");
    try {
      keep(await api.file(`/api/admin/citations/${encodeURIComponent(d.id)}/proof?reason=${given}`));
    } catch (e) {
      setRefused(e instanceof ApiError && e.status === 202 ? "It is not in the tree yet: try again in a moment." : explain(e));
    }
    setSaving(false);
  }

  return (
    <section data-testid="proof">
      <h3>Proof</h3>
      <dl class="ids">
        <dt>Leaf</dt>
        <dd>
          <ID value={d.leaf.id} />
        </dd>
        <dt>Entry</dt>
        <dd data-testid="leaf-index">
          {index !== null ? (
            index + 1
          ) : (
            <>
              Not in the tree yet.{" "}
              <button type="button" class="link" onClick={() => void log.loadDetail()}>
                Look again
              </button>
            </>
          )}
        </dd>
        {size !== undefined && (
          <>
            <dt>Tree</dt>
            <dd>
              {size} {size === 1 ? "entry" : "entries"}, <a href="/log/checkpoint">signed checkpoint</a>
            </dd>
          </>
        )}
      </dl>
      {refused && (
        <p class="problem" role="alert">
          {refused}
        </p>
      )}
      {open && index !== null && (
        <div class="act-buttons">
          <button type="button" class="button small" data-testid="proof-save" disabled={saving || !given} onClick={() => void save()}>
            {saving ? "Saving…" : "Save the proof"}
          </button>
        </div>
      )}
      <p class="quiet">
        {!open
          ? "Its details are gone for good. The leaf stays in the log, and opens nothing."
          : !given
            ? "The proof holds what was said: first choose why you open the answer."
            : "Whoever has the file can check it without us, with the key that stands at /.well-known/candor-log.txt:"}
      </p>
      {open && given && (
        <p>
          <code class="command">assistant log verify receipt-{d.id}.json --key KEY</code>
        </p>
      )}
    </section>
  );
}

/** How many entries the log has, by its newest checkpoint; undefined if it cannot be read now. */
async function treeSize(): Promise<number | undefined> {
  try {
    const checkpoint = await (await api.file("/log/checkpoint")).text();
    const size = Number(checkpoint.split("\n")[1]);
    return Number.isInteger(size) ? size : undefined;
  } catch {
    return undefined;
  }
}

function keep(file: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
