// The access log as the page holds it.
import { momentsOf } from "../filters";
import { List, type ListState } from "../list";
import type { AccessPage } from "./types";

const filterNames = ["reason", "customer", "actor", "answer", "from", "to"] as const;

export type AccessFilter = (typeof filterNames)[number];

export type AccessesState = ListState<AccessFilter, AccessPage, never>;

export const accesses = new List<AccessFilter, AccessPage, never>("/api/admin/access-log", filterNames, momentsOf);
