// Package answer turns a question into a cited, checked answer.
//
// It promises that every factual sentence it releases carries a source from
// the search that was made for this very answer, that no record reaches a
// model before the citation log says so, and that nothing is released under a
// scope that no longer holds. It never searches without a scope, and never
// talks while a person owns the conversation.
package answer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/retrieval"
)

// Status is how an answer stands.
type Status string

// Statuses.
const (
	Writing      Status = "writing"
	Answered     Status = "answered"
	Partial      Status = "partial"  // answers a part of the question only
	Declined     Status = "declined" // nothing supports an answer
	NeedsConsent Status = "needs_consent"
	Clarify      Status = "clarify"
	Smalltalk    Status = "smalltalk"
	Handoff      Status = "handoff" // goes to a person
	Interrupted  Status = "interrupted"
)

// Citation is a source of a sentence.
type Citation struct {
	RecordID  string  `json:"record_id"`
	PassageID string  `json:"passage_id"`
	Quote     string  `json:"quote"` // verbatim from the record
	Score     float64 `json:"score"` // how well the quote answers the question, 0 to 1
}

// Sentence is the unit in which answers are checked and released.
type Sentence struct {
	Text      string     `json:"text"`
	Citations []Citation `json:"citations"`
}

// Used is a record that an answer used, with the consent that allowed it.
// Company knowledge has category "knowledge" and no grant.
type Used struct {
	RecordID    string            `json:"record_id"`
	Title       string            `json:"title"`
	Category    consent.Category  `json:"category"`
	Source      retrieval.Source  `json:"source"`
	CollectedAt time.Time         `json:"collected_at,omitzero"`
	Purpose     consent.Purpose   `json:"purpose"`
	Recipient   consent.Recipient `json:"recipient"`
	GrantID     string            `json:"grant_id,omitempty"`
}

// NotSearched is a category that the scope did not cover, as the log has it.
type NotSearched = citation.NotSearched

// Model names what wrote an answer, and the recipient that it is.
type Model struct {
	Name      string            `json:"name"`
	Recipient consent.Recipient `json:"recipient"`
}

// Request is what an Answerer works from. Hits are only those that may go to
// its recipient, best first.
type Request struct {
	Question string
	Language string // of consent.Languages
	Brand    string
	Intent   Intent
	Hits     []retrieval.Hit
	Now      time.Time
	// Instruction is what the person at the desk for whom it is written wants of it;
	// empty: nothing. It is about how to say what the hits say.
	Instruction string
	// MaxTokens bounds what a model may read and write for this answer; 0: as many
	// as the answerer allows itself.
	MaxTokens int
	// Count is told of tokens as they are spent; nil: nobody counts.
	Count func(tokens int)
}

// ErrModel means that a model gave no answer, or not all of one: it was away, too
// slow, out of quota, or sent what is no answer. Errors of Answerers wrap it, and
// hold no text of a record, a message or the model.
var ErrModel = errors.New("the model failed")

// Answerer writes an answer from hits.
//
// Answer calls yield with each sentence in reading order as soon as it is
// complete, and stops with yield's error if it has one. A sentence cites hits of
// the request only. Yielding nothing means that the hits do not answer the
// question; it is not an error. A model that fails returns an error that wraps
// ErrModel, whatever was yielded before. Cancelling ctx ends it within a second.
type Answerer interface {
	Model() Model
	Answer(ctx context.Context, r Request, yield func(Sentence) error) error
}

// Support is whether what was found answers a question.
type Support int

// Supports. The zero value says nothing is answered.
const (
	Unsupported Support = iota
	Unclear             // the question leaves open what it asks
	Supported
)

// Judge tells from the evidence alone, before anything is written, whether the
// hits of a request answer its question. Score is 0 to 1, the higher the likelier.
type Judge interface {
	Judge(ctx context.Context, r Request) (s Support, score float64)
}

// Answer is what the customer, and whoever reviews it, sees of an answer. Until
// it is finished it is in status writing and holds what has been released.
type Answer struct {
	ID             string         `json:"id"`
	ConversationID string         `json:"conversation_id"`
	At             time.Time      `json:"at"`
	Question       string         `json:"question"`
	Text           string         `json:"text"`
	Attempt        int            `json:"attempt"`
	Supersedes     string         `json:"supersedes,omitempty"`
	Status         Status         `json:"status"`
	Sentences      []Sentence     `json:"sentences"`
	Used           []Used         `json:"used"`
	NotSearched    []NotSearched  `json:"not_searched"`
	Offer          *consent.Offer `json:"offer,omitempty"`
	Epoch          int64          `json:"epoch"`
	PolicyVersion  string         `json:"policy_version"`
	// ValidUntil is when the first of the grants that it was made under runs out.
	ValidUntil   time.Time    `json:"valid_until,omitzero"`
	Model        Model        `json:"model"`
	Verification Verification `json:"verification"`
	Spent        Spent        `json:"spent"`
	Leaf         Leaf         `json:"leaf"`
	Language     string       `json:"language"`
}

// Spent is what an answer took, over all its attempts. It is zero where a crash ended it.
type Spent struct {
	FirstMS int64 `json:"first_ms"` // until the first sentence was released; 0: none was
	TookMS  int64 `json:"took_ms"`
	Tokens  int   `json:"tokens"` // that language models read and wrote
}

// Leaf is the answer's place in the transparency log; Index is null until the
// answer is integrated. ID is the closed entry's.
type Leaf struct {
	Index *int64 `json:"index"`
	ID    string `json:"id"`
}

// LeafID returns the id of the closed entry of an answer in the citation log.
// An answer has one, however often its end is recorded.
func LeafID(answer string) string {
	if _, id, ok := strings.Cut(answer, "_"); ok {
		return "cit_" + id
	}
	return "cit_" + answer
}

// Personal reports whether a sentence of the answer cites a personal record.
func (a *Answer) Personal() bool {
	return slices.ContainsFunc(a.Sentences, func(s Sentence) bool { return len(a.Categories(s)) > 0 })
}

// TakeBack removes everything that was made of records: what was said and used, and what
// was written and not said.
func (a *Answer) TakeBack() {
	a.Sentences, a.Used, a.Text, a.Verification = []Sentence{}, []Used{}, "", Verification{}
}

// Categories returns the categories of the records that the sentence cites,
// given the records that the answer used.
func (a *Answer) Categories(s Sentence) []consent.Category {
	var out []consent.Category
	for _, c := range s.Citations {
		for _, u := range a.Used {
			if u.RecordID == c.RecordID && u.Category != consent.Knowledge && !slices.Contains(out, u.Category) {
				out = append(out, u.Category)
			}
		}
	}
	return out
}
