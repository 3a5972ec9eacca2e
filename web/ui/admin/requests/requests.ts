// The requests as the page holds them: a filtered list, and one of them.
import { api, explain } from "../../shared/staff";
import { List, type ListState } from "../list";
import type { RequestDetail, RequestPage } from "./types";

const filterNames = ["kind", "status", "overdue", "site"] as const;
type FilterName = (typeof filterNames)[number];

export type RequestsState = ListState<FilterName, RequestPage, RequestDetail>;

export const requests = new List<FilterName, RequestPage, RequestDetail>("/api/admin/requests", filterNames);

export type Act = { action: string; note?: string; for_customer?: boolean; record?: { outcome: string } };

/** Does something to a request; resolves to why it was not taken, empty if it was. */
export async function act(id: string, body: Act): Promise<string> {
  try {
    await api.post(`/api/admin/requests/${encodeURIComponent(id)}`, body);
  } catch (e) {
    return explain(e);
  }
  void requests.load();
  void requests.loadDetail();
  return "";
}
