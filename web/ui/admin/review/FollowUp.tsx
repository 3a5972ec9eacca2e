import { useRef, useState } from "preact/hooks";
import { log } from "../log";
import { may } from "../roles";
import type { Detail } from "../types";
import { CorrectionForm } from "./CorrectionForm";
import { HideForm } from "./HideForm";
import { only } from "./sample";

/** What can follow a verdict. */
export function FollowUp({ detail: d }: { detail: Detail }) {
  const [open, setOpen] = useState<string>();
  const list = useRef<HTMLUListElement>(null);
  const records = recordsOf(d);
  const toggle = (what: string) => setOpen(open === what ? undefined : what);
  // Where the form was, its button has the focus again.
  const close = (id: string) => {
    setOpen(undefined);
    list.current?.querySelector<HTMLElement>(`[data-record="${CSS.escape(id)}"]`)?.focus();
  };
  if (!may("follow") && !may("recordIncident")) return null;
  return (
    <section data-testid="follow-up">
      <h3>What follows</h3>
      {records.length > 0 && (
        <ul class="follow" ref={list}>
          {records.map((r) => (
            <li key={r.id}>
              <p>
                {r.title || <code class="mono">{r.id}</code>} {r.hidden && <span class="tag raised">Hidden</span>}
              </p>
              <div class="act-buttons">
                {may("follow") && d.site && (
                  <button type="button" class="button small" data-testid="hide-source" data-record={r.id} aria-expanded={open === r.id} onClick={() => toggle(r.id)}>
                    {r.hidden ? "Show it to answers again" : "Hide this source"}
                  </button>
                )}
                <button type="button" class="button small" data-testid="find-uses" onClick={() => only("record", r.id)}>
                  Find answers that used it
                </button>
              </div>
              {open === r.id && d.site && (
                <HideForm
                  site={d.site}
                  record={r.id}
                  hidden={r.hidden}
                  done={() => {
                    close(r.id);
                    void log.loadDetail();
                  }}
                  cancel={() => close(r.id)}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      <div class="act-buttons">
        {may("follow") && d.site && (
          <button type="button" class="button small" data-testid="correct" aria-expanded={open === "correction"} onClick={() => toggle("correction")}>
            Send a correction
          </button>
        )}
        {may("recordIncident") && (
          <a class="button small" data-testid="record-incident" href={`/admin/incidents?answer=${encodeURIComponent(d.id)}&site=${encodeURIComponent(d.site ?? "")}`}>
            Record an incident
          </a>
        )}
      </div>
      {open === "correction" && d.site && <CorrectionForm site={d.site} answer={d.id} records={records} cancel={() => setOpen(undefined)} />}
    </section>
  );
}

export type SourceOf = { id: string; title: string; hidden: boolean };

/** The records of the answer, each once. */
function recordsOf(d: Detail): SourceOf[] {
  const found = new Map<string, SourceOf>();
  for (const u of d.used ?? []) {
    if (u.record_id && !found.has(u.record_id)) found.set(u.record_id, { id: u.record_id, title: u.title, hidden: u.hidden });
  }
  for (const s of d.sources ?? []) {
    const known = found.get(s.record_id);
    found.set(s.record_id, { id: s.record_id, title: s.title || known?.title || "", hidden: known?.hidden ?? s.now.state === "hidden" });
  }
  return [...found.values()];
}
