// How the desk serves its customers, as the page holds it.
import { onBack } from "../../shared/line";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";
import { momentsOf } from "../filters";

/** How a duration is spread; in seconds. */
export type Spread = { n: number; p50: number; p90: number };

export type Figures = {
  key: string;
  tickets: number;
  waiting: Spread;
  first_reply: Spread;
  handling: Spread;
  resolved: number;
  confirmed: number;
  assumed: number;
  settled: number;
  durable: number;
  reopened: number;
  reopen_rate: number;
  returned: number;
  escalated: number;
  open: number;
  ratings: number;
  score: number;
  shown: number;
  not_shown: number;
  unsure: number;
};

export type Grouping = "day" | "queue" | "language" | "reason" | "staff";

/** `kept_days`: how far back there are tickets. `names`: of the staff among the keys. */
export type Report = { by: Grouping; rows: Figures[]; all: Figures; kept_days: number; names?: Record<string, string> };

type State = { from: string; to: string; by: Grouping; report?: Report; problem: string };

export const report = new Store<State>({ from: "", to: "", by: "day", problem: "" });

let latest = 0; // an answer about an earlier choice must not replace a later one's

/** What the server is asked for. */
export function reportQuery(): URLSearchParams {
  const { from, to, by } = report.get();
  const query = new URLSearchParams({ by });
  if (from) query.set("from", from);
  if (to) query.set("to", to);
  momentsOf(query);
  return query;
}

export async function readReport(change: Partial<State> = {}): Promise<void> {
  const mine = ++latest;
  report.set({ ...change, problem: "" });
  try {
    const read = await api.get<Report>(`/api/admin/reports/desk?${reportQuery()}`);
    if (mine === latest) report.set({ report: read });
  } catch (e) {
    if (mine === latest) report.set({ problem: troubled(e) ? "" : explain(e) });
  }
}

/** Reads it, and anew when it could not be read, until the returned function is called. */
export function openReport(): () => void {
  void readReport();
  return onBack(() => void readReport());
}
