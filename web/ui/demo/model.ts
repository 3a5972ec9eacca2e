// Which model writes the demo's answers. It is the server's, and one for every page.
import { ApiError, client } from "../shared/api";
import { Store } from "../shared/store";

export type Model = { madeUp: boolean; busy: boolean; problem: string };

export const model = new Store<Model>({ madeUp: false, busy: false, problem: "" });

const api = client(() => ({}));
const path = "/demo/model";

type Told = { made_up: boolean };

/** Reads how the switch stands: another page may have turned it. */
export async function readModel(): Promise<void> {
  try {
    model.set({ madeUp: (await api.get<Told>(path)).made_up });
  } catch {
    // It stays as it was known last.
  }
}

/** Turns the switch; false if that failed, which the page then says. */
export async function turnModel(on: boolean): Promise<boolean> {
  model.set({ busy: true, problem: "" });
  try {
    const told = await api.put<Told>(path, { made_up: on });
    model.set({ madeUp: told.made_up, busy: false });
    return true;
  } catch (e) {
    const why = (e instanceof ApiError && e.detail) || "The demo server does not answer.";
    model.set({ busy: false, problem: `The model was not changed. ${why}` });
    return false;
  }
}
