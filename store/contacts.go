package store

import (
	"context"
	"errors"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/delivery"
	"candor/identity"
)

func contactPlace(conv string) string { return "contact/" + conv }

// SetContact stores the address at which the customer of a conversation is told that
// a person has answered. Only they read it again; mails are the only use of it.
func (s *Store) SetContact(ctx context.Context, c conversation.Conversation, address string) error {
	key, err := s.keys.For(ctx, c.Customer)
	if err != nil {
		return err
	}
	sealed, err := key.Seal(contactPlace(c.ID), []byte(address))
	if err != nil {
		return err
	}
	return s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		if _, err := getConversation(tx.ctx, tx.tx, c.ID); err != nil {
			return err
		}
		had, err := tx.exec("UPDATE contacts SET at = ?, sealed = ? WHERE conversation = ?", micros(tx.Now), sealed, c.ID)
		if err != nil || had > 0 {
			return err
		}
		if _, err := tx.exec("INSERT INTO contacts (conversation, customer, at, sealed) VALUES (?, ?, ?, ?)", c.ID, c.Customer, micros(tx.Now), sealed); err != nil {
			return err
		}
		tx.Wake(deskTopic)
		tickets, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM tickets WHERE conversation = ? AND state <> ?", c.ID, agents.Closed)
		for _, t := range tickets {
			if err := tx.ticketEvent(t, agents.TicketContact, agents.ByCustomer, ""); err != nil {
				return err
			}
		}
		return err
	})
}

// RemoveContact removes the address of a conversation, and the mails that were to go
// there. Without one it does nothing.
func (s *Store) RemoveContact(ctx context.Context, c conversation.Conversation) error {
	return s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		if _, err := tx.exec("DELETE FROM contacts WHERE conversation = ?", c.ID); err != nil {
			return err
		}
		tx.Wake(deskTopic)
		_, err := tx.exec("UPDATE deliveries SET status = ?, next = 0, done = ? WHERE target = ? AND conversation = ? AND next > 0",
			delivery.Dropped, micros(tx.Now), delivery.MailTarget, c.ID)
		return err
	})
}

// Contact returns the address that the customer of a conversation left; empty: none.
func (s *Store) Contact(ctx context.Context, c conversation.Conversation) (string, error) {
	found, err := collect(ctx, s.reads, scanBytes, "SELECT sealed FROM contacts WHERE conversation = ?", c.ID)
	if err != nil || len(found) == 0 {
		return "", err
	}
	key, err := s.keys.For(ctx, c.Customer)
	if err != nil {
		return "", err
	}
	address, err := key.Open(contactPlace(c.ID), found[0])
	return string(address), err
}

// HasContact reports whether the customer of a conversation left an address.
func (s *Store) HasContact(ctx context.Context, conv string) (has bool, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM contacts WHERE conversation = ?)", conv).Scan(&has)
	return has, err
}

// ContactsOf returns the addresses that a customer left, by their conversations.
func (s *Store) ContactsOf(ctx context.Context, customer identity.CustomerID) (map[string]string, error) {
	out := make(map[string]string)
	key, err := s.keyOf(ctx, customer)
	if err != nil {
		return nil, err
	}
	_, err = collect(ctx, s.reads, func(scan func(...any) error) (id string, err error) {
		var sealed []byte
		if err := scan(&id, &sealed); err != nil {
			return id, err
		}
		address, err := key.Open(contactPlace(id), sealed)
		out[id] = string(address)
		return id, err
	}, "SELECT conversation, sealed FROM contacts WHERE customer = ?", customer)
	return out, err
}

// maxUnread is how many conversations TellUnread looks at in one go.
const maxUnread = 200

// TellUnread tells of the conversations in which a message of a person was not read for
// longer than a time: webhooks and the bus, and with mails the address that the
// customer left. Each is told once until its customer comes back. It returns how many
// there were; more than there is time for are told at the next call.
func (s *Store) TellUnread(ctx context.Context, longer time.Duration, mails bool) (told int, err error) {
	const unread = "unread_seq > customer_read AND NOT unread_told"
	ids, err := collect(ctx, s.reads, scanString, "SELECT id FROM conversations WHERE "+unread+" AND unread_at <= now_micros() - ? AND "+
		present("conversations.customer")+" ORDER BY unread_at LIMIT ?", longer.Microseconds(), maxUnread)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		c, err := s.Conversation(ctx, id)
		if errors.Is(err, conversation.ErrNotFound) {
			continue
		}
		if err != nil {
			return told, err
		}
		did := false
		err = s.writeFor(ctx, c.Customer, func(tx *Tx) error {
			did = false
			// The customer may be reading it at this moment.
			n, err := tx.exec("UPDATE conversations SET unread_told = TRUE WHERE id = ? AND "+unread, id)
			if err != nil || n == 0 {
				return err
			}
			did = true
			var seq int64
			var message string
			err = tx.row(`SELECT c.unread_seq, COALESCE(e.ref, '') FROM conversations c LEFT JOIN events e
				ON e.conversation = c.id AND e.seq = c.unread_seq WHERE c.id = ?`, id).Scan(&seq, &message)
			if err != nil {
				return err
			}
			if err := tx.send("candor.conversation."+id, delivery.UnreadEvent,
				map[string]any{"conversation_id": id, "message_id": message, "seq": seq}); err != nil || !mails {
				return err
			}
			var address bool
			if err := tx.row("SELECT EXISTS (SELECT 1 FROM contacts WHERE conversation = ?)", id).Scan(&address); err != nil || !address {
				return err
			}
			return tx.deliver(delivery.Delivery{
				ID: identity.NewID("dlv"), Target: delivery.MailTarget, Kind: delivery.Unread, Conversation: id, Customer: c.Customer,
			})
		})
		if errors.Is(err, consent.ErrUnknownCustomer) {
			continue // they are being erased
		}
		if err != nil {
			return told, err
		}
		if did {
			told++
		}
	}
	return told, nil
}

// unreadLetter is the mail to a customer who has left.
func (s *Store) unreadLetter(ctx context.Context, id string) (delivery.Letter, error) {
	c, err := s.Conversation(ctx, id)
	if errors.Is(err, conversation.ErrNotFound) {
		return delivery.Letter{}, delivery.ErrNotWanted
	}
	if err != nil {
		return delivery.Letter{}, err
	}
	var unread bool
	if err := s.reads.QueryRowContext(ctx, "SELECT unread_seq > customer_read FROM conversations WHERE id = ?", id).Scan(&unread); err != nil {
		return delivery.Letter{}, err
	}
	address, err := s.Contact(ctx, c)
	if errors.Is(err, ErrKeyDestroyed) || err == nil && (address == "" || !unread) {
		return delivery.Letter{}, delivery.ErrNotWanted
	}
	if err != nil {
		return delivery.Letter{}, err
	}
	site, err := s.Site(ctx, c.Site)
	return delivery.Letter{To: address, Language: c.Language, Site: site}, err
}

// SignalsGPC reports whether a session of the customer's sends the Global Privacy
// Control.
func (s *Store) SignalsGPC(ctx context.Context, customer identity.CustomerID) (signals bool, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sessions WHERE customer = ? AND customer <> '' AND gpc AND expires > now_micros())",
		customer).Scan(&signals)
	return signals, err
}
