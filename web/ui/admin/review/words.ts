// Verdicts, complaints and sources in words for reviewers.
import { inWords } from "../../shared/vocabulary";
import type { SourceState, Verdict } from "../types";

export const verdicts: Record<Verdict, string> = {
  correct: "Correct",
  unsupported: "Not supported",
  wrong_source: "Wrong source",
  should_not_have_been_used: "Should not have been used",
  tone: "Tone",
};

/** What a verdict says, for whoever gives one. */
export const verdictHints: Record<Verdict, string> = {
  correct: "What it says is right, and its sources say it.",
  unsupported: "A source that it cites does not say this.",
  wrong_source: "The source says it, and is not to be relied on.",
  should_not_have_been_used: "It used data that it should have left alone.",
  tone: "Right, but not said the way we speak.",
};

export const verdictInWords = (v: string): string => verdicts[v as Verdict] ?? inWords(v);

const states: Record<SourceState, string> = {
  same: "Says the same",
  changed: "Has been changed since",
  gone: "Is no longer there",
  hidden: "Is hidden from answers",
  not_permitted: "Is not read: its customer does not allow it, or says that it is wrong",
};

export const stateInWords = (s: string): string => states[s as SourceState] ?? inWords(s);

export const many = (n: number, one: string, more = `${one}s`): string => `${n} ${n === 1 ? one : more}`;
