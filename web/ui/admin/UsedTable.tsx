import { day } from "../shared/time";
import type { Used } from "../shared/types";
import { inWords } from "../shared/vocabulary";
import { ID } from "./ID";

/** The records, each with the grant that allowed it. */
export function UsedTable({ used }: { used: Used[] }) {
  if (used.length === 0) return <p class="quiet">No records.</p>;
  return (
    <table class="used-table">
      <thead>
        <tr>
          <th scope="col">Record</th>
          <th scope="col">Consent</th>
        </tr>
      </thead>
      <tbody>
        {used.map((u, i) => (
          <tr key={i}>
            <td>
              <p>
                {u.title || "A record"} <span class={u.category === "knowledge" ? "tag" : "tag personal"}>{inWords(u.category)}</span>
              </p>
              <p class="quiet">
                {[u.source?.system, u.source?.ref, day(u.collected_at, navigator.language)].filter(Boolean).join(" · ")}
              </p>
              {u.record_id && <ID value={u.record_id} />}
            </td>
            <td>
              {u.category === "knowledge" ? (
                <p class="quiet">None needed: company knowledge · {inWords(u.recipient)}</p>
              ) : (
                <>
                  <p>
                    {inWords(u.purpose)} · {inWords(u.recipient)}
                  </p>
                  {u.grant_id ? <ID value={u.grant_id} /> : <p class="problem">No grant</p>}
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
