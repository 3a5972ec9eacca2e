// What is open in front of the page, whoever opens it: a button or a key.
import { Store } from "../shared/store";

export type Panels = { help: boolean; transfer: boolean; knowledge: boolean; canned: boolean };

export const closed: Panels = { help: false, transfer: false, knowledge: false, canned: false };

export const panels = new Store<Panels>(closed);
