package store

import (
	"context"

	"candor/agents"
	"candor/conversation"
	"candor/export"
	"candor/identity"
)

func notePlace(id string) string { return "note/" + id }

// AddNote stores what somebody at the desk says of a conversation, once for its id.
func (s *Store) AddNote(ctx context.Context, by agents.By, n agents.Note) error {
	c, key, err := s.keyIn(ctx, n.Conversation)
	if err != nil {
		return err
	}
	return s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		if done, err := tx.begins(by, n.Conversation); err != nil || done {
			return err
		}
		return tx.addNote(key, c.Customer, n)
	})
}

func (tx *Tx) addNote(key Sealer, customer identity.CustomerID, n agents.Note) error {
	sealed, err := key.Seal(notePlace(n.ID), []byte(n.Text))
	if err != nil {
		return err
	}
	added, err := tx.exec("INSERT INTO notes (id, conversation, customer, staff, at, sealed) VALUES ("+marks(6)+") ON CONFLICT (id) DO NOTHING",
		n.ID, n.Conversation, customer, n.Staff, micros(tx.Now), sealed)
	if err != nil || added == 0 {
		return err
	}
	tx.Wake(deskTopic)
	return tx.eventOf(n.Conversation, agents.TicketNoted, n.Staff, "")
}

// Notes returns the notes of a conversation, the oldest first.
func (s *Store) Notes(ctx context.Context, conv string) ([]agents.Note, error) {
	_, key, err := s.keyIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	return s.notes(ctx, key, conv)
}

// NotesOf returns the notes about a customer's conversation, for their export.
func (s *Store) NotesOf(ctx context.Context, c conversation.Conversation) ([]export.Note, error) {
	key, err := s.keyOf(ctx, c.Customer)
	if err != nil {
		return nil, err
	}
	notes, err := s.notes(ctx, key, c.ID)
	out := make([]export.Note, len(notes))
	for i, n := range notes {
		out[i] = export.Note{ID: n.ID, At: n.At, Name: n.Name, Text: n.Text}
	}
	return out, err
}

func (s *Store) notes(ctx context.Context, key Sealer, conv string) ([]agents.Note, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (n agents.Note, err error) {
		var at int64
		var sealed []byte
		if err := scan(&n.ID, &n.Conversation, &n.Staff, &n.Name, &at, &sealed); err != nil {
			return n, err
		}
		n.At = fromMicros(at)
		text, err := key.Open(notePlace(n.ID), sealed)
		n.Text = string(text)
		return n, err
	}, `SELECT n.id, n.conversation, n.staff, COALESCE(s.name, ''), n.at, n.sealed FROM notes n LEFT JOIN staff s ON s.id = n.staff
		WHERE n.conversation = ? ORDER BY n.at, n.id`, conv)
}
