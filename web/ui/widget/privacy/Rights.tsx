import { useState } from "preact/hooks";
import { fill } from "../../shared/i18n";
import type { ChatState } from "../state";
import { Download } from "./Download";
import { EraseDialog } from "./EraseDialog";
import { Requests } from "./Requests";
import { say } from "./words";

/** What the customer can have done with their data. */
export function Rights({ chat }: { chat: ChatState }) {
  const [erasing, setErasing] = useState(false);
  return (
    <>
      <Download chat={chat} />
      <Requests />
      <section class="right">
        <h3>{say.erase}</h3>
        <p>{fill(say.eraseIntro, { brand: chat.brand })}</p>
        <button type="button" class="button" data-testid="erase-open" onClick={() => setErasing(true)}>
          {say.eraseOpen}
        </button>
      </section>
      {erasing && <EraseDialog chat={chat} close={() => setErasing(false)} />}
    </>
  );
}
