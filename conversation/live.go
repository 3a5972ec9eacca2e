package conversation

import (
	"context"
	"sync"
	"time"

	"candor/identity"
)

// MomentKind is a kind of Moment.
type MomentKind string

// Moment kinds.
const (
	Typing MomentKind = "typing"
	Reads  MomentKind = "read"
)

// TypingFor is for how long somebody counts as typing after they last said so.
const TypingFor = 6 * time.Second

// Moment is something of the moment in a conversation: it is told to who watches now,
// and kept nowhere. It holds ids only.
type Moment struct {
	Kind         MomentKind `json:"kind"`
	Conversation string     `json:"conversation_id"`
	From         Author     `json:"from"` // FromCustomer or FromAgent
	// Staff is the agent: who types or reads, or, of a customer's, who has the
	// conversation.
	Staff identity.StaffID `json:"staff,omitempty"`
	Seq   int64            `json:"seq,omitempty"` // up to where it was read
}

// Live tells moments to who watches in this process, and passes them on to the other
// replicas. It is safe for concurrent use. A moment may be lost: whoever watches too
// slowly misses some, and so does another replica while it cannot be reached.
type Live struct {
	// PassOn tells the other replicas; it must not block. It is set before the first
	// moment; nil: there are none.
	PassOn func(Moment)

	mu       sync.Mutex
	watchers map[string]map[chan Moment]bool // by conversation; "": of all
}

// NewLive returns a Live that nobody watches yet.
func NewLive() *Live { return &Live{watchers: make(map[string]map[chan Moment]bool)} }

// Tell tells a moment of this process to everybody.
func (l *Live) Tell(m Moment) {
	l.Deliver(m)
	if l.PassOn != nil {
		l.PassOn(m)
	}
}

// Deliver tells a moment to who watches in this process: one of another replica's.
func (l *Live) Deliver(m Moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, topic := range []string{m.Conversation, ""} {
		for w := range l.watchers[topic] {
			select {
			case w <- m:
			default: // it has enough to tell, and this will be over soon
			}
		}
	}
}

// pendingMoments is how many moments wait for a slow watcher.
const pendingMoments = 8

// Watch returns the moments of a conversation, or of all where it is empty, until stop.
func (l *Live) Watch(conversation string) (moments <-chan Moment, stop func()) {
	w := make(chan Moment, pendingMoments)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watchers[conversation] == nil {
		l.watchers[conversation] = make(map[chan Moment]bool)
	}
	l.watchers[conversation][w] = true
	return w, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if delete(l.watchers[conversation], w); len(l.watchers[conversation]) == 0 {
			delete(l.watchers, conversation)
		}
	}
}

// Marks are up to which message each side has read: a sequence number, 0 for nothing.
type Marks struct {
	Customer int64 `json:"customer"`
	Desk     int64 `json:"desk"`
}

// Unread counts the customer's messages that the desk has not read.
func (m Marks) Unread(messages []Message) (n int) {
	for _, x := range messages {
		if x.From == FromCustomer && x.Seq > m.Desk {
			n++
		}
	}
	return n
}

// ExchangeStore keeps what people exchange besides words. Like those of Store its
// methods are durable when they return and safe for concurrent use; what does not exist
// is ErrNotFound.
type ExchangeStore interface {
	// MarkRead raises the mark of a side, FromCustomer or FromAgent, to a sequence
	// number, at most the conversation's last. raised is false where it was there, and
	// where an agent reads, who is named, that does not have the conversation.
	MarkRead(ctx context.Context, conversation string, by Author, staff identity.StaffID, seq int64) (at int64, raised bool, err error)
	// PostFiles is Store.Post of a message without words: it makes no answer, and where
	// the assistant has the conversation the notice follows the message.
	PostFiles(ctx context.Context, id string, m Message, language string, notice Message) (Posted, error)
	// Message returns one message of a conversation.
	Message(ctx context.Context, conversation, message string) (Message, error)
	// Edit gives a message other words. Of the former ones nothing is kept. ErrNotEditable
	// where the change does not allow it.
	Edit(ctx context.Context, conversation string, e Edit) error

	// Upload stores an attachment that no message was sent with yet, once for each id: of
	// several at a moment the one that began last is stored, whole, and the others are
	// ErrUploadedAgain. ErrAttachmentAllowance where its sender has uploaded enough today;
	// an agent's is refused, as a reply is, where somebody else has the conversation.
	Upload(ctx context.Context, a StoredAttachment, data []byte) error
	Attachment(ctx context.Context, conversation, attachment string) (StoredAttachment, error)
	// AttachmentPiece returns a piece of one; the first is 0.
	AttachmentPiece(ctx context.Context, a StoredAttachment, n int) ([]byte, error)
}

// Exchange is what customers exchange with people besides plain messages.
type Exchange struct {
	service *Service
	store   ExchangeStore
	live    *Live
}

// NewExchange returns the exchange of a service's conversations.
func NewExchange(s *Service, store ExchangeStore, live *Live) *Exchange {
	return &Exchange{service: s, store: store, live: live}
}

// Type tells the desk that the customer is typing, if a person has the conversation.
// Nothing of it is kept.
func (x *Exchange) Type(ctx context.Context, who identity.Principal, id string) error {
	c, err := x.service.Own(ctx, who, id)
	if err == nil && c.State == Open && c.Assignee != "" {
		x.live.Tell(Moment{Kind: Typing, Conversation: id, From: FromCustomer, Staff: c.Assignee})
	}
	return err
}

// Read says that the customer has read the conversation up to a sequence number.
func (x *Exchange) Read(ctx context.Context, who identity.Principal, id string, seq int64) error {
	c, err := x.service.Own(ctx, who, id)
	if err != nil {
		return err
	}
	at, raised, err := x.store.MarkRead(ctx, id, FromCustomer, "", seq)
	if err == nil && raised {
		x.live.Tell(Moment{Kind: Reads, Conversation: id, From: FromCustomer, Staff: c.Assignee, Seq: at})
	}
	return err
}
