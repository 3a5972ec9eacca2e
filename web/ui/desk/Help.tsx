import { useStore } from "../shared/store";
import { Dialog } from "./Dialog";
import { choose, settings } from "./settings";
import { shortcuts } from "./shortcuts";

/** What the keys do. */
export function Help({ close }: { close: () => void }) {
  const { shortcuts: on } = useStore(settings);
  return (
    <Dialog title="Keys" testid="help-dialog" close={close}>
      <label class="check">
        <input type="checkbox" checked={on} data-testid="shortcuts-on" onChange={(e) => choose({ shortcuts: e.currentTarget.checked })} />
        Single keys do something outside of text fields
      </label>
      <dl class="keys">
        {shortcuts.map(({ keys, what }) => (
          <div key={what}>
            <dt>
              {keys.map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Ctrl + Enter</kbd>
          </dt>
          <dd>Send what is being written</dd>
        </div>
        <div>
          <dt>
            <kbd>Escape</kbd>
          </dt>
          <dd>Close what is open</dd>
        </div>
      </dl>
    </Dialog>
  );
}
