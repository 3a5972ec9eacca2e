import { useEffect, useState } from "preact/hooks";
import type { Me } from "../../shared/staff";
import { useStore } from "../../shared/store";
import { languageName } from "../../shared/vocabulary";
import { Frame } from "../Frame";
import { Rows } from "../ListTable";
import { repliesPage } from "../pages";
import { ListHead } from "./ListHead";
import { Problem } from "./Problem";
import { openQueues, queues, titleOf } from "./queues";
import { openReplies, readReplies, replies } from "./replies";
import { ReplyForm } from "./ReplyForm";

/** The replies that agents have ready. */
export function RepliesPage({ me }: { me: Me }) {
  const { replies: all, problem } = useStore(replies);
  const { queues: known } = useStore(queues);
  const [edited, setEdited] = useState<string>(); // an id; "" is a new one
  useEffect(openReplies, []);
  useEffect(openQueues, []);
  const close = () => setEdited(undefined);
  return (
    <Frame page={repliesPage} me={me} one={edited !== undefined}>
      <main class="list">
        <ListHead about="Agents put these into an answer with the key / and can still change them before they send." add="Add a ready reply" testid="reply-new" open={() => setEdited("")} />
        <Problem problem={problem} again="Load the replies again" load={readReplies} />
        {!all && !problem && <p class="empty">Loading the replies…</p>}
        {all?.length === 0 && (
          <div class="empty" data-testid="list-empty">
            <p>No reply is ready yet.</p>
            <p class="quiet">What agents write again and again can be kept here, with names filled in.</p>
          </div>
        )}
        {all && all.length > 0 && (
          <Rows kind="plain desk" columns={["Title", "Text", "Language", "Queue", ""]}>
            {all.map((r) => (
              <tr key={r.id} data-testid="reply" data-reply={r.id} class={r.id === edited ? "selected" : ""}>
                <th scope="row">{r.title}</th>
                <td data-label="Text">
                  <span class="clipped">{r.text}</span>
                </td>
                <td data-label="Language">{r.language ? languageName(r.language) : <span class="quiet">every language</span>}</td>
                <td data-label="Queue">{r.queue ? titleOf(r.queue, known) : <span class="quiet">every queue</span>}</td>
                <td class="acts">
                  <button type="button" class="button small" data-testid="reply-change" aria-label={`Change ${r.title}`} onClick={() => setEdited(r.id)}>
                    Change
                  </button>
                </td>
              </tr>
            ))}
          </Rows>
        )}
      </main>
      {edited !== undefined && <ReplyForm key={edited} reply={all?.find((r) => r.id === edited)} all={all ?? []} queues={known ?? []} close={close} />}
    </Frame>
  );
}
