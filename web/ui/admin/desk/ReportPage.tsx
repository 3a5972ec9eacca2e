import { useEffect } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { span } from "../../shared/time";
import { inWords, languageName } from "../../shared/vocabulary";
import { ChoiceFilter, DayFilter } from "../Fields";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { reportPage } from "../pages";
import { may } from "../roles";
import { many } from "../review/words";
import { Problem } from "./Problem";
import { openQueues, queues, titleOf, type Queue } from "./queues";
import { openReport, readReport, report, reportQuery, type Figures, type Grouping, type Report, type Spread } from "./report";

const groupings: [value: Grouping, words: string][] = [
  ["day", "Day (UTC)"],
  ["queue", "Queue"],
  ["language", "Language"],
  ["reason", "Reason"],
  ["staff", "Person"],
];

/** How long customers wait, and how it ends: nothing about anybody's words. */
export function ReportPage({ me }: { me: Me }) {
  const { from, to, by, report: r, problem } = useStore(report);
  useEffect(openReport, []);
  useEffect(() => (may("queues") ? openQueues() : undefined), []);
  return (
    <Frame page={reportPage} me={me} one={false}>
      <main class="list">
        <section class="filters" aria-label="Filters">
          <div class="filter-row few">
            <DayFilter name="from" title="From" value={from} set={(day) => void readReport({ from: day })} />
            <DayFilter name="to" title="Until" value={to} set={(day) => void readReport({ to: day })} />
            <ChoiceFilter
              name="by"
              title="By"
              any="Day (UTC)"
              value={by === "day" ? "" : by}
              set={(v) => void readReport({ by: (v || "day") as Grouping })}
              choices={groupings.slice(1)}
            />
            <a class="button small" href={`/api/admin/reports/desk.csv?${reportQuery()}`} download data-testid="report-csv">
              Save as CSV
            </a>
          </div>
        </section>
        <Problem problem={problem} again="Count again" load={readReport} />
        {!r && !problem && <p class="empty">Counting the conversations…</p>}
        {r && r.all.tickets === 0 && !problem && (
          <div class="empty" data-testid="list-empty">
            <p>Nobody asked for a person in this time.</p>
            <p class="quiet">Conversations are kept for {many(r.kept_days, "day")}; older ones are not counted.</p>
          </div>
        )}
        {r && r.all.tickets > 0 && <Tables report={r} by={r.by} />}
      </main>
    </Frame>
  );
}

const total = "*"; // no row's key

function Tables({ report: r, by }: { report: Report; by: Grouping }) {
  const { queues: known } = useStore(queues); // for who may not read them: their names
  const title = groupings.find(([value]) => value === by)![1];
  const rows = [...r.rows.map((f) => [f.key, keyInWords(f.key, by, r, known), f] as const), [total, "All", r.all] as const];
  return (
    <>
      <h2>How long it takes</h2>
      <Rows kind="plain numbers desk" columns={[title, "Came", "Waiting", "First reply", "Handling", "Escalated", "Open"]}>
        {rows.map(([key, name, f]) => (
          <tr key={key} data-testid="report-row" data-key={key} class={key === total ? "total" : ""}>
            <th scope="row">{name}</th>
            <td data-label="Came">{f.tickets}</td>
            <Time label="Waiting" spread={f.waiting} />
            <Time label="First reply" spread={f.first_reply} />
            <Time label="Handling" spread={f.handling} />
            <td data-label="Escalated">{f.escalated}</td>
            <td data-label="Open">{f.open}</td>
          </tr>
        ))}
      </Rows>
      <h2>How it ends</h2>
      <Rows kind="plain numbers desk" columns={[title, "Resolved", "Confirmed", "Assumed", "Held 7 days", "Reopened", "Given back", "Rating", "Shown what was used"]}>
        {rows.map(([key, name, f]) => (
          <tr key={key} class={key === total ? "total" : ""}>
            <th scope="row">{name}</th>
            <td data-label="Resolved">{f.resolved}</td>
            <td data-label="Confirmed">{f.confirmed}</td>
            <td data-label="Assumed">{f.assumed}</td>
            <td data-label="Held 7 days">{f.settled === 0 ? <span class="quiet">not yet known</span> : part(f.durable, f.settled)}</td>
            <td data-label="Reopened">{part(f.reopened, f.resolved)}</td>
            <td data-label="Given back">{f.returned}</td>
            <td data-label="Rating">{rating(f)}</td>
            <td data-label="Shown what was used">{shown(f)}</td>
          </tr>
        ))}
      </Rows>
      <details class="notice">
        <summary>What the numbers mean</summary>
        <dl class="meanings">
          <dt>Times</dt>
          <dd>The median; in brackets what nine of ten stay under.</dd>
          <dt>Waiting, first reply, handling</dt>
          <dd>From coming to the desk until a person has it; until their first words; and how long people had it, without what was put off.</dd>
          <dt>Resolved</dt>
          <dd>Confirmed: the customer said that it is solved. Assumed: nobody said otherwise. Reopened: it came back.</dd>
          <dt>Held 7 days</dt>
          <dd>Of what was first resolved at least seven days ago, whose customer did not come back within seven days. What is newer is not counted yet, even if it came back.</dd>
          <dt>Shown what was used</dt>
          <dd>Who says yes to “did we show you what we used?”, of those who said anything.</dd>
        </dl>
      </details>
      <p class="quiet">Conversations are kept for {many(r.kept_days, "day")}; older ones are not counted.</p>
    </>
  );
}

function Time({ label, spread: s }: { label: string; spread: Spread }) {
  return (
    <td data-label={label}>
      {s.n === 0 ? (
        <span class="quiet">none yet</span>
      ) : (
        <>
          {span(s.p50 * 1000)} <span class="quiet">({span(s.p90 * 1000)})</span>
        </>
      )}
    </td>
  );
}

function keyInWords(key: string, by: Grouping, r: Report, known?: Queue[]): string {
  switch (by) {
    case "day":
      return new Date(key).toLocaleDateString(navigator.language, { dateStyle: "medium", timeZone: "UTC" });
    case "queue":
      return titleOf(key, known);
    case "language":
      return languageName(key);
    case "reason":
      return inWords(key) || "Not known";
    case "staff":
      return key === "" ? "Nobody yet" : (r.names?.[key] ?? "Somebody who has left");
  }
}

function part(n: number, of: number) {
  if (of === 0) return <span class="quiet">none yet</span>;
  const share = (n / of).toLocaleString(navigator.language, { style: "percent", maximumFractionDigits: 0 });
  return (
    <>
      {n} <span class="quiet">{share}</span>
    </>
  );
}

function rating(f: Figures) {
  if (f.ratings === 0) return <span class="quiet">none yet</span>;
  return (
    <>
      {f.score.toLocaleString(navigator.language, { maximumFractionDigits: 1 })} <span class="quiet">of 5, {many(f.ratings, "rating")}</span>
    </>
  );
}

function shown(f: Figures) {
  const said = f.shown + f.not_shown + f.unsure;
  if (said === 0) return <span class="quiet">nobody said</span>;
  return (
    <>
      {part(f.shown, said)} <span class="quiet">of {said}</span>
    </>
  );
}
