import { useEffect } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { DayFilter } from "../Fields";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { qualityPage } from "../pages";
import { many, verdictInWords, verdicts } from "../review/words";
import type { Verdict } from "../types";
import { openQuality, quality, readQuality, type Tally } from "./quality";

/** What reviewers found, in numbers: nothing about anybody. */
export function QualityPage({ me }: { me: Me }) {
  const { from, to, summary: s, problem } = useStore(quality);
  useEffect(openQuality, []);
  return (
    <Frame page={qualityPage} me={me} one={false}>
      <main class="list">
        <section class="filters" aria-label="Filters">
          <div class="filter-row few">
            <DayFilter name="from" title="From" value={from} set={(day) => void readQuality({ from: day })} />
            <DayFilter name="to" title="Until" value={to} set={(day) => void readQuality({ to: day })} />
          </div>
        </section>
        {problem && (
          <div class="problem" role="alert">
            <p>{problem}</p>
            <button type="button" class="button small" onClick={() => void readQuality()}>
              Count again
            </button>
          </div>
        )}
        {!s && !problem && <p class="empty">Counting the reviews…</p>}
        {s && s.answers === 0 && (
          <div class="empty" data-testid="list-empty">
            <p>Nothing was reviewed in this time.</p>
            <p class="quiet">Reviewers give verdicts in the citation log, best of all on a sample.</p>
          </div>
        )}
        {s && s.answers > 0 && (
          <>
            <p data-testid="quality-total">
              {many(s.reviews, "review")} of {many(s.answers, "answer")}.{" "}
              {s.compared === 0
                ? "No answer was reviewed by several people."
                : `${many(s.compared, "answer")} had several reviewers; they agree on ${s.agreed} (${percent(s.agreed, s.compared)}).`}
            </p>
            <Table title="All" rows={{ "All answers": s }} />
            <Table title="Model" rows={s.by_model ?? {}} />
            <Table title="Language" rows={s.by_language ?? {}} />
          </>
        )}
      </main>
    </Frame>
  );
}

function Table({ title, rows }: { title: string; rows: Record<string, Tally> }) {
  const names = Object.keys(rows).sort();
  if (names.length === 0) return null;
  const all = Object.keys(verdicts) as Verdict[];
  return (
    <Rows kind="plain numbers" columns={[title, "Answers", ...all.map(verdictInWords)]}>
      {names.map((name) => {
        const { answers, verdicts: counts } = rows[name]!;
        return (
          <tr key={name} data-testid="tally">
            <th scope="row">{name || "Not known"}</th>
            <td data-label="Answers">{answers}</td>
            {all.map((v) => (
              <td key={v} data-label={verdictInWords(v)}>
                {counts?.[v] ?? 0} <span class="quiet">{percent(counts?.[v] ?? 0, answers)}</span>
              </td>
            ))}
          </tr>
        );
      })}
    </Rows>
  );
}

function percent(part: number, whole: number): string {
  return (whole === 0 ? 0 : part / whole).toLocaleString(navigator.language, { style: "percent", maximumFractionDigits: 0 });
}
