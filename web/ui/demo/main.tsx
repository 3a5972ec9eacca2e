// The demo's shop: a page like any shop's, with the chat on it.
import { render } from "preact";
import type {} from "../loader/loader";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../shared/api";
import { loadConfig, remembered, signIn, type Config, type Customer } from "./config";
import { Guide } from "./Guide";
import { readModel } from "./model";
import { Shop } from "./Shop";
import { Strip } from "./Strip";

function App() {
  const [config, setConfig] = useState<Config>();
  const [customer, setCustomer] = useState<Customer>();
  const [problem, setProblem] = useState("");

  useEffect(() => {
    void readModel();
    addEventListener("focus", () => void readModel());
    loadConfig().then((c) => {
      setConfig(c);
      const first = remembered(c);
      if (!first) return;
      signIn(c, first, false);
      setCustomer(first);
    }, (e) => setProblem((e instanceof ApiError && e.detail) || "The demo server does not answer."));
  }, []);

  if (problem) {
    return (
      <div class="whole" role="alert">
        <p>{problem}</p>
        <button type="button" class="button" onClick={() => location.reload()}>
          Load the shop again
        </button>
      </div>
    );
  }
  if (!config || !customer) return <p class="whole quiet">Opening the shop…</p>;
  return (
    <>
      <Strip
        config={config}
        customer={customer}
        change={(c) => {
          signIn(config, c, true);
          setCustomer(c);
        }}
      />
      <Shop brand={config.brand} customer={customer} guide={<Guide staff={config.staff} />} />
    </>
  );
}

render(<App />, document.getElementById("app")!);
