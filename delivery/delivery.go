// Package delivery takes to people and programs outside what they are not looking at:
// mail to a customer who has left and to staff, and signed webhooks.
//
// It promises that what is to be delivered is tried until it came through or its
// tries are over, also when the process is killed in between, so that it may come
// twice under the same id; that one recipient who does not answer keeps nobody else
// waiting; and that a webhook is reached at a public address only. A mail holds
// nothing of a conversation, and a webhook ids and states, but for the words of
// which a customer has allowed that very recipient to have them. It never logs an
// address, a secret or what is sent.
package delivery

import (
	"context"
	"errors"
	"time"

	"candor/consent"
	"candor/identity"
)

// Kind is what is delivered.
type Kind string

// Kinds. All but a Hook are mails.
const (
	Unread     Kind = "unread"     // to a customer: a person has answered
	Invitation Kind = "invitation" // to staff: choose a password
	Reset      Kind = "reset"      // to staff: choose another one
	Hook       Kind = "webhook"    // an event, to a program
)

// MailTarget is whom mails wait for: the mail server. A webhook's are its recipient.
const MailTarget = "mail"

// Delivery is something that is to be delivered.
type Delivery struct {
	// ID is the same however often it is tried: a webhook's id of the message, a
	// mail's Message-ID.
	ID     string
	Target string // MailTarget, or Webhook.Recipient
	Kind   Kind
	Event  string // the type of a webhook's CloudEvent
	Body   []byte // that CloudEvent, without words
	// Whom a mail is for.
	Conversation string
	Customer     identity.CustomerID
	Staff        identity.StaffID
	At           time.Time
	Attempts     int // that failed
}

// Status is how a delivery stands.
type Status string

// Statuses.
const (
	Waiting Status = "waiting" // for its first or next try
	Sent    Status = "sent"
	Failed  Status = "failed"  // its tries are over, or it was refused for good
	Dropped Status = "dropped" // nobody wants it any more
)

// Result is what came of a try.
type Result struct {
	Status Status // Waiting: it is tried again
	Code   int    // what a server answered, HTTP or SMTP; 0: none did
	// Why says of a failure what it was: one of a closed list, never what a server
	// said, who may repeat an address.
	Why string
	// Gone is whether a webhook says that it is no more (410).
	Gone bool
}

// retries are after how long what failed is tried again, by how often it did.
var retries = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour,
}

// Again returns how long after its n-th failure (from 1) a delivery is tried again;
// false: no more.
func Again(n int) (time.Duration, bool) {
	if n < 1 || n > len(retries) {
		return 0, false
	}
	return retries[n-1], true
}

// Internal is why a try failed that was not made: something is wrong here.
const Internal = "internal"

// Logged is a delivery as the log of a webhook shows it.
type Logged struct {
	ID       string
	Event    string
	Status   Status
	Attempts int // made
	Code     int
	Why      string
	At       time.Time
	Next     time.Time // when it is tried; zero: no more
	Done     time.Time // zero: not yet
}

// ErrNotWanted means that nobody wants a delivery any more: the customer came back or
// took the address away, the account is closed, the link was used.
var ErrNotWanted = errors.New("nobody wants this any more")

// Store keeps deliveries, which are written in the transactions that cause them.
//
// Due returns what a target is owed by now, the longest overdue first. Settle stores
// what came of a try, by the database's clock; Waiting plans the next one, as Again
// says, or ends it. A delivery is due until it is settled: one replica at a time
// delivers, and of what it did not settle the next one does it again. Letter and
// Webhook read what a delivery needs at the moment at which it is made, and are
// ErrNotWanted where nobody wants it.
type Store interface {
	Targets(ctx context.Context) ([]string, error)
	Due(ctx context.Context, target string, limit int) ([]Delivery, error)
	Settle(ctx context.Context, d Delivery, r Result) error
	Letter(ctx context.Context, d Delivery) (Letter, error)
	Webhook(ctx context.Context, recipient consent.Recipient) (Webhook, error)
	// Watch returns wake-ups when something is to be delivered; a wake-up can be missed.
	Watch() (wake <-chan struct{}, stop func())
}
