import { useState } from "preact/hooks";
import { Check, Copy } from "../shared/icons";

/** An identifier that copies itself. */
export function ID({ value }: { value: string }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    } catch {
      // Without the clipboard's permission it can still be selected.
    }
  }
  return (
    <span class="id">
      <code>{value}</code>
      <button type="button" class="icon-button" aria-label={copied ? "Copied" : `Copy ${value}`} onClick={() => void copy()}>
        {copied ? <Check /> : <Copy />}
      </button>
    </span>
  );
}
