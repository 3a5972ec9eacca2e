// The closed vocabularies of the API in words for staff. What is not known yet
// is shown as it is, so that a new server is never hidden by an old page.
const words: Record<string, string> = {
  // why a person is needed
  customer_request: "Asked for a person",
  missing_knowledge: "No answer found",
  no_answer: "No answer found",
  unsupported_request: "Not something the assistant does",
  policy_restriction: "Company policy",
  policy_topic: "Company policy",
  model_failure: "The assistant failed",
  consent_missing: "Needs data that the customer has not allowed",
  frustration: "The customer is upset",
  low_confidence: "The assistant is not sure",
  tool_failure: "The assistant failed",
  pending_clarification: "Question stayed unclear",
  usage_limit: "Limit reached",
  // how an answer stands
  writing: "Being written",
  answered: "Answered",
  partial: "Answered in part",
  declined: "Declined",
  needs_consent: "Needs consent",
  clarify: "Asked back",
  smalltalk: "Small talk",
  handoff: "To a person",
  interrupted: "Interrupted",
  // why a category was not searched
  no_consent: "not asked or not agreed",
  refused: "refused",
  withdrawn: "withdrawn",
  expired: "expired",
  notice_changed: "notice changed",
  recipient_denied: "not for this recipient",
  anonymous: "visitor",
  minor: "minor",
  gpc: "browser asks not to share",
  unavailable: "could not be checked",
  // purposes, categories, recipients
  answers: "Answer questions",
  agent_assist: "Help a person help",
  insights: "Infer things",
  improvement: "Measure and improve",
  knowledge: "Help article",
  conversation: "Messages in this chat",
  support_history: "Support history",
  brand_ai: "In-house AI",
  human_agents: "Support team",
};

export function inWords(id: string | undefined): string {
  if (!id) return "";
  if (words[id]) return words[id];
  if (id.startsWith("ai_provider:")) return `Outside AI: ${id.slice("ai_provider:".length)}`;
  const text = id.replace(/_/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A language by its code, in the reader's own. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(navigator.language, { type: "language" }).of(code) ?? code;
  } catch {
    return code || "Not known"; // no language's code
  }
}
