package conversation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"candor/consent"
	"candor/identity"
	"candor/pii"
)

// EditableFor is for how long a message can be changed after it was sent.
const EditableFor = time.Minute

// ErrNotEditable means that a message cannot be changed any more, or never could.
var ErrNotEditable = errors.New("a message can be changed for one minute, and yours only while a person is to answer it; send another one instead")

// Edit is a change of a message by who wrote it.
type Edit struct {
	Message string
	Text    string
	By      Author           // FromCustomer or FromAgent
	Staff   identity.StaffID // the agent
	// Made is what the new text was made from, beside what the former one was.
	Made []consent.Category
	// Stamp is what allows it to be said of a customer's data: it is committed only while
	// that holds. A message that was made from data has one.
	Stamp *consent.Stamp
}

// Allows reports whether a message may be changed so at a time: it is the editor's own,
// fresh, and asks for no consent. A customer's must wait for a person: the assistant has
// answered, or is answering, the words as they were. Later are the messages after it.
func (e Edit) Allows(c Conversation, m Message, later []Message, now time.Time) bool {
	switch {
	case m.From != e.By, m.Staff != e.Staff, m.Offer != nil, now.Sub(m.At) > EditableFor:
		return false
	case e.By == FromAgent:
		return true
	}
	answered := slices.ContainsFunc(later, func(x Message) bool { return x.From == FromAgent || x.From == FromAssistant })
	return c.State == Open && !answered
}

// Apply returns the message with its new text, which still counts as made from all the
// data that the former one was made from.
func (e Edit) Apply(m Message, now time.Time) Message {
	made := append(m.Categories(), e.Made...)
	slices.Sort(made)
	m.Segments, m.Edited = []Segment{{Text: e.Text, Categories: slices.Compact(made)}}, now
	return m
}

// MessageText is the text of a message as it is taken in. Files says that the message
// may do without words.
func MessageText(text string, files bool) (string, error) {
	if text = strings.TrimSpace(text); !strings.ContainsFunc(text, visible) {
		text = ""
	}
	switch {
	case text == "" && !files:
		return "", ErrEmptyMessage
	case utf8.RuneCountInString(text) > MaxMessage:
		return "", ErrTooLong
	}
	return text, nil
}

// visible reports whether a character alone can be seen: others join or part those
// beside them, or say how they look.
func visible(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// Message returns one message of a conversation. The caller has checked that it may read
// the conversation.
func (x *Exchange) Message(ctx context.Context, id, message string) (Message, error) {
	return x.store.Message(ctx, id, message)
}

// Edit changes a message of the customer's own. What support never needs is hidden
// first (pii.Mask).
func (x *Exchange) Edit(ctx context.Context, who identity.Principal, id, message, text string) (Message, error) {
	c, err := x.service.Own(ctx, who, id)
	if err != nil {
		return Message{}, err
	}
	m, err := x.store.Message(ctx, id, message)
	if err != nil {
		return Message{}, err
	}
	if text, err = MessageText(text, len(m.Attachments) > 0); err != nil {
		return Message{}, err
	}
	text, _ = pii.Mask(text, c.Language)
	if err := x.store.Edit(ctx, id, Edit{Message: message, Text: text, By: FromCustomer}); err != nil {
		return Message{}, err
	}
	return x.store.Message(ctx, id, message)
}
