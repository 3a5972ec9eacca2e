package review

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/identity"
)

// Errors of hidden sources.
var (
	ErrHidden    = errors.New("this source is hidden already")
	ErrNotHidden = errors.New("this source is not hidden")
)

// HiddenSource is a source that no search returns, or none returned for a while: who hid it
// and who showed it again.
type HiddenSource struct {
	ID       string
	Site     identity.SiteID
	Record   string
	Customer identity.CustomerID // whose record it is; empty: the company's knowledge
	At       time.Time           // the database's clock, UTC
	Actor    string              // see identity.Principal.Actor
	Note     string              // why; empty: nobody said, or the customer was erased
	Shown    time.Time           // zero: it is hidden
	ShownBy  string
	Reason   string // why it was shown again
}

// HideNote returns a note as it is kept: ErrNote if it is too long.
func HideNote(note string) (string, error) {
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > MaxNote {
		return "", ErrNote
	}
	return note, nil
}

// HiddenFilter selects hidden sources. What is empty selects all.
type HiddenFilter struct {
	Site   identity.SiteID
	Record string
	// Past also selects what was shown again.
	Past  bool
	After consent.Place
	Limit int // 1 to 200; otherwise 50
}

// Uses is how much was said from a source.
type Uses struct {
	Answers       int64 // that were written with it
	Conversations int64 // of these answers
	Customers     int64 // of these answers
	Open          int64 // of the conversations: there, and not resolved
	Kept          int64 // of the conversations: there, so that a correction can reach them
}
