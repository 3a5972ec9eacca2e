import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../shared/api";
import { fill } from "../../shared/i18n";
import type { Erased } from "../../shared/types";
import { leaveBy } from "../chat";
import { explain } from "../explain";
import { PanelFrame } from "../PanelFrame";
import { api, identifyAgain, once } from "../session";
import type { ChatState } from "../state";
import { useProblem } from "../useProblem";
import { w } from "../words";
import { Counts, HeldBack, KeptElsewhere, Tickets } from "./erasure";
import { Problem } from "./Problem";
import type { Preview } from "./types";
import { say } from "./words";

/** Says what goes and what stays, asks once, and says what was deleted. */
export function EraseDialog({ chat, close }: { chat: ChatState; close: () => void }) {
  const [erased, setErased] = useState<Erased>();
  return (
    <PanelFrame title={erased ? say.erasedTitle : say.erase} back={say.backToData} close={close}>
      {erased ? <Done erased={erased} chat={chat} close={close} /> : <Ask chat={chat} done={setErased} close={close} />}
    </PanelFrame>
  );
}

type AskProps = { chat: ChatState; done: (e: Erased) => void; close: () => void };

function Ask({ chat, done, close }: AskProps) {
  const [preview, setPreview] = useState<Preview>();
  const [unread, setUnread] = useProblem();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useProblem();

  function read() {
    setUnread("");
    api.get<Preview>("/api/me/erasure").then(setPreview, (e) => setUnread(`${say.eraseUnread} ${explain(e)}`));
  }
  useEffect(read, []);

  async function remove() {
    setBusy(true);
    setProblem("");
    try {
      // Of a customer it takes a fresh token of the page.
      const identity = chat.known ? (await identifyAgain()).identity : undefined;
      if (identity === null) throw new ApiError(401);
      done(await leaveBy(() => once.delete<Erased>("/api/me", { identity })));
    } catch (e) {
      setProblem(refused(e));
      setBusy(false);
    }
  }

  if (!preview) return unread ? <Problem text={unread} again={read} /> : <p class="quiet">{w.wait}</p>;
  return (
    <div class="erase" data-testid="erase">
      <p>{say.eraseAsk}</p>
      <Counts title={say.goes} counts={preview.goes ?? []} none={say.goesNothing} chat={chat} />
      <Tickets tickets={preview.tickets ?? []} />
      <KeptElsewhere kept={preview.kept ?? []} chat={chat} />
      <HeldBack held={preview.held ?? []} chat={chat} />
      <div class="choices">
        <button type="button" class="button" data-testid="erase-yes" disabled={busy} onClick={() => void remove()}>
          {busy ? say.erasing : say.eraseYes}
        </button>
        <button type="button" class="button" data-testid="erase-no" disabled={busy} onClick={close}>
          {say.eraseNo}
        </button>
      </div>
      <Problem text={problem} />
    </div>
  );
}

function refused(e: unknown): string {
  if (e instanceof ApiError && e.status === 401) return say.identityNeeded;
  const passing = e instanceof ApiError && e.passing;
  return passing ? `${explain(e)} ${w.unconfirmed}` : `${say.eraseFailed} ${explain(e)}`;
}

function Done({ erased, chat, close }: { erased: Erased; chat: ChatState; close: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  // The button that had the focus is gone.
  useEffect(() => box.current!.focus({ preventScroll: true }), []);
  const counts = Object.entries(erased.deleted ?? {}).map(([what, count]) => ({ what, count }));
  return (
    <div class="erase" data-testid="erased-all" tabIndex={-1} ref={box}>
      <p>{fill(erased.erased ? say.erasedNow : say.erasedSoon, { brand: chat.brand })}</p>
      <Counts title={say.went} counts={counts} none={say.wentNothing} chat={chat} />
      <KeptElsewhere kept={erased.kept ?? []} chat={chat} />
      <HeldBack held={erased.held ?? []} chat={chat} />
      <button type="button" class="button" data-testid="erased-close" onClick={close}>
        {say.backToData}
      </button>
    </div>
  );
}
