import { useEffect, useId, useRef, useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import { explain } from "../explain";
import { inConversation } from "../outbox";
import { api } from "../session";
import type { ChatState } from "../state";
import { useProblem } from "../useProblem";
import { standing, stayAtEnd } from "./state";
import { say } from "./words";
import { Wrong } from "./Wrong";

type Props = { chat: ChatState; now: ReturnType<typeof standing.get> };

/** A way to be told of an answer after the chat was closed. */
export function Contact({ chat, now }: Props) {
  const [problem, setProblem] = useProblem();
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState("");
  const [address, setAddress] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const moved = useRef(false); // by what the customer did here
  const id = useId();

  // The control that was used is gone: the focus goes to what stands in its place.
  useEffect(() => {
    if (moved.current) box.current?.querySelector<HTMLElement>("button, input")?.focus();
    moved.current = false;
  }, [now.contact]);
  useEffect(() => void (box.current && stayAtEnd(box.current)), [now.contact, now.contact_offered, chat.assignee]);

  async function act(call: () => Promise<void>) {
    setBusy(true);
    setProblem("");
    setTold("");
    try {
      moved.current = true;
      await call();
    } catch (e) {
      moved.current = false;
      setProblem(explain(e));
    }
    setBusy(false);
  }

  function leave(e: SubmitEvent) {
    e.preventDefault();
    const email = address.trim();
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return setProblem(say.addressWrong);
    void act(async () => {
      const contact = await inConversation((path) => api.put<{ email: string }>(`${path}/contact`, { email }));
      setAddress("");
      standing.set({ contact });
    });
  }

  const remove = () =>
    void act(async () => {
      await inConversation((path) => api.delete(`${path}/contact`));
      standing.set({ contact: undefined });
      setTold(say.removed);
    });

  if (!now.contact && !now.contact_offered) return null;
  const wrong = <Wrong text={problem} id={`${id}-wrong`} />;
  if (now.contact) {
    return (
      <div class="card" data-testid="contact" ref={box}>
        <p>{fill(say.told, { address: now.contact.email })}</p>
        <button type="button" class="button small" data-testid="contact-remove" disabled={busy} onClick={remove}>
          {say.remove}
        </button>
        {wrong}
      </div>
    );
  }
  const form = (
    <form class="form" noValidate onSubmit={leave}>
      <label for={id}>{say.address}</label>
      <div class="line">
        <input
          id={id}
          class="field"
          type="email"
          autoComplete="email"
          maxLength={254}
          data-testid="contact-address"
          aria-describedby={`${id}-use`}
          aria-invalid={problem !== ""}
          aria-errormessage={problem ? `${id}-wrong` : undefined}
          value={address}
          onInput={(e) => {
            setAddress(e.currentTarget.value);
            setProblem("");
          }}
        />
        <button type="submit" class="button small" data-testid="contact-leave" disabled={busy || address.trim() === ""}>
          {say.tellMe}
        </button>
      </div>
      <p class="quiet" id={`${id}-use`}>
        {say.addressUse}
      </p>
      {wrong}
    </form>
  );
  return (
    <div class="card" data-testid="contact" ref={box}>
      {told && <p class="quiet">{told}</p>}
      {chat.assignee ? (
        // Somebody is answering now: it is offered, and does not stand in the way.
        <details>
          <summary data-testid="contact-later">{say.leavingLater}</summary>
          {form}
        </details>
      ) : (
        <>
          <p>{say.leaving}</p>
          {form}
        </>
      )}
    </div>
  );
}
