package soak

import (
	"sync"
	"time"
)

// history is what the clients of a run did, what they were told, and what they
// read. Times are since the start of the run, by one monotonic clock.
type history struct {
	Canaries map[string]string // by customer: what their orders say and nothing else does
	Owners   map[string]string // by conversation: the customer

	Said      []said
	Choices   []choice
	Readings  []reading
	Events    []event
	Handoffs  []handoff
	Acts      []act
	Looks     []look
	Heard     []heard
	Ended     []ended
	Messages  []message
	Surprises []string // replies that no client should get
	// Complete is whether the run came to its end, where Ended, Messages and what
	// is stored on NATS were read.
	Complete bool
}

// span is when a request was under way: from its first attempt until the reply
// that counts. A request without such a reply may still take effect: its Done
// is forever.
type span struct{ Sent, Done time.Duration }

const forever = time.Duration(1<<63 - 1)

// overlaps reports whether two requests may have taken effect in either order.
func (s span) overlaps(o span) bool { return s.Sent <= o.Done && o.Sent <= s.Done }

// said is a message of a customer's.
type said struct {
	span
	Customer, Conversation, Text string
	Acked                        bool
	Message, Answer              string // ids, of what was acknowledged
}

// choice is a wish to let orders be used for a purpose, or not any more.
type choice struct {
	span
	Customer, Purpose string
	Granted, Acked    bool
	// Answer is the new answer that accepting an offer made.
	Answer string
}

// reading is how a customer's choice for answers stood at an epoch.
type reading struct {
	span
	Customer string
	Epoch    int64
	Allowed  bool
}

// event is one event that one reader of a conversation's stream got.
type event struct {
	At                     time.Duration
	Reader                 string
	Customer, Conversation string
	Seq                    int64
	Type, Data             string
}

// handoff is a customer's wish for a person.
type handoff struct {
	span
	Customer, Conversation, Ticket string
	Acked                          bool
}

// act is what an agent did: claim, release, resolve, return or reply.
type act struct {
	span
	Agent, Conversation, Verb string
	Text                      string // of a reply
	OK                        bool
	// Once is whether the request could be repeated without being done twice.
	Once bool
}

// look is what an agent read: the queue, or a conversation.
type look struct {
	span
	Agent, Conversation string
	Tickets             []string // of the queue
	Body                string
}

// heard is a message on NATS.
type heard struct {
	At                time.Duration
	ID, Subject, Body string
	Message, Ticket   string // the ids that it tells of, if any
	Stored            bool   // read back from its stream, at the end
}

// ended is an answer at the end of the run, with its entries in the log.
type ended struct {
	Answer, Status string
	Entries        []string // their kinds, in order
	Leaf           int64    // the place of its end in the public log; -1: it has none
}

// message is a message of a conversation as a replica shows it at the end.
type message struct {
	Replica                      int
	Conversation, ID, From, Text string
	Seq                          int64
}

// recorder keeps the history while many clients write it.
type recorder struct {
	start time.Time
	mu    sync.Mutex
	history
}

func newRecorder() *recorder {
	return &recorder{start: time.Now(), history: history{Canaries: make(map[string]string), Owners: make(map[string]string)}}
}

func (r *recorder) now() time.Duration { return time.Since(r.start) }

// add changes the history.
func (r *recorder) add(fn func(h *history)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn(&r.history)
}
