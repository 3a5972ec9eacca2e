import { Close } from "../../shared/icons";
import { days, type Day, type Hours, type Span } from "./queues";

type Props = { hours?: Hours; set: (hours: Hours | undefined) => void; holidays: string; setHolidays: (text: string) => void };

const usual: Span = ["09:00", "17:00"];

/** When somebody is there. */
export function HoursFields({ hours, set, holidays, setHolidays }: Props) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const workdays: Hours = { zone, week: Object.fromEntries(days.slice(0, 5).map(([d]) => [d, [usual]])) };
  return (
    <fieldset class="outcomes">
      <legend>When somebody is there</legend>
      <label class="check">
        <input type="checkbox" data-testid="queue-hours" checked={hours !== undefined} onChange={(e) => set(e.currentTarget.checked ? workdays : undefined)} />
        Only at certain hours
      </label>
      {hours && (
        <>
          <label class="filter">
            Time zone
            <input class="field" required list="zones" data-testid="queue-zone" value={hours.zone} onInput={(e) => set({ ...hours, zone: e.currentTarget.value.trim() })} />
          </label>
          <datalist id="zones">
            {Intl.supportedValuesOf("timeZone").map((z) => (
              <option key={z} value={z} />
            ))}
          </datalist>
          <div class="hours">
            {days.map(([day, name]) => (
              <DayRow key={day} day={day} name={name} spans={hours.week[day] ?? []} set={(spans) => set({ ...hours, week: { ...hours.week, [day]: spans } })} />
            ))}
          </div>
          <label class="filter">
            Holidays, one a line: date and name
            <textarea class="field" rows={3} placeholder={"2026-12-25 Christmas Day"} data-testid="queue-holidays" value={holidays} onInput={(e) => setHolidays(e.currentTarget.value)} />
          </label>
        </>
      )}
    </fieldset>
  );
}

type DayProps = { day: Day; name: string; spans: Span[]; set: (spans: Span[]) => void };

function DayRow({ day, name, spans, set }: DayProps) {
  const change = (i: number, span: Span) => set(spans.map((s, n) => (n === i ? span : s)));
  return (
    <div class="hours-day" data-day={day}>
      <label class="check">
        <input type="checkbox" checked={spans.length > 0} onChange={(e) => set(e.currentTarget.checked ? [usual] : [])} />
        {name}
      </label>
      <div class="hours-spans">
        {spans.length === 0 && <span class="quiet">Closed</span>}
        {spans.map(([from, until], i) => (
          <div key={i} class="hours-span">
            <input class="field" type="time" required aria-label={`${name}, from`} value={from} onInput={(e) => change(i, [e.currentTarget.value, until])} />
            <span aria-hidden="true">–</span>
            <input
              class="field"
              type="time"
              required
              aria-label={`${name}, until`}
              value={until === midnight ? "00:00" : until}
              onInput={(e) => change(i, [from, e.currentTarget.value === "00:00" ? midnight : e.currentTarget.value])}
            />
            {i > 0 && (
              <button type="button" class="icon-button" aria-label={`Without these hours on ${name}`} onClick={() => set(spans.filter((_, n) => n !== i))}>
                <Close />
              </button>
            )}
          </div>
        ))}
        {spans.length > 0 && spans.length < 4 && (
          <button type="button" class="link small" aria-label={`More hours on ${name}`} onClick={() => set([...spans, [spans.at(-1)![1], midnight]])}>
            More hours
          </button>
        )}
      </div>
    </div>
  );
}

// The end of a day, which a field for a time calls its beginning.
const midnight = "24:00";

/** Holidays as they are typed. */
export const holidayLines = (hours: Hours | undefined) => (hours?.holidays ?? []).map((h) => `${h.date} ${h.name ?? ""}`.trim()).join("\n");

export function holidaysOf(text: string): { date: string; name?: string }[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const [date = "", ...name] = line.split(/\s+/);
      return { date, ...(name.length > 0 ? { name: name.join(" ") } : {}) };
    });
}
