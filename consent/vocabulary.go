package consent

import (
	"strings"

	"candor/identity"
)

// Purpose is what data may be used for.
type Purpose string

// Purposes. Training a model is not among them, and no policy can add it.
const (
	Answers     Purpose = "answers"      // answer my questions
	AgentAssist Purpose = "agent_assist" // help a person help me
	Insights    Purpose = "insights"     // infer things about me
	Improvement Purpose = "improvement"  // measure and improve answers
)

// Category is a kind of personal data.
type Category string

// Conversation is the category of the customer's own words when they leave the
// house. It is never the category of a record.
const Conversation Category = "conversation"

// Knowledge is how company knowledge is named where a category is shown. It is
// not personal, needs no grant and can never be granted.
const Knowledge Category = "knowledge"

// Recipient is who data goes to. No recipient implies another.
type Recipient string

// Recipients. An outside model is "ai_provider:<name>", somebody else's desk
// "desk:<name>", and a webhook that is sent texts "webhook:<name>".
const (
	BrandAI     Recipient = "brand_ai"     // models the company runs itself, search included
	HumanAgents Recipient = "human_agents" // the company's own desk
)

// Outside reports whether the recipient is an AI provider outside the house.
func (r Recipient) Outside() bool { return strings.HasPrefix(string(r), "ai_provider:") }

// OutsideDesk reports whether the recipient is the desk of somebody else.
func (r Recipient) OutsideDesk() bool { return strings.HasPrefix(string(r), "desk:") }

// Webhook reports whether the recipient is a program of somebody else that is sent
// what is said at the desk.
func (r Recipient) Webhook() bool { return strings.HasPrefix(string(r), "webhook:") }

// ReaderOf returns the recipient that a member of staff reads for under
// AgentAssist: the company's own desk, or that of somebody else whom they work for.
func ReaderOf(who identity.Principal) Recipient {
	if who.Recipient != "" {
		return Recipient(who.Recipient)
	}
	return HumanAgents
}

// Triple is the unit of consent: one purpose, one category, one recipient.
type Triple struct {
	Purpose   Purpose   `json:"purpose"`
	Category  Category  `json:"category"`
	Recipient Recipient `json:"recipient"`
}

// State is the state of a triple, in the terms of the W3C Data Privacy
// Vocabulary (dpv:ConsentStatus).
type State string

// States. Only Given and Renewed allow anything.
const (
	None        State = "none" // no event yet (dpv:ConsentUnknown)
	Requested   State = "requested"
	Deferred    State = "deferred"
	Refused     State = "refused"
	Given       State = "given"
	Renewed     State = "renewed"
	Withdrawn   State = "withdrawn" // by the customer
	Revoked     State = "revoked"   // by somebody else
	Expired     State = "expired"
	Invalidated State = "invalidated"
)

// Reason says why a category was not searched. The list is closed: it is part
// of the API and of the citation log.
type Reason string

// Reasons.
const (
	NoConsent       Reason = "no_consent"
	RefusedReason   Reason = "refused"
	WithdrawnReason Reason = "withdrawn"
	ExpiredReason   Reason = "expired"
	NoticeChanged   Reason = "notice_changed"
	RecipientDenied Reason = "recipient_denied"
	Anonymous       Reason = "anonymous"
	Minor           Reason = "minor"
	GPC             Reason = "gpc"
	Unavailable     Reason = "unavailable"
)

// Reasons lists every reason.
var Reasons = []Reason{
	NoConsent, RefusedReason, WithdrawnReason, ExpiredReason, NoticeChanged,
	RecipientDenied, Anonymous, Minor, GPC, Unavailable,
}
