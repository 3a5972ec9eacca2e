import { useRef, useState } from "preact/hooks";
import { api } from "../session";
import { categoryName } from "../names";
import type { ChatState } from "../state";
import { Form } from "./Form";
import { say } from "./words";

const kinds = ["preferences", "profile"];

/** "Remember this": something that the customer wants known. */
export function Remember({ chat, done }: { chat: ChatState; done: () => void }) {
  const [open, setOpen] = useState(false);
  const [category, setCategory] = useState(kinds[0]!);
  const opener = useRef<HTMLButtonElement>(null);

  function close() {
    setOpen(false);
    requestAnimationFrame(() => opener.current?.focus());
  }

  if (!open) {
    return (
      <button type="button" class="button small" ref={opener} data-testid="remember" onClick={() => setOpen(true)}>
        {say.remember}
      </button>
    );
  }
  return (
    <Form
      label={say.rememberLabel}
      hint={say.rememberHint}
      action={say.rememberSave}
      testid="remember-form"
      submit={(text) => api.post("/api/me/records", { text, category }).then(done)}
      close={close}
    >
      <label class="inline">
        {say.rememberAs}
        <select class="field" value={category} onChange={(e) => setCategory(e.currentTarget.value)}>
          {kinds.map((k) => (
            <option key={k} value={k}>
              {categoryName(chat, k)}
            </option>
          ))}
        </select>
      </label>
    </Form>
  );
}
