import { useState } from "preact/hooks";
import { Check, Close } from "../shared/icons";
import type { Staff } from "./config";
import { turnModel } from "./model";

type Step = { title: string; text: string; action: string; run?: () => void; href?: string };

const ask = (text: string) => () => window.Candor?.ask(text);
const lieAbout = "Can I return a tent after 30 days?";
const open = () => window.Candor?.open();

const steps: Step[] = [
  {
    title: "Where is my order?",
    text: "The assistant has not seen your orders. It says so, and asks.",
    action: "Ask “Where is my order?”",
    run: ask("Where is my order?"),
  },
  {
    title: "Allow it",
    text: "Under the answer press “This conversation”. The three answers look alike: a no costs nothing.",
    action: "Open the chat",
    run: open,
  },
  {
    title: "Open source 1",
    text: "Press the small 1 after the sentence: the record, its quote, and the consent that allowed it.",
    action: "Open the chat",
    run: open,
  },
  {
    title: "Stop using it",
    text: "In the source press “Stop using my orders”. Then ask again: the orders are gone from the answer.",
    action: "Ask again",
    run: ask("Where is my order?"),
  },
  {
    title: "Have an AI lie to you",
    text: "The switch at the top has a model make things up. Under the answer, “Left out” lists what was removed, and why.",
    action: "Switch it on and ask",
    run: () => void turnModel(true).then((on) => on && ask(lieAbout)()),
  },
  {
    title: "Ask for a person",
    text: "At the top of the chat press “Talk to a person”, then “Continue without”. Claim and answer it at the desk.",
    action: "Open the desk",
    href: "/desk?demo=1",
  },
  {
    title: "See the entry in the log",
    text: "Every answer is there: what was read, under which consent, and what was not looked at. What was said is sealed until you give a reason, which your customer sees.",
    action: "Open the citation log",
    href: "/admin?demo=1",
  },
];

/** Leads through the product in two minutes. */
export function Guide({ staff }: { staff: Staff[] }) {
  const [current, setCurrent] = useState(0);
  const [shown, setShown] = useState(true);
  if (!shown) {
    return (
      <button type="button" class="button small guide-again" onClick={() => setShown(true)}>
        Show the two-minute tour
      </button>
    );
  }
  return (
    <section class="guide" data-testid="guide" aria-labelledby="guide-title">
      <div class="guide-head">
        <h2 id="guide-title">Candor in two minutes</h2>
        <button type="button" class="icon-button" aria-label="Close the tour" data-testid="guide-close" onClick={() => setShown(false)}>
          <Close />
        </button>
      </div>
      <ol>
        {steps.map((s, i) => (
          <li key={s.title} class={i === current ? "step current" : i < current ? "step done" : "step"}>
            <button type="button" class="step-title" aria-expanded={i === current} onClick={() => setCurrent(i)}>
              <span class="number">{i < current ? <Check /> : i + 1}</span>
              {s.title}
            </button>
            {i === current && (
              <div class="step-body">
                <p>{s.text}</p>
                <div class="step-actions">
                  {s.href ? (
                    <a class="button small" href={s.href} target="_blank" rel="noopener" data-testid={`step-${i + 1}`}>
                      {s.action}
                    </a>
                  ) : (
                    <button type="button" class="button small" data-testid={`step-${i + 1}`} onClick={s.run}>
                      {s.action}
                    </button>
                  )}
                  {i + 1 < steps.length ? (
                    <button type="button" class="button small" data-testid="step-next" onClick={() => setCurrent(i + 1)}>
                      Next step
                    </button>
                  ) : (
                    <button type="button" class="button small" onClick={() => setShown(false)}>
                      Close the tour
                    </button>
                  )}
                </div>
              </div>
            )}
          </li>
        ))}
      </ol>
      {staff.length === 0 && <p class="quiet">This demo has no staff logins, so steps 6 and 7 cannot be opened.</p>}
    </section>
  );
}
