// The corrections that were sent, as the page holds them.
import { List } from "../list";
import { withReason } from "../reason";
import type { CorrectionProgress } from "../review/follow";

export type CorrectionPage = { items: CorrectionProgress[] | null; next?: string };

export const corrections = new List<never, CorrectionPage, never>("/api/admin/corrections", [], undefined, withReason);
