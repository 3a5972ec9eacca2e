import { useState } from "preact/hooks";
import { HideForm } from "../review/HideForm";
import { hidden } from "./hidden";

/** Hides a source that is named by its id. */
export function HideSource() {
  const [site, setSite] = useState("");
  const [record, setRecord] = useState("");
  const [sure, setSure] = useState(false);
  const close = () => setSure(false);
  return (
    <details class="new" data-testid="hide-new">
      <summary class="button small">Hide a source</summary>
      <form
        class="filter-row few"
        onSubmit={(e) => {
          e.preventDefault();
          setSure(true);
        }}
      >
        <label class="filter">
          Site
          <input
            class="field"
            required
            data-testid="hide-site"
            placeholder="Id of a site"
            value={site}
            onInput={(e) => {
              setSite(e.currentTarget.value);
              close();
            }}
          />
        </label>
        <label class="filter">
          Article or record
          <input
            class="field"
            required
            data-testid="hide-record"
            placeholder="Id of a source"
            value={record}
            onInput={(e) => {
              setRecord(e.currentTarget.value);
              close();
            }}
          />
        </label>
        {!sure && (
          <button type="submit" class="button small" data-testid="hide-next">
            See what used it
          </button>
        )}
      </form>
      {sure && (
        <HideForm
          key={`${site} ${record}`}
          site={site.trim()}
          record={record.trim()}
          hidden={false}
          done={() => {
            setRecord("");
            close();
            void hidden.load();
          }}
          cancel={close}
        />
      )}
    </details>
  );
}
