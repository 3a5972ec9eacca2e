import { useStore } from "../shared/store";
import type { Config, Customer } from "./config";
import { MadeUp } from "./MadeUp";
import { model, turnModel } from "./model";

type Props = { config: Config; customer: Customer; change: (c: Customer) => void };

/** What belongs to the demo and not to the shop: who is signed in, the ways to the other side, and who writes. */
export function Strip({ config, customer, change }: Props) {
  const login = (...roles: string[]) => config.staff.find((s) => roles.includes(s.role));
  return (
    <aside class="strip" aria-label="About this demo">
      <label>
        Signed in as
        <select
          class="field"
          data-testid="customer"
          value={customer.id}
          onChange={(e) => {
            const next = config.customers.find((c) => c.id === e.currentTarget.value);
            if (next) change(next);
          }}
        >
          {config.customers.map((c) => (
            <option key={c.id} value={c.id}>
              {c.name}: {c.note}
            </option>
          ))}
        </select>
      </label>
      <Login title="The desk" path="/desk?demo=1" who={login("agent")} />
      <Login title="The citation log" path="/admin?demo=1" who={login("admin", "reviewer")} />
      <MadeUp model={useStore(model)} turn={(on) => void turnModel(on)} />
    </aside>
  );
}

function Login({ title, path, who }: { title: string; path: string; who: { email: string; password: string } | undefined }) {
  return (
    <p class="login">
      <a href={path} target="_blank" rel="noopener">
        {title}
      </a>
      {who && (
        <span class="quiet">
          {who.email} · <code>{who.password}</code>
        </span>
      )}
    </p>
  );
}
