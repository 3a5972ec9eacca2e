package answer

import (
	"slices"

	"candor/consent"
)

// Reason is why the assistant gives a conversation to a person: a closed list, as the
// desk, its messages and the log have it (conversation.Reason). No model's words are
// one, nor lead to one.
type Reason string

// Reasons.
const (
	CustomerRequest  Reason = "customer_request"
	MissingKnowledge Reason = "missing_knowledge" // nothing answers, twice
	ConsentMissing   Reason = "consent_missing"   // what would answer is not allowed, twice
	PolicyTopic      Reason = "policy_topic"      // a topic of the policy
	ModelFailure     Reason = "model_failure"
	Frustration      Reason = "frustration"    // the customer is angry, twice
	LowConfidence    Reason = "low_confidence" // what is asked stays unclear, twice
)

// Reasons lists every reason.
var Reasons = []Reason{CustomerRequest, MissingKnowledge, ConsentMissing, PolicyTopic, ModelFailure, Frustration, LowConfidence}

// Handover is what a message means for who has the conversation.
type Handover struct {
	// Reason is why a person gets it at once, before anything is searched; empty: the
	// assistant answers.
	Reason Reason
	// Topic is the id of the policy's topic that the message touches, if it does.
	Topic string
	// Say is what the customer reads of it, in the order of reading: with a reason that
	// a person comes, without one the apology that goes before the answer. It states no
	// fact of a record.
	Say []string
}

// maxAngry is how many of the customer's earlier messages are looked at for anger.
const maxAngry = 10

// Handover tells from the customer's words alone whether the message of the intent goes
// to a person: it touches a topic of the policy, or asks for a person, or is the second
// one of the conversation that is written in anger. Before is what the customer said
// before, the oldest first. It is pure, and looks at a bounded part of each message.
func (in Intent) Handover(p *consent.Policy, text string, before []string, language string) Handover {
	language = consent.MatchLanguage(language)
	comes := Say(SayHandoff, language)
	if t, ok := topicOf(p, fold(cut(text)), language); ok && in.Act != Greeting && in.Act != Thanks {
		h := Handover{Reason: PolicyTopic, Topic: t.ID, Say: []string{comes}}
		if said := t.Say.In(language); said != "" {
			h.Say = []string{said, comes}
		}
		return h
	}
	switch {
	case in.Act == WantsPerson:
		return Handover{Reason: CustomerRequest, Say: []string{comes}}
	case !angry(text):
		return Handover{}
	case slices.ContainsFunc(before[max(0, len(before)-maxAngry):], angry):
		return Handover{Reason: Frustration, Say: []string{Say(SaySorry, language), comes}}
	}
	return Handover{Say: []string{Say(SaySorry, language), Say(SayPersonAnytime, language)}}
}

// topicOf returns the topic whose cues the folded message holds, the first of the
// policy. Cues of the message's own language count; only if it holds none of them,
// those of the other languages, as short messages are often taken for another.
func topicOf(p *consent.Policy, message, language string) (consent.Topic, bool) {
	if p == nil || len(p.Topics) == 0 {
		return consent.Topic{}, false
	}
	languages := append([]string{language}, slices.DeleteFunc(slices.Clone(consent.Languages), func(l string) bool { return l == language })...)
	for _, l := range languages {
		words := stems(message, l)
		for _, t := range p.Topics {
			if slices.ContainsFunc(t.Cues[l], func(cue string) bool { return holds(words, cueStems(cue, l)) }) {
				return t, true
			}
		}
	}
	return consent.Topic{}, false
}

// Unhelped is why an answer that has ended did not help its customer; empty: it did, or
// the customer may still make it (a consent that was asked for). Two such answers in a
// row give the conversation to a person, for the reason of the last.
func Unhelped(a *Answer) Reason {
	switch a.Status {
	case Declined:
		if slices.ContainsFunc(a.NotSearched, func(n NotSearched) bool { return n.Relevant && byChoice(n.Reason) }) {
			return ConsentMissing
		}
		return MissingKnowledge
	case Clarify:
		return LowConfidence
	case Writing, Answered, Partial, NeedsConsent, Smalltalk, Handoff, Interrupted:
	}
	return ""
}

// byChoice reports whether a category was not searched as its customer, or the law for
// them, did not allow it. That nobody knows who they are, or that the ledger cannot be
// read, is no choice.
func byChoice(r consent.Reason) bool {
	switch r {
	case consent.NoConsent, consent.RefusedReason, consent.WithdrawnReason, consent.ExpiredReason, consent.NoticeChanged,
		consent.RecipientDenied, consent.Minor, consent.GPC:
		return true
	case consent.Anonymous, consent.Unavailable:
	}
	return false
}
