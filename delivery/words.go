package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Talks reads what a webhook with text may be told of.
type Talks interface {
	Conversation(ctx context.Context, id string) (conversation.Conversation, error)
	Messages(ctx context.Context, id string) ([]conversation.Message, error)
	// SignalsGPC reports whether a session of the customer's sends the Global Privacy
	// Control.
	SignalsGPC(ctx context.Context, customer identity.CustomerID) (bool, error)
	consent.AccessLog
}

// Words adds the words of a message to its event, for a webhook whose customer allows
// that.
type Words struct {
	Gate  *consent.Gate
	Talks Talks
}

// The types of the events that tell of a message, and that its author changed it.
const (
	messageEvent = "candor.conversation.message"
	editedEvent  = "candor.conversation.edited"
)

// part is a piece of a message: its text, or that it is not shared. Its JSON is that of
// the desk.
type part struct {
	Text     string           `json:"text"`
	Masked   bool             `json:"masked,omitempty"`
	Category consent.Category `json:"category,omitempty"`
}

// maxLooks is how often a message is looked at anew while its customer changes choices.
const maxLooks = 5

// add returns a webhook's event with the words that it may have: data.text and
// data.segments, or without them where there are none for it. Of other events nothing
// is added.
func (w Words) add(ctx context.Context, r consent.Recipient, event []byte) ([]byte, error) {
	var e map[string]json.RawMessage
	var kind string
	var data map[string]any
	if err := errors.Join(json.Unmarshal(event, &e), json.Unmarshal(e["type"], &kind), json.Unmarshal(e["data"], &data)); err != nil {
		return nil, errors.New("an event that is to be delivered does not read")
	}
	id, _ := data["conversation_id"].(string)
	message, _ := data["message_id"].(string)
	if kind != messageEvent && kind != editedEvent || id == "" {
		return event, nil
	}
	parts, err := w.read(ctx, r, id, message)
	if err != nil || len(parts) == 0 {
		return event, err
	}
	var texts []string
	for _, p := range parts {
		if !p.Masked {
			texts = append(texts, p.Text)
		}
	}
	data["text"], data["segments"] = strings.Join(texts, " "), parts
	if e["data"], err = json.Marshal(data); err != nil {
		return nil, err
	}
	return json.Marshal(e)
}

// read returns what the recipient may have of a message; nothing where its customer
// does not let it have their conversation.
func (w Words) read(ctx context.Context, r consent.Recipient, id, message string) ([]part, error) {
	for range maxLooks {
		parts, err := w.look(ctx, r, id, message)
		switch {
		case errors.Is(err, consent.ErrStale):
			continue
		case errors.Is(err, conversation.ErrNotFound), errors.Is(err, consent.ErrUnknownCustomer):
			return nil, nil // gone meanwhile, and nobody's to have
		}
		return parts, err
	}
	return nil, consent.ErrStale
}

func (w Words) look(ctx context.Context, r consent.Recipient, id, message string) ([]part, error) {
	c, err := w.Talks.Conversation(ctx, id)
	if err != nil {
		return nil, err
	}
	who := identity.Principal{Kind: identity.Customer, Site: c.Site, Customer: c.Customer, Conversation: c.ID}
	if c.Visitor {
		who.Kind = identity.Visitor
	}
	if who.GPC, err = w.Talks.SignalsGPC(ctx, c.Customer); err != nil {
		return nil, err
	}
	// SECURITY: what is allowed now decides, not what was when the message was written;
	// the recipient is the webhook itself, and no other's grant implies it.
	scope, err := w.Gate.Scope(ctx, who, consent.AgentAssist)
	if err != nil {
		return nil, err
	}
	if _, ok := scope.Permits(consent.Conversation, r); !ok {
		return nil, nil
	}
	messages, err := w.Talks.Messages(ctx, id)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(messages, func(m conversation.Message) bool { return m.ID == message })
	if i < 0 {
		return nil, conversation.ErrNotFound
	}
	var parts []part
	seen := []consent.Category{consent.Conversation}
	for _, seg := range messages[i].Segments {
		p := part{Text: seg.Text}
		for _, category := range seg.Categories {
			p.Category = category
			if _, ok := scope.Permits(category, r); !ok {
				p.Text, p.Masked = "", true
				break
			}
		}
		if !p.Masked {
			seen = append(seen, seg.Categories...)
		}
		parts = append(parts, p)
	}
	// SECURITY: it is on record, under what it was decided by, before it leaves.
	stamp := scope.Stamp()
	return parts, w.Talks.Accessed(ctx, consent.Access{
		Customer: c.Customer, Actor: string(r), Kind: consent.WebhookAccess, Conversation: id, Purpose: consent.AgentAssist,
		Categories: seen, Stamp: &stamp,
	})
}
