// The incidents as the page holds them: a filtered list, and one of them.
import { api, explain } from "../../shared/staff";
import { List, type ListState } from "../list";
import type { IncidentDetail, IncidentPage, Told } from "./types";

const filterNames = ["status", "kind"] as const;

type IncidentFilter = (typeof filterNames)[number];

export type IncidentsState = ListState<IncidentFilter, IncidentPage, IncidentDetail>;

export const incidents = new List<IncidentFilter, IncidentPage, IncidentDetail>("/api/admin/incidents", filterNames);

export type Change = {
  status?: string;
  note?: string;
  answers?: number;
  customers?: number;
  notification?: { to: Told; at: string };
};

/** Changes an incident; resolves to why it was not taken, empty if it was. */
export async function change(id: string, body: Change): Promise<string> {
  try {
    await api.patch(`/api/admin/incidents/${encodeURIComponent(id)}`, body);
  } catch (e) {
    return explain(e);
  }
  void incidents.load();
  void incidents.loadDetail();
  return "";
}

export type NewIncident = {
  site?: string;
  kind: string;
  title: string;
  notes?: string;
  found_at: string;
  answers?: number;
  customers?: number;
};

export const record = (body: NewIncident, key: string): Promise<{ id: string }> => api.post<{ id: string }>("/api/admin/incidents", body, key);
