import { useEffect, useState } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { moment } from "../../shared/time";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { webhooksPage } from "../pages";
import { ListHead } from "./ListHead";
import { Problem } from "./Problem";
import { WebhookForm } from "./WebhookForm";
import { openWebhooks, readWebhooks, webhooks, type Webhook } from "./webhooks";

/** Where events are sent to. */
export function WebhooksPage({ me }: { me: Me }) {
  const { webhooks: all, problem } = useStore(webhooks);
  const [edited, setEdited] = useState<string>(); // a name; "" is a new one
  useEffect(openWebhooks, []);
  return (
    <Frame page={webhooksPage} me={me} one={edited !== undefined}>
      <main class="list">
        <ListHead
          about="Another program is told that somebody asks for a person or has not read a reply: ids and states, signed as Standard Webhooks says."
          add="Add a webhook"
          testid="webhook-new"
          open={() => setEdited("")}
        />
        <Problem problem={problem} again="Load the webhooks again" load={readWebhooks} />
        {!all && !problem && <p class="empty">Loading the webhooks…</p>}
        {all?.length === 0 && (
          <div class="empty" data-testid="list-empty">
            <p>Nothing is sent anywhere.</p>
            <p class="quiet">With a webhook a program of yours hears of what happens at the desk, without asking again and again.</p>
          </div>
        )}
        {all && all.length > 0 && (
          <Rows kind="plain desk" columns={["Name", "Address", "Told of", "Gets words", "State", ""]}>
            {all.map((w) => (
              <tr key={w.name} data-testid="webhook" data-webhook={w.name} class={w.name === edited ? "selected" : ""}>
                <th scope="row">{w.name}</th>
                <td data-label="Address">
                  <span class="mono address">{w.url}</span>
                </td>
                <td data-label="Told of">
                  <span class="cell mono">
                    {w.events.map((e) => (
                      <span key={e}>{e}</span>
                    ))}
                  </span>
                </td>
                <td data-label="Gets words">{w.text ? "Where customers allow it" : "Never"}</td>
                <td data-label="State">{standing(w)}</td>
                <td class="acts">
                  <button type="button" class="button small" data-testid="webhook-change" aria-label={`Change ${w.name}`} onClick={() => setEdited(w.name)}>
                    Change
                  </button>
                </td>
              </tr>
            ))}
          </Rows>
        )}
      </main>
      {edited !== undefined && <WebhookForm key={edited} webhook={all?.find((w) => w.name === edited)} close={() => setEdited(undefined)} />}
    </Frame>
  );
}

const stopped = { by_hand: "Stopped", failing: "Stopped: nothing came through for five days", gone: "Stopped: the address says that it is gone" };

function standing(w: Webhook) {
  if (w.disabled) return w.disabled.why === "by_hand" ? stopped.by_hand : <span class="late">{stopped[w.disabled.why]}</span>;
  if (w.failing_since) return <span class="late">Nothing comes through since {moment(w.failing_since, navigator.language)}</span>;
  return w.waiting > 0 ? `On, ${w.waiting} on their way` : "On";
}
