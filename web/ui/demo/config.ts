// What the demo server says about itself, and who is signed in to the shop.
import { client } from "../shared/api";

export type Customer = { id: string; name: string; note: string; gpc: boolean };
export type Staff = { email: string; password: string; role: string };
export type Config = { site: string; brand: string; customers: Customer[]; staff: Staff[] };

const place = "candor-demo-customer";

export const loadConfig = () => client(() => ({})).get<Config>("/demo/config");

/** The customer who was signed in before this page was loaded again, else the first. */
export function remembered(config: Config): Customer | undefined {
  const id = sessionStorage.getItem(place);
  return config.customers.find((c) => c.id === id) ?? config.customers[0];
}

/** Signs a customer in to the shop, and tells the chat. */
export function signIn(config: Config, customer: Customer, again: boolean): void {
  const data = document.getElementById("candor")!.dataset;
  const identityURL = `/demo/identity?customer=${encodeURIComponent(customer.id)}`;
  data.site = config.site;
  data.identityUrl = identityURL;
  data.gpc = String(customer.gpc);
  sessionStorage.setItem(place, customer.id);
  if (again) window.Candor?.identify(identityURL);
}
