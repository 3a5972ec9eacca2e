import { useState } from "preact/hooks";
import { ID } from "../ID";
import { useRefusal } from "../refusal";
import { Deliveries } from "./Deliveries";
import { Many, NameField, Refused, Text, Words } from "./Field";
import { FormPanel } from "./FormPanel";
import { actOnWebhook, storeWebhook, webhooks, type Webhook } from "./webhooks";

const groups: [events: string, words: string][] = [
  ["candor.handoff.*", "Tickets: somebody asks for a person, has one, is done"],
  ["candor.conversation.*", "Conversations: their states, and that somebody wrote"],
  ["candor.message.*", "Replies that their customer has not read"],
];
const grouped = (event: string) => groups.some(([g]) => g === event);

/** One webhook, and how its deliveries go. */
export function WebhookForm({ webhook: w, close }: { webhook?: Webhook; close: () => void }) {
  const [name, setName] = useState(w?.name ?? "");
  const [url, setURL] = useState(w?.url ?? "");
  const [chosen, setChosen] = useState(w ? w.events.filter(grouped) : ["candor.handoff.*"]);
  const [single, setSingle] = useState(w?.events.filter((e) => !grouped(e)) ?? []);
  const [text, setText] = useState(w?.text ?? false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  const [secret, setSecret] = useState("");
  const [tests, setTests] = useState(0);
  const [sure, setSure] = useState<"remove" | "secret">();

  async function store(more: { disabled?: boolean; new_secret?: boolean } = {}) {
    if (!w && webhooks.get().webhooks?.some((other) => other.name === name)) {
      return setRefused(`There is a webhook of the name ${name}: change it instead, or choose another name.`);
    }
    setBusy(true);
    const done = await storeWebhook({ name, url: url.trim(), events: [...chosen, ...single], text, disabled: w?.disabled !== undefined, ...more });
    setBusy(false);
    setRefused(done.refused ?? "");
    if (done.secret) setSecret(done.secret);
    else if (!done.refused) close();
  }

  async function act(what: "remove" | "test") {
    setBusy(true);
    const why = await actOnWebhook(w!.name, what);
    setBusy(false);
    setRefused(why);
    if (why) return;
    if (what === "remove") close();
    else setTests(tests + 1);
  }

  if (secret) {
    return (
      <FormPanel key="secret" title={w ? `The secret of ${name} is another` : `${name} is added`} testid="webhook-panel" close={close}>
        <div class="secret" role="status">
          <p>With this secret the other side checks that what it gets comes from here. It is shown this once.</p>
          <p data-testid="webhook-secret">
            <ID value={secret} what="the secret" />
          </p>
        </div>
        <div class="act-buttons">
          <button type="button" class="button small" data-testid="webhook-done" onClick={close}>
            Done
          </button>
        </div>
      </FormPanel>
    );
  }
  return (
    <FormPanel key="form" title={w ? w.name : "Add a webhook"} testid="webhook-panel" close={close}>
      <form
        class="act desk-form"
        data-testid="webhook-form"
        onSubmit={(e) => {
          e.preventDefault();
          void store();
        }}
      >
        {!w && <NameField title="Name" testid="webhook-name" value={name} set={setName} />}
        <Text title="Address" type="url" required maxLength={2000} placeholder="https://" testid="webhook-url" value={url} set={setURL} />
        <Many title="What it is told of" choices={groups} value={chosen} set={setChosen} testid="webhook-event" />
        <Words title="Single events besides" placeholder="candor.handoff.waiting" value={single} set={setSingle} testid="webhook-events" />
        <label class="check">
          <input type="checkbox" data-testid="webhook-text" checked={text} onChange={(e) => setText(e.currentTarget.checked)} />
          <span>
            Send what was said, too, of customers who allow that to <code>webhook:{name || "its-name"}</code>
          </span>
        </label>
        <Refused why={refused} testid="webhook-refused" />
        <div class="act-buttons">
          <button type="submit" class="button small primary" data-testid="webhook-save" disabled={busy || chosen.length + single.length === 0}>
            {w ? "Save" : "Add the webhook"}
          </button>
          {w && (
            <button type="button" class="button small" data-testid="webhook-stop" disabled={busy} onClick={() => void store({ disabled: !w.disabled })}>
              {w.disabled ? "Save, and send again" : "Save, and stop sending"}
            </button>
          )}
        </div>
      </form>
      {w && (
        <section class="act" aria-label="What can be done with it">
          <div class="act-buttons">
            <button type="button" class="button small" data-testid="webhook-test" disabled={busy || w.disabled !== undefined} onClick={() => void act("test")}>
              Send a test
            </button>
            <button type="button" class="button small" data-testid="webhook-secret-new" disabled={busy} onClick={() => setSure("secret")}>
              Replace the secret…
            </button>
            <button type="button" class="button small" data-testid="webhook-remove" disabled={busy} onClick={() => setSure("remove")}>
              Remove…
            </button>
          </div>
          {sure && (
            <div class="confirm">
              <p>
                {sure === "remove"
                  ? "What is still to be delivered to it is dropped."
                  : "The secret that it has stops being used at once: what is sent is refused there until it knows the new one."}
              </p>
              <div class="act-buttons">
                <button
                  type="button"
                  class="button small"
                  data-testid="webhook-sure"
                  disabled={busy}
                  onClick={() => void (sure === "remove" ? act("remove") : store({ new_secret: true }))}
                >
                  {sure === "remove" ? "Remove it" : "Replace it"}
                </button>
                <button type="button" class="button small" onClick={() => setSure(undefined)}>
                  Leave it
                </button>
              </div>
            </div>
          )}
          <p class="quiet" role="status">
            {tests > 0 && "A test is on its way; below is how it goes."}
          </p>
        </section>
      )}
      {w && <Deliveries name={w.name} tests={tests} />}
    </FormPanel>
  );
}
