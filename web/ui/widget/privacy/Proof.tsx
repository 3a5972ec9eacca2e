import { useEffect, useState } from "preact/hooks";
import { Abandoned, ApiError, persist } from "../../shared/api";
import { fill, plural } from "../../shared/i18n";
import { tryNow } from "../../shared/line";
import { moment } from "../../shared/time";
import type { Answer } from "../../shared/types";
import { explain, reason, stuckBy } from "../explain";
import { recipientName, yours } from "../names";
import { api } from "../session";
import type { ChatState } from "../state";
import { language, w } from "../words";
import { Problem } from "./Problem";
import { readReceipt, type Receipt } from "./receipt";
import { keep } from "./SaveFile";
import { say } from "./words";

type Props = { answer: Answer; chat: ChatState };

/** What the customer can prove of an answer, in words and as a file. */
export function Proof({ answer, chat }: Props) {
  const [file, setFile] = useState<{ file: File; receipt: Receipt }>();
  const [waits, setWaits] = useState("");
  const [failed, setFailed] = useState("");
  const [gone, setGone] = useState(false);

  useEffect(() => {
    let open = true;
    async function load(): Promise<void> {
      const file = await persist(() => api.file(`/api/answers/${answer.id}/receipt`), waiting, () => open);
      const receipt = readReceipt(await file.text());
      if (open) setFile({ file, receipt });
    }
    const waiting = (e: ApiError) => setWaits(why(e));
    load().catch((e: unknown) => {
      if (e instanceof Abandoned || !open) return;
      if (e instanceof ApiError && e.status === 410) setGone(true);
      else setFailed(`${say.fileFailed} ${explain(e)}`);
    });
    return () => {
      open = false;
    };
  }, [answer.id]);

  if (gone) return <p data-testid="proof-gone">{say.proof.gone}</p>;
  if (failed) return <Problem text={failed} />;
  if (!file) {
    return (
      <div class="section" data-testid="proof-waits">
        <p role="status">{waits || w.wait}</p>
        {waits && waits !== say.proof.waiting && (
          <button type="button" class="button small" onClick={tryNow}>
            {w.sendNow}
          </button>
        )}
      </div>
    );
  }
  const name = `receipt-${answer.id}.json`;
  return (
    <div class="section" data-testid="proof-shown">
      <p>{fill(say.proof.intro, { brand: chat.brand })}</p>
      <Facts of={file.receipt} chat={chat} />
      <button type="button" class="button" data-testid="proof-save" onClick={() => keep(file.file, name)}>
        {say.proof.save}
      </button>
      <p class="quiet">{say.proof.private}</p>
      <details>
        <summary>{say.proof.how}</summary>
        <ol class="plain-list steps">
          <li>
            {say.proof.howKey}{" "}
            <a href="/.well-known/candor-log.txt" target="_blank" rel="noopener">
              candor-log.txt
            </a>
          </li>
          <li>
            {say.proof.howHere} <code>{`assistant log verify ${name} --key "$(cat candor-log.txt)"`}</code>
          </li>
          <li>{say.proof.howOthers}</li>
          <li>
            {say.proof.howLater}{" "}
            <a href="/log/checkpoint" target="_blank" rel="noopener">
              /log/checkpoint
            </a>
          </li>
        </ol>
      </details>
    </div>
  );
}

function why(e: ApiError): string {
  // An answer of this moment has its place in the log a moment later.
  if (e.status === 202) return say.proof.waiting;
  // What the log says of the answer is not what is stored: the customer is told so.
  return e.status === 500 && e.detail ? e.detail : reason(stuckBy(e));
}

function Facts({ of: r, chat }: { of: Receipt; chat: ChatState }) {
  return (
    <dl class="facts">
      <div>
        <dt>{say.proof.recorded}</dt>
        <dd>{fill(say.proof.recordedAt, { at: moment(r.at, language), index: (r.index + 1).toLocaleString(language) })}</dd>
      </div>
      <div>
        <dt>{say.proof.signed}</dt>
        <dd>
          {fill(say.proof.signedBy, { log: r.log })}
          {r.witnesses > 0 && `, ${plural(language, r.witnesses, say.proof.witnesses)}`}
        </dd>
      </div>
      <div>
        <dt>{say.proof.names}</dt>
        <dd>
          <ul class="plain-list">
            <li>{say.proof.words}</li>
            {r.articles > 0 && <li>{plural(language, r.articles, w.articles)}</li>}
            {r.uses.map((u) => (
              <li key={u.category + u.recipient}>
                {fill(w.withPermission, { yours: yours(chat, u.category) })} · {recipientName(chat, u.recipient)}
              </li>
            ))}
          </ul>
        </dd>
      </div>
    </dl>
  );
}
