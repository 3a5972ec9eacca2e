/** Seconds of a duration as the server writes it, such as "72h0m0s"; "" is 0. */
export function secondsOf(span: string | undefined): number {
  let seconds = 0;
  for (const [, n, unit] of (span ?? "").matchAll(/([\d.]+)(h|ms|m|s)/g)) seconds += Number(n) * { h: 3600, m: 60, s: 1, ms: 0.001 }[unit as "h" | "m" | "s" | "ms"];
  return seconds;
}

/** A duration as the server reads it; 0 is "". */
export function spanOf(seconds: number): string {
  return seconds > 0 ? `${Math.round(seconds)}s` : "";
}
