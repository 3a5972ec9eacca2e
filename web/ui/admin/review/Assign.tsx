import { useEffect, useState } from "preact/hooks";
import { api, explain, type Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { changed } from "../log";
import { useRefusal } from "../refusal";
import type { Detail, Person } from "../types";
import { readReviewers, reviewers } from "./reviewers";
import { update } from "./sample";

/** Who is to review the answer. */
export function Assign({ detail: d, me }: { detail: Detail; me: Me }) {
  const { people } = useStore(reviewers);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  useEffect(() => void readReviewers(), []);
  const known: Person[] = me.id && !people.some((p) => p.id === me.id) ? [{ id: me.id, name: me.name }, ...people] : people;
  const now = d.assignee;
  const all = now && !known.some((p) => p.id === now.id) ? [now, ...known] : known;

  async function assign(id: string) {
    setBusy(true);
    setRefused("");
    try {
      await api.post(`/api/admin/citations/${encodeURIComponent(d.id)}/assign`, { reviewer: id });
      const assignee = all.find((p) => p.id === id) ?? null;
      changed(d.id, { assignee }, { assignee });
      update(d.id, { assignee });
    } catch (e) {
      setRefused(explain(e));
    }
    setBusy(false);
  }

  return (
    <>
      <label class="filter">
        Assigned to
        <select class="field" data-testid="assign" value={now?.id ?? ""} disabled={busy} onChange={(e) => void assign(e.currentTarget.value)}>
          <option value="">Nobody</option>
          {all.map((p) => (
            <option key={p.id} value={p.id}>
              {p.id === me.id ? `${p.name} (me)` : p.name}
            </option>
          ))}
        </select>
      </label>
      {refused && (
        <p class="problem" role="alert">
          {refused}
        </p>
      )}
    </>
  );
}
