import { useRef, useState } from "preact/hooks";
import { languageName } from "../../shared/vocabulary";
import { useRefusal } from "../refusal";
import { Refused, Text } from "./Field";
import { FormPanel } from "./FormPanel";
import type { Queue } from "./queues";
import { idFor, languages, removeReply, sample, storeReply, variables, type Reply } from "./replies";

type Props = { reply?: Reply; all: Reply[]; queues: Queue[]; close: () => void };

/** One reply that is ready, and where it is offered. */
export function ReplyForm({ reply: r, all, queues, close }: Props) {
  const [title, setTitle] = useState(r?.title ?? "");
  const [text, setText] = useState(r?.text ?? "");
  const [language, setLanguage] = useState(r?.language ?? "");
  const [queue, setQueue] = useState(r?.queue ?? "");
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useRefusal();
  const [removing, setRemoving] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);

  async function run(work: () => Promise<string>) {
    setBusy(true);
    const why = await work();
    setBusy(false);
    setRefused(why);
    if (!why) close();
  }

  function insert(name: string) {
    const area = box.current!;
    area.setRangeText(`{{${name}}}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  }

  const store = () =>
    storeReply({ id: r?.id ?? idFor(title, all), title: title.trim(), text: text.trim(), ...(language ? { language } : {}), ...(queue ? { queue } : {}) });
  return (
    <FormPanel title={r ? r.title : "Add a ready reply"} testid="reply-panel" close={close}>
      <form
        class="act desk-form"
        data-testid="reply-form"
        onSubmit={(e) => {
          e.preventDefault();
          void run(store);
        }}
      >
        <Text title="Title, by which agents find it" required maxLength={120} testid="reply-title" value={title} set={setTitle} />
        <label class="filter">
          Text
          <textarea class="field" required rows={6} maxLength={4000} data-testid="reply-text" ref={box} value={text} onInput={(e) => setText(e.currentTarget.value)} />
        </label>
        <div role="group" aria-label="What is filled in">
          <p class="quiet">Filled in for each conversation; one goes where you are in the text:</p>
          <dl class="variables">
            {variables.map(([name, words]) => (
              <div key={name}>
                <dt>
                  <button type="button" class="chip mono" data-testid={`variable-${name}`} onClick={() => insert(name)}>
                    {`{{${name}}}`}
                  </button>
                </dt>
                <dd>{words}</dd>
              </div>
            ))}
          </dl>
        </div>
        {text.includes("{{") && (
          <div>
            <p class="quiet">A customer then reads, for example:</p>
            <p class="said sample" data-testid="reply-sample">
              {sample(text)}
            </p>
          </div>
        )}
        <label class="filter">
          Offered in conversations in
          <select class="field" data-testid="reply-language" value={language} onChange={(e) => setLanguage(e.currentTarget.value)}>
            <option value="">Every language</option>
            {languages.map((code) => (
              <option key={code} value={code}>
                {languageName(code)}
              </option>
            ))}
          </select>
        </label>
        <label class="filter">
          Offered in
          <select class="field" data-testid="reply-queue" value={queue} onChange={(e) => setQueue(e.currentTarget.value)}>
            <option value="">Every queue</option>
            {queue && !queues.some((q) => q.name === queue) && <option value={queue}>{queue} (there is no such queue any more)</option>}
            {queues.map((q) => (
              <option key={q.name} value={q.name}>
                {q.title || q.name}
              </option>
            ))}
          </select>
        </label>
        <Refused why={refused} testid="reply-refused" />
        <div class="act-buttons">
          <button type="submit" class="button small primary" data-testid="reply-save" disabled={busy}>
            {r ? "Save the reply" : "Add the reply"}
          </button>
          {r && (
            <button type="button" class="button small" data-testid="reply-remove" disabled={busy} onClick={() => (removing ? void run(() => removeReply(r.id)) : setRemoving(true))}>
              {removing ? "Remove it for everybody" : "Remove the reply…"}
            </button>
          )}
        </div>
      </form>
    </FormPanel>
  );
}
