import { useEffect, useState } from "preact/hooks";
import { explain } from "../../shared/staff";
import { moment } from "../../shared/time";
import { readHistory, type AccountEvent, type Member } from "./team";

const words: Record<string, string> = {
  added: "Added",
  invited: "Invited",
  renamed: "Renamed",
  roles: "Roles changed",
  languages: "Languages changed",
  recipient: "Desk changed",
  disabled: "Account closed",
  enabled: "Account opened again",
  seat: "What they serve was changed",
  reset: "A link to another password was made",
  password: "Password set",
};

/** Who did what to an account. */
export function MemberHistory({ member }: { member: Member }) {
  const [events, setEvents] = useState<AccountEvent[]>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let there = true;
    readHistory(member.id).then(
      (all) => there && setEvents(all),
      (e: unknown) => there && setProblem(explain(e)),
    );
    return () => {
      there = false;
    };
  }, [member]);
  return (
    <section data-testid="member-history">
      <h3>What was done to this account</h3>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {events?.length === 0 && <p class="quiet">Nothing since it is there.</p>}
      {events && events.length > 0 && (
        <ol class="timeline">
          {events.map((e, i) => (
            <li key={i}>
              {words[e.action] ?? e.action}
              {e.detail && `: ${e.detail}`}
              <p class="quiet">
                {moment(e.at, navigator.language)}
                {e.by && ` · ${e.by.name}`}
              </p>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
