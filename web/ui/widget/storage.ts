// What outlives a reload of the page, in this tab only. Storage may be switched off
// for frames: then nothing is kept, and nothing fails.

/** A place of the site's own. */
export const place = (name: string) => `${name}:${new URLSearchParams(location.search).get("site") ?? ""}`;

/** Keeps a value, or forgets it. */
export function retain(place: string, value: unknown): void {
  try {
    if (value) sessionStorage.setItem(place, JSON.stringify(value));
    else sessionStorage.removeItem(place);
  } catch {
    // Nothing is lost but the convenience.
  }
}

export function recall<T>(place: string): T | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? "") as T;
  } catch {
    return undefined;
  }
}
