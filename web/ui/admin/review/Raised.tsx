import { moment } from "../../shared/time";
import { may } from "../roles";
import { statusInWords } from "../requests/words";
import type { Complaint, Detail, Flag } from "../types";
import { verdictInWords } from "./words";

/** What customers and agents have said against the answer. */
export function Raised({ detail: d }: { detail: Detail }) {
  const complaints = d.complaints ?? [];
  const flags = d.flags ?? [];
  if (complaints.length + flags.length === 0) return null;
  return (
    <section data-testid="raised">
      <h3>Said against it</h3>
      <ul class="raised-list">
        {complaints.map((c) => (
          <li key={c.request_id} data-testid="complaint">
            <ComplaintLine complaint={c} />
          </li>
        ))}
        {flags.map((f, i) => (
          <li key={i} data-testid="flag">
            <FlagLine flag={f} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ComplaintLine({ complaint: c }: { complaint: Complaint }) {
  const closed = c.status === "done" || c.status === "refused";
  const late = !closed && new Date(c.due).getTime() <= Date.now();
  return (
    <>
      <p>
        <span class="tag raised">Complaint</span> {statusInWords(c.status)}{" "}
        {!closed && <span class={late ? "late" : "quiet"}>{late ? `was due ${moment(c.due, navigator.language)}` : `due ${moment(c.due, navigator.language)}`}</span>}
      </p>
      <p class="quiet">
        From the customer, {moment(c.at, navigator.language)}
        {may("requests") && (
          <>
            {" · "}
            <a href={`/admin/requests#${c.request_id}`} data-testid="complaint-link">
              Read and answer it
            </a>
          </>
        )}
      </p>
    </>
  );
}

function FlagLine({ flag: f }: { flag: Flag }) {
  return (
    <>
      <p>
        <span class="tag raised">Flag</span> {verdictInWords(f.kind)}
      </p>
      {f.note && <p class="said">{f.note}</p>}
      <p class="quiet">
        {f.by?.name || "Somebody who has left"}, {moment(f.at, navigator.language)}
      </p>
    </>
  );
}
