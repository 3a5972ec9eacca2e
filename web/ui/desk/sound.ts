// The sound of a conversation that is kept for the agent, for who wants one.
import { settings } from "./settings";

let audio: AudioContext | undefined;

/** Two soft notes, if the agent has asked for them. */
export function announce(): void {
  if (!settings.get().sound) return;
  audio ??= new AudioContext();
  void audio.resume(); // a page that nobody has touched yet stays silent
  [660, 880].forEach((pitch, i) => {
    const start = audio!.currentTime + i * 0.16;
    const note = new OscillatorNode(audio!, { frequency: pitch });
    const loudness = new GainNode(audio!, { gain: 0 });
    loudness.gain.setTargetAtTime(0.12, start, 0.01);
    loudness.gain.setTargetAtTime(0, start + 0.12, 0.05);
    note.connect(loudness).connect(audio!.destination);
    note.start(start);
    note.stop(start + 0.6);
  });
}
