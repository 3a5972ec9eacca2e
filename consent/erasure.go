package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/identity"
)

// Erased is what an erasure did.
type Erased struct {
	At time.Time // the database's clock, UTC
	// Deleted counts what was deleted, by kind: records, passages, conversations,
	// messages, answers, tickets, ratings, sessions, log_words, and so on.
	Deleted map[string]int64
	// Held are the legal holds that kept something from being deleted.
	Held []Hold
	// Done is false where the erasure goes on by itself: nothing about the customer
	// is used or written any more, and the rest follows.
	Done bool
}

// Erasable is what an erasure at this moment would do.
type Erasable struct {
	At      time.Time // the database's clock, UTC
	Goes    []Goes    // in the order of kinds, records by category
	Tickets []OpenTicket
	Held    []Hold
}

// Goes is how much of a kind goes; a kind without categories has an empty one.
type Goes struct {
	What     string
	Category Category
	Count    int64
}

// OpenTicket is a conversation that waits for a person, or has one.
type OpenTicket struct {
	ID    string
	Since time.Time
}

// Hold is a legal hold: the law keeps some categories of a customer's data from
// being deleted. What is to be deleted while it stands is taken out of use all the
// same, and kept under a key of the hold's own until its end.
type Hold struct {
	ID         string
	Customer   identity.CustomerID
	Categories []Category
	Reason     string // for people, the customer too; gone with the hold's end
	Until      time.Time
	Actor      string // who made it: identity.Principal.Actor
	At         time.Time
	Released   time.Time // zero: it was not
	Releaser   string
	Ended      time.Time // when what it kept was destroyed; zero: it stands, or ends soon
}

// Limits of a hold.
const (
	MaxHoldReason = 2000 // characters
	// MaxHoldYears is the longest that one may stand; another can follow it.
	MaxHoldYears = 10
)

// AllCategories is written for every category of the policy.
const AllCategories Category = "all"

// Errors of holds.
var (
	ErrUnknownHold = errors.New("there is no such hold")
	// ErrHold refuses a hold that does not make sense.
	ErrHold = errors.New("not a valid hold")
	// ErrHoldOver means that a hold has ended or was released before.
	ErrHoldOver = errors.New("the hold does not stand any more")
)

// Check returns the hold with its categories spelled out and in the policy's order.
func (h Hold) Check(p *Policy, now time.Time) (Hold, error) {
	h.Reason = strings.TrimSpace(h.Reason)
	switch {
	case len(h.Categories) == 0:
		return h, fmt.Errorf("%w: name the categories that it covers, or all", ErrHold)
	case h.Reason == "" || utf8.RuneCountInString(h.Reason) > MaxHoldReason:
		return h, fmt.Errorf("%w: it needs a reason of at most %d characters, which the customer reads too", ErrHold, MaxHoldReason)
	case !h.Until.After(now):
		return h, fmt.Errorf("%w: until is not in the future", ErrHold)
	case h.Until.After(now.AddDate(MaxHoldYears, 0, 0)):
		return h, fmt.Errorf("%w: until is more than %d years away", ErrHold, MaxHoldYears)
	}
	all := slices.Equal(h.Categories, []Category{AllCategories})
	var out []Category
	for _, c := range p.Categories {
		if all || slices.Contains(h.Categories, c.ID) {
			out = append(out, c.ID)
		}
	}
	for _, c := range h.Categories {
		if !all && !slices.Contains(out, c) {
			return h, fmt.Errorf("%w: the policy has no category %s", ErrHold, name(string(c)))
		}
	}
	h.Categories = out
	return h, nil
}

// Covers reports whether the hold is about a category.
func (h Hold) Covers(c Category) bool { return slices.Contains(h.Categories, c) }

// HoldFilter selects holds. What is empty selects all.
type HoldFilter struct {
	Customer identity.CustomerID
	Before   int64 // position to go on from; 0: from the newest
	Limit    int   // 1 to 200; otherwise 50
}

// Eraser erases customers and keeps legal holds.
//
// Erase is for ever. When its first commit is durable nothing about the customer is
// used, released or written any more, on any replica; when it returns Done, their
// keys are destroyed and their rows are gone, but for what a hold covers and the
// proofs: the ledger's events and the log's entries, of which nothing sealed can be
// read. What is cut off in between is ended by whoever tends the database. Erasing
// again returns what was done. The request is stored with it, closed; nil: there is
// none. ErrUnknownCustomer means that there never was such a customer, or that the
// proofs are gone too.
//
// All methods are safe for concurrent use.
type Eraser interface {
	Erase(ctx context.Context, customer identity.CustomerID, request *Request) (Erased, error)
	Erasable(ctx context.Context, customer identity.CustomerID) (Erasable, error)

	// AddLegalHold stores a hold that was checked, with a fresh id.
	AddLegalHold(ctx context.Context, h Hold) (Hold, error)
	// LegalHold returns a hold, or ErrUnknownHold.
	LegalHold(ctx context.Context, id string) (Hold, error)
	// LegalHolds returns holds, the newest first, with the position to go on from (0 at
	// the end).
	LegalHolds(ctx context.Context, f HoldFilter) (page []Hold, next int64, err error)
	// ReleaseLegalHold ends a hold before its time. What it kept is destroyed soon after.
	ReleaseLegalHold(ctx context.Context, id, actor string) (Hold, error)
}

// Texts of what stays after an erasure, for the customer.
var (
	ProofsStay = Text{
		"en":    "Proof of your choices",
		"pt-BR": "Prova das suas escolhas",
		"es":    "Prueba de tus decisiones",
		"uk":    "Підтвердження вашого вибору",
		"ru":    "Подтверждение вашего выбора",
	}
	ProofsStayWhy = Text{
		"en":    "When you agreed to what, and which answers were given, under a number that no longer leads to you. {brand} must be able to show it.",
		"pt-BR": "Quando você concordou com o quê e quais respostas foram dadas, sob um número que não leva mais a você. {brand} precisa poder comprovar isso.",
		"es":    "Cuándo aceptaste qué y qué respuestas se dieron, con un número que ya no lleva a ti. {brand} debe poder demostrarlo.",
		"uk":    "Коли й на що ви погодилися та які відповіді було надано — під номером, за яким вас більше не впізнати. {brand} має бути в змозі це довести.",
		"ru":    "Когда и на что вы согласились и какие ответы были даны — под номером, по которому вас больше не узнать. {brand} должна иметь возможность это доказать.",
	}
)
