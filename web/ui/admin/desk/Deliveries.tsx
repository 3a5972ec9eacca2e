import { useEffect, useState } from "preact/hooks";
import { explain, troubled } from "../../shared/staff";
import { moment } from "../../shared/time";
import { readDeliveries, type Delivery } from "./webhooks";

const statuses: Record<Delivery["status"], string> = { waiting: "On its way", sent: "Delivered", failed: "Given up", dropped: "Not sent" };

const whys: Record<string, string> = {
  answer: "The address did not answer with success.",
  redirect: "The address redirects elsewhere, which is not followed.",
  timeout: "The address did not answer in time.",
  refused: "The connection was refused: nothing listens there.",
  connection: "The connection failed.",
  tls: "The certificate there is not valid.",
  unknown_host: "The name of the host is not known.",
  private_address: "The name leads into a private network, which is not reached from here.",
  internal: "It failed here, not there.",
};

const pace = 2000; // whoever sends a test waits for it

/** How the last deliveries of a webhook went; read anew when `tests` grows. */
export function Deliveries({ name, tests }: { name: string; tests: number }) {
  const [all, setAll] = useState<Delivery[]>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let there = true;
    const read = () =>
      readDeliveries(name).then(
        (d) => there && (setAll(d), setProblem("")),
        (e: unknown) => there && !troubled(e) && setProblem(explain(e)),
      );
    void read();
    const timer = setInterval(() => void read(), pace);
    return () => {
      there = false;
      clearInterval(timer);
    };
  }, [name, tests]);
  return (
    <section aria-label="Deliveries">
      <h3>What was sent last</h3>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {all?.length === 0 && <p class="quiet">Nothing yet.</p>}
      {all && all.length > 0 && (
        <ol class="timeline">
          {all.map((d) => (
            <li key={d.id} data-testid="delivery" data-status={d.status} class={d.status === "sent" ? "closed" : ""}>
              <p>
                <span class={d.status === "failed" ? "late" : ""}>{statuses[d.status]}</span>
                {d.code ? ` (${d.code})` : ""} <span class="mono">{d.event}</span>
              </p>
              {d.why && <p>{whys[d.why] ?? d.why}</p>}
              <p class="quiet">
                {moment(d.at, navigator.language)}
                {d.attempts > 1 && ` · tried ${d.attempts} times`}
                {d.status === "waiting" && d.attempts > 0 && d.next && ` · again ${moment(d.next, navigator.language)}`}
              </p>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
