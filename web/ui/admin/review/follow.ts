// What follows a verdict: hiding sources, and corrections.
import { api } from "../../shared/staff";
import type { Person } from "../types";

/** How far a source has gone. */
export type Uses = {
  answers: number;
  conversations: number;
  customers: number;
  /** Of the conversations, those that are not resolved. */
  open: number;
  /** Of the conversations, those that are still there: a correction can reach them. */
  kept: number;
};

export const usesOf = (site: string, record: string): Promise<Uses> =>
  api.get<Uses>(`/api/admin/sources/${encodeURIComponent(site)}/${encodeURIComponent(record)}/uses`);

export const setHidden = (site: string, record: string, hidden: boolean, note: string): Promise<void> =>
  api.post(`/api/admin/sources/${hidden ? "hide" : "show"}`, { site, record, ...(note ? { note } : {}) });

export type Correction = { id: string; conversations: number };

export type CorrectionProgress = {
  id: string;
  site?: string;
  /** It is about one customer alone, and no reason was given to open it. */
  sealed?: boolean;
  record?: string;
  text?: string;
  at?: string;
  by?: Person | null;
  status: "sending" | "done";
  conversations: number;
  sent: number;
  /** Their customer was erased, or their time was over. */
  skipped: number;
};

/** To whoever was told something from a record, or in the named answers. */
export type CorrectionTo = { record: string } | { answers: string[] };

export const sendCorrection = (site: string, to: CorrectionTo, text: string, key: string): Promise<Correction> =>
  api.post<Correction>("/api/admin/corrections", { site, text, ...to }, key);

export const correction = (id: string): Promise<CorrectionProgress> => api.get<CorrectionProgress>(`/api/admin/corrections/${encodeURIComponent(id)}`);
