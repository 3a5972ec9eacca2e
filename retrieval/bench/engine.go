package main

import (
	"context"
	"errors"
	"fmt"
)

// limit is how many passages a question gets.
const limit = 20

// errCannot says that an engine does not do a task.
var errCannot = errors.New("it cannot")

// found is a passage that an engine found: of the knowledge its number, of a
// customer's the number among their own.
type found int

// engine is one of those that are compared. What is found is the best first, at most
// limit, and within the filter: public articles; a customer's passages of the allowed
// categories. Vector is that of the text, of length 1.
type engine interface {
	// name says in a word or two how it is set up.
	name() string
	// knowledge searches by words, by meaning, or by both; a nil vector and an empty
	// text leave that out.
	knowledge(ctx context.Context, text string, vector []float32) ([]found, error)
	// own searches a customer's passages.
	own(ctx context.Context, customer int, text string, vector []float32) ([]found, error)
	close() error
}

// forgetful is an engine that can forget what it keeps in memory of a customer.
type forgetful interface{ forget(customer int) }

// many calls add for 0 to n-1 and tells how far it is.
func many(n int, what string, say func(string), add func(i int) error) error {
	for i := range n {
		if err := add(i); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if i > 0 && i%(max(n, 10)/5) == 0 {
			say(fmt.Sprintf("%s: %d of %d", what, i, n))
		}
	}
	return nil
}
