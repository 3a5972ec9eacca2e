// The sources that no answer may use, as the page holds them.
import { List } from "../list";
import { withReason } from "../reason";
import type { Person } from "../types";

export type Hidden = {
  id: string;
  site: string;
  /** It is a customer's, and no reason was given: neither the record nor a note is here. */
  sealed: boolean;
  record?: string;
  /** It is the company's own; else it is a customer's record. */
  knowledge: boolean;
  customer?: string;
  note?: string;
  by?: Person | null;
  at: string;
  /** When it was shown again. */
  shown?: string;
  shown_by?: Person | null;
  shown_note?: string;
};

type HiddenFilter = "past";

export type HiddenPage = { items: Hidden[] | null; next?: string };

export const hidden = new List<HiddenFilter, HiddenPage, never>("/api/admin/sources/hidden", ["past"], undefined, withReason);
