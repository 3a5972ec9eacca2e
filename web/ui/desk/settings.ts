// What an agent has chosen for this browser.
import { Store } from "../shared/store";

export type Settings = { sound: boolean; shortcuts: boolean };

const place = "candor-desk-settings";

function read(): Settings {
  const chosen: Settings = { sound: false, shortcuts: true };
  try {
    return { ...chosen, ...(JSON.parse(localStorage.getItem(place) ?? "{}") as Partial<Settings>) };
  } catch {
    return chosen; // a browser without storage
  }
}

export const settings = new Store<Settings>(read());

export function choose(change: Partial<Settings>): void {
  settings.set(change);
  try {
    localStorage.setItem(place, JSON.stringify(settings.get()));
  } catch {
    // It holds for as long as the page.
  }
}
