package conversation

import (
	"context"
	"time"

	"candor/identity"
)

// Posted is what a customer's message became.
type Posted struct {
	Message      Message
	Conversation Conversation // after the message
	// AnswerID names the answer that will be written, in status writing; empty
	// while a person has the conversation.
	AnswerID string
	// Known is whether that answer is not a new one: it was made before, for the
	// same reason.
	Known bool
}

// Ticket is a conversation's place in the queue for a person.
type Ticket struct {
	ID            string
	QueuePosition int // 1 is next; 0 when somebody has it, or it is not known
}

// LastPlace is the last place in a queue that is told apart: it is that one or a later.
const LastPlace = 100

// Store keeps conversations.
//
// Every method that writes is one transaction: the messages, the state, the
// events and what must reach the desk are committed together, or not at all,
// and are durable when it returns. Sequence numbers are given out inside the
// transaction. Methods are safe for concurrent use; ErrNotFound is returned for
// what does not exist, ErrIllegalTransition for what the state does not allow.
type Store interface {
	// Create stores a new conversation with its first message. One whose id the
	// same customer already has is not created again.
	Create(ctx context.Context, c Conversation, first Message) error
	Conversation(ctx context.Context, id string) (Conversation, error)
	// Latest returns the customer's latest conversation that is not resolved, or that a
	// message of theirs would return to the person who had it.
	Latest(ctx context.Context, customer identity.CustomerID) (Conversation, bool, error)
	// Post appends the customer's message, moves the state as CustomerSays
	// does, and makes an answer to be written if the assistant has the
	// conversation. A message whose id is already in the conversation is not
	// posted again: what it led to is returned, with its answer Known unless that
	// still waits for somebody to write it.
	Post(ctx context.Context, id string, m Message, language string) (Posted, error)
	// Again makes an answer that supersedes another of the customer's to the same
	// message, if the assistant still has the conversation; otherwise its id is
	// empty. Where there is one already it returns that. Somebody else's answer is
	// ErrNotFound.
	Again(ctx context.Context, customer identity.CustomerID, answer string) (Posted, error)
	// Handoff gives the conversation to the desk. A repeated one returns the
	// same ticket.
	Handoff(ctx context.Context, id string, reason Reason, notice Message) (Ticket, error)
	// Confirm stores whether a resolved conversation that a person had is solved, as
	// its customer says; what is not goes back to that person, with a notice that says
	// so. MayConfirm reports whether they can still say it.
	Confirm(ctx context.Context, id string, solved bool, notSolved Message) error
	MayConfirm(ctx context.Context, id string) (bool, error)
	Messages(ctx context.Context, id string) ([]Message, error)
	// Events returns at most limit events after seq, in order.
	Events(ctx context.Context, id string, after int64, limit int) ([]Event, error)
	// AwaitTurn returns when no answer to what was asked before is being written in
	// the conversation, on any replica, or when ctx ends.
	AwaitTurn(ctx context.Context, conversation, answer string) error
	// Watch returns a channel that receives after a commit that concerns the
	// topic, and may receive more often. Callers poll as well: a wake-up can
	// be missed, a commit cannot.
	Watch(topic string) (wake <-chan struct{}, stop func())
}

// Topic is the watch topic of a conversation.
func Topic(id string) string { return "conversation/" + id }

// Turn is one message to answer.
type Turn struct {
	AnswerID     string
	Conversation string
	Question     string
	Language     string
	// Supersedes is the answer that this one replaces, because the customer's
	// choices have changed.
	Supersedes string
	Asked      time.Time
	Who        identity.Principal
	// Left is closed once nobody waits for the answer any more. Nil: it is not known.
	Left <-chan struct{}
}
