import { useState } from "preact/hooks";
import { Check, Copy } from "../shared/icons";

/** An identifier that copies itself; `what`: what it is called where reading it out would be of no use. */
export function ID({ value, what = value }: { value: string; what?: string }) {
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
      <button type="button" class="icon-button" aria-label={copied ? "Copied" : `Copy ${what}`} onClick={() => void copy()}>
        {copied ? <Check /> : <Copy />}
      </button>
    </span>
  );
}
