// Where events are sent to, and how that goes.
import { onBack } from "../../shared/line";
import { api, explain, troubled } from "../../shared/staff";
import { Store } from "../../shared/store";

/** `code`: the HTTP status that came back. `why`: what went wrong. `next`: when it is tried. */
export type Delivery = {
  id: string;
  event: string;
  status: "waiting" | "sent" | "failed" | "dropped";
  attempts: number;
  code?: number;
  why?: string;
  at: string;
  next?: string;
  done?: string;
};

export type Webhook = {
  name: string;
  url: string;
  events: string[];
  /** Whether it may get what was said, of customers who allowed it. */
  text: boolean;
  disabled?: { at: string; why: "by_hand" | "failing" | "gone" };
  /** Since when nothing came through. */
  failing_since?: string;
  /** How many deliveries are to be made. */
  waiting: number;
  at: string;
  by?: { id: string; name: string };
};

type State = { webhooks?: Webhook[]; problem: string };

export const webhooks = new Store<State>({ problem: "" });

export async function readWebhooks(): Promise<void> {
  try {
    const { items } = await api.get<{ items: Webhook[] }>("/api/admin/webhooks");
    webhooks.set({ webhooks: items, problem: "" });
  } catch (e) {
    webhooks.set({ problem: troubled(e) ? "" : explain(e) });
  }
}

export function openWebhooks(): () => void {
  void readWebhooks();
  return onBack(() => void readWebhooks());
}

const path = (name: string) => `/api/admin/webhooks/${encodeURIComponent(name)}`;

/** What a webhook is to be. `new_secret`: the one it has is replaced. */
export type Wanted = { name: string; url: string; events: string[]; text: boolean; disabled: boolean; new_secret?: boolean };

/** Stores one; resolves to its secret where that is another, which is shown once, and why it was refused. */
export async function storeWebhook({ name, ...body }: Wanted): Promise<{ secret?: string; refused?: string }> {
  try {
    const done = await api.put<{ secret?: string }>(path(name), body);
    await readWebhooks();
    return done;
  } catch (e) {
    return { refused: explain(e) };
  }
}

/** Removes one, or sends it a test; resolves to why it was refused, "" if it was not. */
export async function actOnWebhook(name: string, act: "remove" | "test"): Promise<string> {
  try {
    if (act === "remove") await api.delete(path(name));
    else await api.post(`${path(name)}/test`);
  } catch (e) {
    return explain(e);
  }
  await readWebhooks();
  return "";
}

/** How the last deliveries went, the newest first. */
export async function readDeliveries(name: string): Promise<Delivery[]> {
  return (await api.get<{ deliveries: Delivery[] }>(path(name))).deliveries;
}
