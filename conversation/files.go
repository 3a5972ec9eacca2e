package conversation

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"candor/identity"
	"candor/pii"
)

// Saying is a message of a customer's as it is sent.
type Saying struct {
	Text, Language string
	Attachments    []string // ids; with one of them the text may be empty
	// Unread is what the customer reads who sends files and no words while the assistant
	// has the conversation, which reads none.
	Unread string
}

// Say posts the customer's message as Service.Say does, with files that were uploaded
// before. An attachment is sent once: ErrAttachmentGone.
func (x *Exchange) Say(ctx context.Context, who identity.Principal, id string, what Saying) (Posted, error) {
	files, err := Named(what.Attachments)
	if err != nil {
		return Posted{}, err
	}
	if strings.TrimSpace(what.Text) != "" || len(files) == 0 {
		return x.service.say(ctx, who, id, what.Text, what.Language, files)
	}
	if _, err := x.service.Own(ctx, who, id); err != nil {
		return Posted{}, err
	}
	m := Message{ID: MessageID(ctx), From: FromCustomer, Segments: PlainMessage(""), Attachments: files}
	return x.store.PostFiles(ctx, id, m, what.Language, Message{
		ID: identity.NewID("msg"), From: FromSystem, Segments: PlainMessage(what.Unread),
	})
}

// Named returns attachments of which only the ids are known, for a message to be sent;
// the store fills them in.
func Named(ids []string) ([]Attachment, error) {
	if len(ids) > MaxAttachments {
		return nil, ErrTooManyAttachments
	}
	out := make([]Attachment, len(ids))
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return nil, ErrAttachmentGone
		}
		out[i] = Attachment{ID: id}
	}
	return out, nil
}

// Upload takes in a file of the customer's, to be sent with a message within the hour.
// It has the id of the message that a request would post (WithMessageID), so that it is
// taken in once.
func (x *Exchange) Upload(ctx context.Context, who identity.Principal, id, name string, data []byte) (Attachment, error) {
	c, err := x.service.Own(ctx, who, id)
	if err != nil {
		return Attachment{}, err
	}
	// SECURITY: a name is the customer's words as a message is.
	name, _ = pii.Mask(name, c.Language)
	a, data, err := ReadAttachment(data, name)
	if err != nil {
		return Attachment{}, err
	}
	a.ID = AttachmentID(ctx)
	return a, x.store.Upload(ctx, StoredAttachment{Attachment: a, Conversation: id, Customer: c.Customer, From: FromCustomer}, data)
}

// AttachmentID is the id of what is uploaded under ctx.
func AttachmentID(ctx context.Context) string {
	return "att" + strings.TrimPrefix(MessageID(ctx), "msg")
}

// Attachment returns an attachment of the customer's own conversation, and what reads it
// while life lasts. Of an agent's it is there once it was sent.
func (x *Exchange) Attachment(ctx, life context.Context, who identity.Principal, id, attachment string) (Attachment, io.Reader, error) {
	if _, err := x.service.Own(ctx, who, id); err != nil {
		return Attachment{}, nil, err
	}
	a, err := x.store.Attachment(ctx, id, attachment)
	if err == nil && a.Message == "" && a.From != FromCustomer {
		err = ErrNotFound
	}
	if err != nil {
		return Attachment{}, nil, err
	}
	return a.Attachment, ReadPieces(life, x.store, a), nil
}

// ReadPieces reads an attachment piece by piece while ctx lasts.
func ReadPieces(ctx context.Context, s ExchangeStore, a StoredAttachment) io.Reader {
	return &pieces{a: a, read: func(n int) ([]byte, error) { return s.AttachmentPiece(ctx, a, n) }}
}

type pieces struct {
	a    StoredAttachment
	read func(n int) ([]byte, error)
	n    int
	rest []byte
}

func (p *pieces) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.n == p.a.Pieces {
			return 0, io.EOF
		}
		var err error
		if p.rest, err = p.read(p.n); err != nil {
			return 0, fmt.Errorf("read a piece of an attachment: %w", err)
		}
		p.n++
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
