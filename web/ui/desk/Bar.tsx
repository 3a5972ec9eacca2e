import { holds, signOut, staff, type Me } from "../shared/staff";
import { useStore } from "../shared/store";
import type { DeskState } from "./desk";
import { forgetDrafts } from "./drafts";
import { choosePresence, forgetPresence } from "./presence";
import { choose, settings } from "./settings";
import type { Presence } from "./types";

/** Who I am, whether I am there, and how much I have. */
export function Bar({ state, me, help }: { state: DeskState; me: Me; help: () => void }) {
  const { sound } = useStore(settings);
  const { mine } = state;
  return (
    <header class="bar">
      <h1>Desk</h1>
      {mine?.seat && (
        <span class="quiet" data-testid="load">
          {mine.load} of {mine.seat.capacity}
          <span class="hidden"> conversations</span>
        </span>
      )}
      <label class="presence">
        <span class={`dot ${state.presence}`} aria-hidden="true" />
        <span class="name">{me.name}</span>
        <select
          class="field"
          aria-label="Your presence"
          data-testid="presence"
          value={state.presence}
          onChange={(e) => choosePresence(e.currentTarget.value as Presence)}
        >
          <option value="online">Online</option>
          <option value="busy">Busy</option>
          <option value="away">Away</option>
        </select>
      </label>
      <span class="bar-end">
        {holds(me, ["supervisor"]) && !me.recipient && (
          <a class="button small live-link" href="/admin/desk">
            Live view
          </a>
        )}
        <button type="button" class="button small" data-testid="sound" onClick={() => choose({ sound: !sound })}>
          Sound: {sound ? "on" : "off"}
        </button>
        <button type="button" class="button small" data-testid="help" aria-label="Help and shortcuts" onClick={help}>
          ?
        </button>
        <button
          type="button"
          class="button small"
          onClick={async () => {
            await signOut();
            if (staff.get().me) return;
            forgetDrafts();
            forgetPresence();
          }}
        >
          Sign out
        </button>
      </span>
    </header>
  );
}
