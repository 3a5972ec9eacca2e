import { useRef, useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import { day } from "../../shared/time";
import { api } from "../session";
import { language } from "../words";
import { Form } from "./Form";
import { ListView, useList } from "./list";
import type { Request } from "./types";
import { say } from "./words";

/** What the customer has asked of the company, and by when it answers. */
export function Requests() {
  const [writing, setWriting] = useState(false);
  const [version, setVersion] = useState(0);
  const list = useList<Request>("/api/me/requests", version);
  const opener = useRef<HTMLButtonElement>(null);

  function close() {
    setWriting(false);
    requestAnimationFrame(() => opener.current?.focus());
  }

  return (
    <section class="right">
      <h3>{say.requests}</h3>
      <p>{say.requestsIntro}</p>
      {writing ? (
        <Form
          label={say.complaintLabel}
          action={say.complaintSend}
          testid="complaint-form"
          submit={(text) => api.post("/api/me/requests", { kind: "complaint", text }).then(() => setVersion(version + 1))}
          close={close}
        />
      ) : (
        <button type="button" class="button" ref={opener} data-testid="complaint" onClick={() => setWriting(true)}>
          {say.complaint}
        </button>
      )}
      <ListView list={list} empty={say.requestsEmpty}>
        {(r) => <Row key={r.id} request={r} />}
      </ListView>
    </section>
  );
}

/** Whether it has been answered. */
export const over = (r: Request) => r.status === "done" || r.status === "refused";

function Row({ request: r }: { request: Request }) {
  const due = !over(r) && r.due && fill(say.due, { date: day(r.due, language) });
  const outcome = r.outcome && say.outcomes[r.outcome];
  return (
    <li class="item" data-testid="request" data-status={r.status}>
      <p class="what">{r.answer_id ? say.aboutAnswer : (say.requestKinds[r.kind] ?? r.kind)}</p>
      <p class="quiet">{[day(r.at, language), say.requestStates[r.status] ?? r.status, due].filter(Boolean).join(" · ")}</p>
      {r.complaint && <p>{say.amiss.kinds[r.complaint]}</p>}
      {r.text && <p class="pre said">{r.text}</p>}
      {outcome && <p>{outcome}</p>}
      {(r.notes ?? []).map((n) => (
        <p key={n.at} class="note pre">
          {n.text}
        </p>
      ))}
    </li>
  );
}
