package review

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/identity"
)

const (
	// MaxCorrection is the longest that a correction may be, in characters.
	MaxCorrection = 2000
	// MaxCorrectedAnswers is how many answers a correction can name.
	MaxCorrectedAnswers = 1000
)

// Errors of corrections.
var (
	ErrUnknownCorrection = errors.New("there is no such correction")
	// ErrCorrection refuses what is no correction.
	ErrCorrection = errors.New("this cannot be a correction")
	// ErrNothingToCorrect means that there is no conversation that it could go to.
	ErrNothingToCorrect = errors.New("no conversation that is still there has an answer of it")
)

// Correction is a message of the company's into every conversation whose answers were
// made from a source, or that has one of the answers that it names.
type Correction struct {
	ID     string
	Site   identity.SiteID
	Record string // the source; empty: Answers are named
	// Customer is whose data alone it is about; empty: nobody's, or several customers'.
	// The store says it.
	Customer identity.CustomerID
	// Answers are named when it is made, and are not kept: the conversations are.
	Answers  []string
	Text     string // what the customers read behind a heading in their own language
	Language string // of the text, BCP 47; empty: nobody said
	At       time.Time
	Actor    string
	// Conversations is how many it is for, Sent how many have it. Pending ones get it in a
	// moment; what is none of these was removed, or its customer erased, before it or since.
	Conversations, Sent, Pending int64
}

// Check returns a correction as it is made: ErrCorrection says what is wrong with it.
func (c Correction) Check() (Correction, error) {
	c.Text = strings.TrimSpace(c.Text)
	c.Answers = slices.Compact(slices.Sorted(slices.Values(c.Answers)))
	switch {
	case c.Text == "":
		return c, fmt.Errorf("%w: say what is right", ErrCorrection)
	case utf8.RuneCountInString(c.Text) > MaxCorrection:
		return c, fmt.Errorf("%w: it has more than %d characters", ErrCorrection, MaxCorrection)
	case (c.Record == "") == (len(c.Answers) == 0):
		return c, fmt.Errorf("%w: name the source that was wrong, or the answers", ErrCorrection)
	case len(c.Answers) > MaxCorrectedAnswers:
		return c, fmt.Errorf("%w: name at most %d answers", ErrCorrection, MaxCorrectedAnswers)
	case c.Site == "":
		return c, fmt.Errorf("%w: name the site", ErrCorrection)
	}
	return c, nil
}

// CorrectionFilter selects corrections. What is empty selects all.
type CorrectionFilter struct {
	Site  identity.SiteID
	After consent.Place
	Limit int // 1 to 200; otherwise 50
}
