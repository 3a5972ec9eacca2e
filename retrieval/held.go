package retrieval

import (
	"errors"
	"fmt"
)

// Held is a record as its customer sees it: everything that is held about them,
// whatever they granted.
type Held struct {
	Record
	// Disputed is whether they said that it is wrong, and nobody has answered yet.
	Disputed bool
	// Hidden is whether a reviewer has taken it out of use.
	Hidden bool
}

const (
	// MaxOwn is how many records a customer may make.
	MaxOwn = 200
	// MaxOwnText is the longest that one may be, in bytes.
	MaxOwnText = 4000
)

// Errors of the records that customers make.
var (
	// ErrRefused means that a text is nothing to keep here.
	ErrRefused = errors.New("this cannot be remembered")
	// ErrTooMany refuses one more.
	ErrTooMany = fmt.Errorf("%d things are remembered already: remove one first", MaxOwn)
	// ErrStopped refuses what is of a category that the customer had deleted here.
	ErrStopped = errors.New("you had this kind of data deleted here: allow it again, and it can be remembered")
	// ErrNotOwn refuses to remove what the company has brought in.
	ErrNotOwn = errors.New("this came from the company: say that it is wrong, or stop the use of its kind and have it deleted here")
)
