// Times for people, in their language and time zone.

function parse(at: string | undefined): Date | undefined {
  const date = at ? new Date(at) : undefined;
  // Go's zero time means "not known".
  return date && !Number.isNaN(date.getTime()) && date.getFullYear() > 1 ? date : undefined;
}

/** "14:05" */
export function clock(at: string | undefined, language: string): string {
  return parse(at)?.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" }) ?? "";
}

/** "3 Nov 2026" */
export function day(at: string | undefined, language: string): string {
  return parse(at)?.toLocaleDateString(language, { day: "numeric", month: "short", year: "numeric" }) ?? "";
}

/** "3 Nov 2026, 14:05" */
export function moment(at: string | undefined, language: string): string {
  return parse(at)?.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }) ?? "";
}

/** How long ago, ticking: "45 s", "12 min", "3 h 05 min", "2 d". */
export function waiting(since: string | undefined, now: number): string {
  const start = parse(since);
  return start ? span(now - start.getTime()) : "";
}

/** A length of time in milliseconds, as it is told in a list: "45 s", "12 min", "3 h 05 min", "2 d". */
export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 48) return `${h} h ${String(min % 60).padStart(2, "0")} min`;
  return `${Math.floor(h / 24)} d`;
}
