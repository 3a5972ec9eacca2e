// Package conversation keeps what is said, in order, and who has the word: the
// assistant, a person, or nobody.
//
// It promises that a conversation has one sequence that every reader sees
// alike, that messages are answered one at a time, and that the assistant is
// silent from the moment a person has the conversation. It never decides what
// data may be used; a text that quotes data carries the data's categories, so
// that every other reader can be given only what they may see.
package conversation

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
)

// Author is who wrote a message.
type Author string

// Authors. System messages are notices of the product itself.
const (
	FromCustomer  Author = "customer"
	FromAssistant Author = "assistant"
	FromAgent     Author = "agent"
	FromSystem    Author = "system"
)

// Segment is a piece of a message, with the categories of the data that it was
// made from.
type Segment struct {
	Text       string             `json:"text"`
	Categories []consent.Category `json:"categories,omitempty"`
}

// Message is one message of a conversation.
type Message struct {
	ID       string    `json:"id"`
	Seq      int64     `json:"seq"`
	From     Author    `json:"from"`
	Segments []Segment `json:"segments"`
	At       time.Time `json:"at"`
	AnswerID string    `json:"answer_id,omitempty"` // of the assistant's messages
	// Assisted is whether an agent sent it with a draft of the assistant's.
	Assisted bool             `json:"assisted,omitempty"`
	Staff    identity.StaffID `json:"staff,omitempty"` // of an agent's messages
	Name     string           `json:"name,omitempty"`  // the agent's name, as the customer sees it
	// Offer is a consent that an agent asks for with the message. Its text is the
	// message's.
	Offer *consent.Offer `json:"offer,omitempty"`
	// Attachments are the files that were sent with it.
	Attachments []Attachment `json:"attachments,omitempty"`
	Edited      time.Time    `json:"edited,omitzero"` // when it was changed last; zero: never
}

// Text returns the whole text, for the customer, whose own it is. Every other
// reader goes through Segments.
func (m Message) Text() string {
	parts := make([]string, len(m.Segments))
	for i, s := range m.Segments {
		parts[i] = s.Text
	}
	return strings.Join(parts, " ")
}

// PlainMessage returns segments for a text that was made from no data.
func PlainMessage(text string) []Segment { return []Segment{{Text: text}} }

// EventType names an event of a conversation's stream.
type EventType string

// Event types, as the customer's SSE stream names them.
const (
	MessageEvent  EventType = "message"
	SentenceEvent EventType = "sentence"
	ResetEvent    EventType = "reset"
	AnswerEvent   EventType = "answer"
	StateEvent    EventType = "state"
	ConsentEvent  EventType = "consent"
	EditEvent     EventType = "edit" // names a message that has other words now
	ErrorEvent    EventType = "error"
)

// Event is one event of a conversation. Data of a message event is a Message,
// as stored; of the others it is what the customer's stream shows. Seq is its place in the conversation's
// only order: it starts at 1, has no gaps, and is the id of the SSE event.
type Event struct {
	Seq  int64
	Type EventType
	At   time.Time
	Data json.RawMessage
}

// Conversation is who talks with whom, and in which state.
type Conversation struct {
	ID       string
	Site     identity.SiteID
	Customer identity.CustomerID
	Visitor  bool
	State    State
	Reason   Reason
	Assignee identity.StaffID
	// Language is the language of the customer's latest message.
	Language string
	LastSeq  int64
	Read     Marks
	Created  time.Time
	Updated  time.Time
}

// Rating is what a customer thinks of a conversation that a person had.
type Rating struct {
	Score   int // 1 to 5; 0: they did not say
	Comment string
	// Shown is whether they were shown what was used: yes, no, unsure, or "" if they do not
	// say.
	Shown string
}

// Errors of a Store and a Service.
var (
	// ErrNotFound means that there is no such thing, or that it is someone
	// else's: the two cannot be told apart.
	ErrNotFound = errors.New("not found")
	// ErrEmptyMessage and ErrTooLong refuse a message.
	ErrEmptyMessage = errors.New("the message is empty")
	ErrTooLong      = errors.New("the message is longer than 4000 characters")
	// ErrIllegalTransition means that the conversation is in another state.
	ErrIllegalTransition = errors.New("the conversation is in another state")
)

// MaxMessage is the longest message in Unicode code points.
const MaxMessage = 4000

// Categories returns every category that the message was made from, sorted.
func (m Message) Categories() []consent.Category {
	var out []consent.Category
	for _, s := range m.Segments {
		for _, c := range s.Categories {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	slices.Sort(out)
	return out
}
