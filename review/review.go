// Package review is what people make of the citation log: which answers they look
// at, what they find, and who looked at what.
//
// It promises that an answer's contents are opened for a reason that is on record
// before anything is shown, and that what is measured comes from customers who allow
// that. It never changes an entry of the log.
package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/identity"
)

// Verdict is what a reviewer found of an answer.
type Verdict string

// Verdicts.
const (
	Correct               Verdict = "correct"
	Unsupported           Verdict = "unsupported"               // its source does not say that
	WrongSource           Verdict = "wrong_source"              // the source says it, and is not to be relied on
	ShouldNotHaveBeenUsed Verdict = "should_not_have_been_used" // the customer's data had no business in it
	Tone                  Verdict = "tone"                      // right, and badly said
)

// Verdicts lists every verdict. All but the first are also kinds of flags.
var Verdicts = []Verdict{Correct, Unsupported, WrongSource, ShouldNotHaveBeenUsed, Tone}

// Reason is why what is sealed of an answer is opened.
type Reason string

// Reasons.
const (
	ForComplaint Reason = "complaint"
	ForSample    Reason = "sample" // of customers who let answers be measured only
	ForIncident  Reason = "incident"
	ForRequest   Reason = "request" // of the customer's, about their data
	ForLegal     Reason = "legal"
)

// Reasons lists every reason.
var Reasons = []Reason{ForComplaint, ForSample, ForIncident, ForRequest, ForLegal}

// Valid reports whether it is one of the list.
func (r Reason) Valid() bool { return slices.Contains(Reasons, r) }

// Improvement is the choice without which nothing of a customer's is measured.
var Improvement = consent.Triple{Purpose: consent.Improvement, Category: consent.Conversation, Recipient: consent.BrandAI}

// Unassigned selects the answers that nobody is to review.
const Unassigned = "none"

// Filter selects answers. As with citation.Filter, what is empty or nil does not
// filter, and a value that nothing has selects nothing.
type Filter struct {
	citation.Filter
	Verdict   Verdict
	Reviewed  *bool
	Complaint *bool
	Flagged   *bool
	Assigned  string // a member of staff, or Unassigned
	// ScoreBelow selects by the lowest score of a citation, in steps of a hundredth.
	ScoreBelow *float64
}

// Person is a member of staff, also one who has left.
type Person struct {
	ID   identity.StaffID `json:"id"`
	Name string           `json:"name"`
}

// Item is an answer in a list, of which nothing sealed is opened.
type Item struct {
	citation.Entry          // its latest; At is when the answer was begun
	Score          *float64 // the lowest of its citations, 0 to 1; nil: it has none
	Verdict        Verdict  // the latest; empty: nobody has reviewed it
	Assignee       *Person
	Complaint      bool // its customer has complained about it
	Flags          int
	LeafIndex      *int64 // of its latest entry in the public log; nil: not yet
	Gone           bool   // what it said was deleted
}

// Review is what one person found.
type Review struct {
	ID       string
	Answer   string
	Verdict  Verdict
	Note     string
	Reviewer Person
	At       time.Time
}

// Flag is what a person at the desk found wrong with an answer.
type Flag struct {
	ID     string
	Answer string
	Kind   Verdict // but Correct
	Note   string
	By     Person
	At     time.Time
}

// Complaint is a request of the customer's that names the answer.
type Complaint struct {
	Request string
	Status  consent.RequestStatus
	At, Due time.Time
}

// Findings are what people found of an answer, the latest last.
type Findings struct {
	Reviews    []Review
	Flags      []Flag
	Complaints []Complaint
}

// Now is how a source stands, beside how it was quoted.
type Now string

// States of a source.
const (
	Same         Now = "same"    // it still says what was quoted
	Changed      Now = "changed" // it does not
	Gone         Now = "gone"
	Hidden       Now = "hidden"        // it is not searched
	NotPermitted Now = "not_permitted" // its customer disputes it, so that it is not read
)

// SampleKind is how answers are chosen to be reviewed.
type SampleKind string

// Kinds of samples.
const (
	Random     SampleKind = "random"
	LowScore   SampleKind = "low_score" // the worst first
	Complained SampleKind = "complaint" // who waits longest first
)

// Tally counts verdicts.
type Tally struct {
	Answers  int             `json:"answers"`
	Verdicts map[Verdict]int `json:"verdicts"` // of each answer the latest
}

// Summary is what reviews of some time found, without anything about anybody.
type Summary struct {
	Reviews int `json:"reviews"`
	Tally
	// Compared is how many answers several people have reviewed, Agreed of how many of
	// them all latest verdicts are the same.
	Compared   int              `json:"compared"`
	Agreed     int              `json:"agreed"`
	ByModel    map[string]Tally `json:"by_model"`
	ByLanguage map[string]Tally `json:"by_language"`
}

// AccessFilter selects looks. What is empty does not filter.
type AccessFilter struct {
	Customer identity.CustomerID
	Actor    string
	Answer   string
	Reason   Reason
	From, To time.Time // From inclusive, To exclusive
	After    consent.Place
	Limit    int
}

// Look is a look that was recorded, without the records that were seen.
type Look struct {
	consent.Access
	ID   string
	At   time.Time
	Site identity.SiteID
	Name string // of the member of staff whose look it was
}

// Errors of a Store.
var (
	ErrUnknownAnswer = errors.New("there is no such answer in the citation log")
	ErrGone          = errors.New("what this answer said was deleted: a verdict can be given, but without a note")
	ErrErased        = errors.New("this customer was erased: nothing of the answer is left to be reviewed")
	ErrNotReviewer   = errors.New("only a member of staff who reviews answers can be assigned one")
	ErrVerdict       = errors.New("not a verdict: it is correct, unsupported, wrong_source, should_not_have_been_used or tone")
	ErrFlag          = errors.New("not what can be wrong with an answer: it is unsupported, wrong_source, should_not_have_been_used or tone")
	ErrNote          = errors.New("the note is too long: it takes up to 4000 characters")
)

// MaxNote is the length of a note, in code points.
const MaxNote = 4000

// Store keeps what people find, and lists answers by it.
//
// List returns the newest answers first, in the order in which they were begun, with
// the position to go on from (0 at the end): it never changes, so that pages have every
// answer once whatever is added meanwhile. It opens nothing that is sealed. Sample
// returns answers that nobody has reviewed; but for Complained only of customers with a
// grant for Improvement, as the ledger has it at that moment: the gate decides.
//
// AddReview, AddFlag and Assign are durable when they return. ErrUnknownAnswer,
// ErrErased; Assign takes an empty id for nobody, and ErrNotReviewer else. Findings opens notes only if open is
// set: whoever calls it has recorded why.
type Store interface {
	List(ctx context.Context, f Filter) (page []Item, next int64, err error)
	// AnswerOf returns the answer that an entry of the log is about, by the entry's id.
	// An id that is no entry's is returned as it is.
	AnswerOf(ctx context.Context, id string) (string, error)
	Item(ctx context.Context, answer string) (Item, error)
	Sample(ctx context.Context, kind SampleKind, n int) ([]Item, error)
	AddReview(ctx context.Context, r Review) error
	AddFlag(ctx context.Context, conversation string, f Flag) error
	// Flagged returns the kinds of flags of a conversation's answers, by answer.
	Flagged(ctx context.Context, conversation string) (map[string][]Verdict, error)
	Assign(ctx context.Context, answer string, reviewer identity.StaffID) error
	Findings(ctx context.Context, answer string, open bool) (Findings, error)
	Reviewers(ctx context.Context) ([]Person, error)
	Summary(ctx context.Context, from, to time.Time) (Summary, error)
	Looks(ctx context.Context, f AccessFilter) (page []Look, next consent.Place, err error)
	// Compare says whether a source still holds a quote, and returns nothing of it.
	Compare(ctx context.Context, site identity.SiteID, record, quote string) (Now, error)
}
