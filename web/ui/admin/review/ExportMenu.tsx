import { useStore } from "../../shared/store";
import { log } from "../log";
import { Menu } from "../Menu";
import { reason, reasonWords } from "../reason";

/** The answers of the list as a file, which the server writes while it is saved. */
export function ExportMenu() {
  useStore(log.state); // the filters are in the links
  const { given } = useStore(reason);
  const link = (format: string) => {
    const query = log.asked();
    query.set("format", format);
    return `/api/admin/citations/export?${query}`;
  };
  return (
    <Menu label="Export" testid="export-menu" narrow>
      <p class="quiet">
        {given
          ? `All answers that match the filters, with their questions and what was answered, opened for ${reasonWords[given]}. Each is recorded as a look.`
          : "All answers that match the filters, without what was said: that is sealed until you choose a reason."}
      </p>
      <a class="button small" data-testid="export-csv" href={link("csv")} download="citations.csv">
        Save as CSV
      </a>
      <a class="button small" data-testid="export-jsonl" href={link("jsonl")} download="citations.jsonl">
        Save as JSONL
      </a>
    </Menu>
  );
}
