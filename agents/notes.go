package agents

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"candor/conversation"
	"candor/identity"
)

// Note is what somebody at the desk tells the others about a conversation. Its customer
// does not read it there, and gets it with everything else that is kept about them.
type Note struct {
	ID           string
	Conversation string
	Staff        identity.StaffID
	Name         string
	At           time.Time
	Text         string
}

// ErrNote refuses a note.
var ErrNote = errors.New("a note is 1 to 4000 characters long")

// noteText is the text of a note; it may be empty where a note need not be there.
func noteText(text string, optional bool) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" && !optional || utf8.RuneCountInString(text) > conversation.MaxMessage {
		return "", ErrNote
	}
	return text, nil
}

// Note adds a note to a conversation that is or was at the desk, once for each message id
// (conversation.WithMessageID). Whoever may read the conversation may.
func (s *Service) Note(ctx context.Context, who identity.Principal, id, text string) error {
	return s.once(ctx, who, id, func(by By) error {
		text, err := noteText(text, false)
		if err != nil {
			return err
		}
		if _, err := s.ticket(ctx, who, id); err != nil {
			return err
		}
		return s.store.AddNote(ctx, by, Note{
			ID: noteID(conversation.MessageID(ctx)), Conversation: id, Staff: who.Staff, Name: who.Name, Text: text,
		})
	})
}

// noteID is the id of the note that a request with a message's id makes.
func noteID(message string) string { return "not" + strings.TrimPrefix(message, "msg") }

// remarks fills in a view what the desk keeps about a conversation: the notes only for
// who may read its customer's words, of which they are, and an outside desk what happened
// for them too: it names the company's people and queues.
func (s *Service) remarks(ctx context.Context, who identity.Principal, v *View, words bool) (err error) {
	if who.Outside() && !words {
		return nil
	}
	if v.History, err = s.store.TicketHistory(ctx, v.Conversation.ID); err != nil || !words {
		return err
	}
	v.Notes, err = s.store.Notes(ctx, v.Conversation.ID)
	return err
}
