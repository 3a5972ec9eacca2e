// Every word of what belongs to people. English is the model: the other languages have
// exactly its keys, which the compiler checks.
import type { Plural } from "../../../shared/i18n";

const plural = (forms: Plural): Plural => forms;

export const words = {
  queued: "You are number {n} in line.",
  waiting: "Waiting for a person.",
  about: plural({ one: "It takes about {n} minute.", other: "It takes about {n} minutes." }),
  hours: plural({ one: "It takes about {n} hour.", other: "It takes about {n} hours." }),
  closed: "Our team is away now and back {date}. What you write is kept for them.",
  nobody: "Nobody of the team is here right now. What you write is kept for them.",
  comeBack: "You can close this and come back.",

  newMessages: "New while you were away",
  seen: "Seen",
  edited: "edited",
  edit: "Edit",
  editLabel: "Change your message",
  save: "Save",
  cancel: "Cancel",

  leaving: "Leaving? We can write to you when there is an answer.",
  leavingLater: "Tell me by e-mail when there is an answer",
  address: "E-mail address",
  addressUse: "Only for this: the e-mail has no words of this chat, and the address is deleted with it.",
  addressWrong: "This is not a whole e-mail address.",
  tellMe: "Write to me",
  told: "We write to {address} when there is an answer that you have not seen.",
  remove: "Remove",
  removed: "Removed. We will not write to you.",

  attach: "Attach images or a PDF",
  attachments: "Files to send",
  removeFile: "Remove {name}",
  drop: "Drop images or a PDF here",
  uploading: "{name}: {n}% sent",
  tooLarge: "It is larger than 10 MB.",
  empty: "It is empty.",
  damaged: "It is damaged or incomplete. Save it anew and try again.",
  wrongKind: "Only PNG, JPEG, WebP and GIF images and PDF files can be sent.",
  tooMany: "At most 10 files go with a message.",
  tooMuch: "You have sent as many files as one day allows.",
  takeBack: "Remove the message",
  image: "Image: {name}",
  fileFailed: "{name} could not be loaded.",
  download: "Save the file",

  solved: "Is it solved?",
  yes: "Yes",
  no: "No",
  notSolved: "If not, it goes back to the person who helped you.",
  rate: "How was it?",
  scores: { 1: "Bad", 2: "Poor", 3: "Fair", 4: "Good", 5: "Very good" } as Record<number, string>,
  comment: "Anything to add? You need not.",
  shown: "Did we show you what we used?",
  unsure: "Not sure",
  send: "Send",
  notNow: "Not now",
  thanks: "Thank you. You said: {score}.",
  change: "Change it",
};

export type PersonWords = typeof words;
