package answer

import (
	"strconv"
	"strings"

	"candor/consent"
)

// Phrase names a text that the assistant says in its own name. Such a text
// states nothing about the customer or the company, so it needs no source.
type Phrase string

// Phrases. A word in braces is filled in by Say.
const (
	SayGreeting          Phrase = "greeting"           // {brand}
	SayThanks            Phrase = "thanks"             //
	SayFirstFrame        Phrase = "first_frame"        // {brand} {days}
	SayDeclined          Phrase = "declined"           //
	SayClarify           Phrase = "clarify"            //
	SayNoRecords         Phrase = "no_records"         // {what}
	SayOfferPerson       Phrase = "offer_person"       //
	SayVisitor           Phrase = "visitor"            //
	SayGPC               Phrase = "gpc"                //
	SayLedgerUnavailable Phrase = "ledger_unavailable" //
	SayLogUnavailable    Phrase = "log_unavailable"    //
	SayInterrupted       Phrase = "interrupted"        //
	SaySearchUnavailable Phrase = "search_unavailable" //
	SayQuotedNotShared   Phrase = "quoted_not_shared"  // {what}
	SayHandoff           Phrase = "handoff"            //
	SayAgentJoined       Phrase = "agent_joined"       // {name}
	SayReturnedToAI      Phrase = "returned_to_ai"     // {brand}
	SayResolved          Phrase = "resolved"           //
	SayNotSolved         Phrase = "not_solved"         // as its customer says of what was resolved
	SayClosesSoon        Phrase = "closes_soon"        // {time}; to a customer who does not write
	SaySorry             Phrase = "sorry"              // to a customer who is angry
	SayPersonAnytime     Phrase = "person_anytime"     //
	SayComplaintAnswered Phrase = "complaint_answered" // to whoever complained about an answer
	SayAgentGone         Phrase = "agent_gone"         // to a customer whose agent has disappeared
	SayFilesUnread       Phrase = "files_unread"       // to a customer who sends files and no words
	SayCorrection        Phrase = "correction"         // {brand}; what is right follows it
)

// Phrases lists every phrase, with those of SayNotSearched.
var Phrases = func() []Phrase {
	list := []Phrase{
		SayGreeting, SayThanks, SayFirstFrame, SayDeclined, SayClarify, SayNoRecords, SayOfferPerson, SayVisitor, SayGPC,
		SayLedgerUnavailable, SayLogUnavailable, SayInterrupted, SaySearchUnavailable, SayQuotedNotShared, SayHandoff,
		SayAgentJoined, SayReturnedToAI, SayResolved, SayNotSolved, SayClosesSoon, SaySorry, SayPersonAnytime, SayComplaintAnswered, SayCorrection, SayFilesUnread, SayAgentGone,
	}
	for _, r := range consent.Reasons {
		list = append(list, notSearched(r))
	}
	return list
}()

func notSearched(r consent.Reason) Phrase { return Phrase("not_searched_" + string(r)) }

// Say returns the phrase in the language. Values fills its placeholders: name,
// value, name, value ("brand", "Fjell"). A phrase that does not exist is a
// mistake of the program; it panics, and a test says every phrase.
func Say(p Phrase, language string, values ...string) string {
	text, ok := phraseTexts[p]
	if !ok {
		panic("answer: no phrase " + string(p))
	}
	// One pass: a value that looks like a placeholder is not filled again.
	pairs := make([]string, len(values))
	for i, v := range values {
		if i%2 == 0 {
			v = "{" + v + "}"
		}
		pairs[i] = v
	}
	return strings.NewReplacer(pairs...).Replace(text.In(language))
}

// SayNotSearched says why categories were not looked at. An unknown reason is
// said as "you have not allowed it": the one that a customer can act on.
func SayNotSearched(p *consent.Policy, language string, reason consent.Reason, categories ...consent.Category) string {
	key := notSearched(reason)
	if _, ok := phraseTexts[key]; !ok {
		key = notSearched(consent.NoConsent)
	}
	return Say(key, language, "what", p.Phrase(language, categories...))
}

// FirstFrame is the first thing a customer reads: that a machine answers, that
// people may read along if asked for, and how many days the chat is kept.
func FirstFrame(language, brand string, days int) string {
	return Say(SayFirstFrame, language, "brand", brand, "days", strconv.Itoa(days))
}
