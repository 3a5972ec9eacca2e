package conversation

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"candor/identity"
	"candor/pii"
)

// Responder answers a turn. It returns when the answer is finished, or soon
// after ctx is cancelled; what it could not finish it leaves in a state that
// the customer can read.
type Responder interface {
	Respond(ctx context.Context, t Turn)
}

// Service is the customer's side of conversations.
type Service struct {
	store Store
	turns *Queue
}

// NewService returns a service whose turns are answered by r, one at a time
// for each conversation, until ctx ends.
func NewService(ctx context.Context, s Store, r Responder, log *slog.Logger) *Service {
	return &Service{store: s, turns: NewQueue(ctx, r, s, log)}
}

// Start makes a conversation for the principal, with the notice that a machine
// answers as its first message. It has the id of that message, so that it is made
// once for each (WithMessageID).
func (s *Service) Start(ctx context.Context, who identity.Principal, language, notice string) (Conversation, error) {
	m := Message{ID: MessageID(ctx), From: FromSystem, Segments: PlainMessage(notice)}
	c := Conversation{
		ID: "cnv" + strings.TrimPrefix(m.ID, "msg"), Site: who.Site, Customer: who.Customer,
		Visitor: who.Anonymous(), State: Pending, Language: language,
	}
	if err := s.store.Create(ctx, c, m); err != nil {
		return Conversation{}, err
	}
	return s.store.Conversation(ctx, c.ID)
}

// Resume returns the principal's latest conversation that goes on, or may (Store.Latest).
func (s *Service) Resume(ctx context.Context, who identity.Principal) (Conversation, bool, error) {
	return s.store.Latest(ctx, who.Customer)
}

// Own returns the conversation if it is the principal's own, else ErrNotFound.
func (s *Service) Own(ctx context.Context, who identity.Principal, id string) (Conversation, error) {
	c, err := s.store.Conversation(ctx, id)
	if err != nil {
		return Conversation{}, err
	}
	if c.Customer != who.Customer || who.Customer == "" || c.Site != who.Site {
		return Conversation{}, ErrNotFound
	}
	return c, nil
}

// At returns how a conversation stands, to who has just acted on it.
func (s *Service) At(ctx context.Context, id string) (Conversation, error) {
	return s.store.Conversation(ctx, id)
}

// Say posts the customer's message, once for each id (WithMessageID), and queues
// its answer. What support never needs is hidden first (pii.Mask).
func (s *Service) Say(ctx context.Context, who identity.Principal, id, text, language string) (Posted, error) {
	return s.say(ctx, who, id, text, language, nil)
}

// say posts a message with words. The assistant is told nothing of files.
func (s *Service) say(ctx context.Context, who identity.Principal, id, text, language string, files []Attachment) (Posted, error) {
	if _, err := s.Own(ctx, who, id); err != nil {
		return Posted{}, err
	}
	text, err := MessageText(text, false)
	if err != nil {
		return Posted{}, err
	}
	// SECURITY: what follows sees the masked text alone: the store, the turn, the answer
	// and its log, and every model.
	text, _ = pii.Mask(text, language)
	m := Message{ID: MessageID(ctx), From: FromCustomer, Segments: PlainMessage(text), Attachments: files}
	p, err := s.store.Post(ctx, id, m, language)
	if err != nil {
		return Posted{}, err
	}
	if p.AnswerID != "" && !p.Known && !s.turns.Has(id, p.AnswerID) {
		s.turns.Add(Turn{
			AnswerID: p.AnswerID, Conversation: id, Question: text,
			Language: language, Asked: p.Message.At, Who: who.In(id),
		})
	}
	return p, nil
}

// Again answers a message anew, because the customer's choices have changed.
// It returns the id of the new answer, empty if the assistant no longer has the
// conversation.
func (s *Service) Again(ctx context.Context, who identity.Principal, answer string) (string, error) {
	p, err := s.store.Again(ctx, who.Customer, answer)
	if err != nil || p.AnswerID == "" || p.Known {
		return p.AnswerID, err
	}
	s.turns.Add(Turn{
		AnswerID: p.AnswerID, Conversation: p.Conversation.ID, Question: p.Message.Text(),
		Language: p.Conversation.Language, Supersedes: answer, Asked: p.Message.At, Who: who.In(p.Conversation.ID),
	})
	return p.AnswerID, nil
}

// Handoff gives the conversation to the desk: the assistant stops at once.
func (s *Service) Handoff(ctx context.Context, who identity.Principal, id, notice string) (Ticket, error) {
	if _, err := s.Own(ctx, who, id); err != nil {
		return Ticket{}, err
	}
	t, err := s.store.Handoff(ctx, id, CustomerRequest, Message{
		ID: identity.NewID("msg"), From: FromSystem, Segments: PlainMessage(notice),
	})
	if err == nil {
		s.turns.Drop(id)
	}
	return t, err
}

// Confirm says whether the principal's own conversation, which a person resolved, is
// solved. Where it is not, both sides read the notice. ErrIllegalTransition if no person
// had it, or it is not resolved.
func (s *Service) Confirm(ctx context.Context, who identity.Principal, id string, solved bool, notice string) error {
	if _, err := s.Own(ctx, who, id); err != nil {
		return err
	}
	return s.store.Confirm(ctx, id, solved, Message{ID: identity.NewID("msg"), From: FromSystem, Segments: PlainMessage(notice)})
}

// MayConfirm reports whether its customer can say whether a conversation is solved.
func (s *Service) MayConfirm(ctx context.Context, c Conversation) (bool, error) {
	if c.State != Resolved {
		return false, nil
	}
	return s.store.MayConfirm(ctx, c.ID)
}

// TakenOver ends the turns of a conversation that a person now has.
func (s *Service) TakenOver(id string) { s.turns.Drop(id) }

// Messages returns the messages of the principal's own conversation.
func (s *Service) Messages(ctx context.Context, who identity.Principal, id string) (Conversation, []Message, error) {
	c, err := s.Own(ctx, who, id)
	if err != nil {
		return Conversation{}, nil, err
	}
	m, err := s.store.Messages(ctx, id)
	return c, m, err
}

// Events returns events of a conversation after seq. The caller has checked
// that it may read the conversation.
func (s *Service) Events(ctx context.Context, id string, after int64, limit int) ([]Event, error) {
	return s.store.Events(ctx, id, after, limit)
}

// Watch returns the wake-ups of a conversation.
func (s *Service) Watch(id string) (<-chan struct{}, func()) { return s.store.Watch(Topic(id)) }

// Answering reports whether the conversation has turns that are being answered
// here, or wait for it.
func (s *Service) Answering(id string) bool { return s.turns.Busy(id) }

// Writing reports whether the answer is being written here, or waits for it.
func (s *Service) Writing(id, answer string) bool { return s.turns.Has(id, answer) }

// Left tells the conversation's turns here that nobody waits for them any more. They
// are answered all the same; what comes later is not told.
func (s *Service) Left(id string) { s.turns.Left(id) }

// Wait returns when no turn is being answered.
func (s *Service) Wait() { s.turns.Wait() }

// Queue answers turns: of each conversation one at a time, in the order in which
// they were asked, whichever replica they were asked at.
type Queue struct {
	ctx     context.Context
	respond Responder
	order   Order
	log     *slog.Logger
	group   sync.WaitGroup

	mu    sync.Mutex
	turns map[string][]*queued // by conversation
}

// Order tells when it is an answer's turn. It is the part of Store that a Queue
// needs.
type Order interface {
	AwaitTurn(ctx context.Context, conversation, answer string) error
}

// queued is a turn that is being answered or waits for it, with what cancels it, and
// what tells it that nobody waits.
type queued struct {
	Turn
	cancel context.CancelFunc
	leave  func()
}

// NewQueue returns a queue that answers until ctx ends.
func NewQueue(ctx context.Context, r Responder, o Order, log *slog.Logger) *Queue {
	return &Queue{ctx: ctx, respond: r, order: o, log: log, turns: make(map[string][]*queued)}
}

// Add queues a turn. Its Left is the queue's.
func (q *Queue) Add(t Turn) {
	ctx, cancel := context.WithCancel(q.ctx)
	left := make(chan struct{})
	t.Left = left
	x := &queued{t, cancel, sync.OnceFunc(func() { close(left) })}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turns[t.Conversation] = append(q.turns[t.Conversation], x)
	q.group.Go(func() {
		defer q.remove(x)
		q.one(ctx, t)
	})
}

func (q *Queue) remove(x *queued) {
	x.cancel()
	q.mu.Lock()
	defer q.mu.Unlock()
	rest := slices.DeleteFunc(q.turns[x.Conversation], func(y *queued) bool { return x == y })
	if q.turns[x.Conversation] = rest; len(rest) == 0 {
		delete(q.turns, x.Conversation)
	}
}

// Drop cancels the conversation's turns. Those that wait are handed to the
// Responder at once, which finds that their answers may no longer be written.
func (q *Queue) Drop(conversation string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range q.turns[conversation] {
		t.cancel()
	}
}

// Left closes the Left of the conversation's turns.
func (q *Queue) Left(conversation string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range q.turns[conversation] {
		t.leave()
	}
}

// Busy reports whether a conversation has turns here.
func (q *Queue) Busy(conversation string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.turns[conversation]) > 0
}

// Has reports whether a turn for the answer is here.
func (q *Queue) Has(conversation, answer string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.turns[conversation], func(t *queued) bool { return t.AnswerID == answer })
}

// Wait returns when every queued turn is answered.
func (q *Queue) Wait() { q.group.Wait() }

// one answers a turn when it is its turn; a panic in an engine must not end the
// process.
func (q *Queue) one(ctx context.Context, t Turn) {
	defer func() {
		if r := recover(); r != nil {
			q.log.Error("answering panicked", "answer", t.AnswerID)
		}
	}()
	// Whatever ends the waiting, the answer's own transactions decide what becomes
	// of it.
	if err := q.order.AwaitTurn(ctx, t.Conversation, t.AnswerID); err != nil && ctx.Err() == nil {
		q.log.Warn("the order of answers is not known", "answer", t.AnswerID, "error", err)
	}
	q.respond.Respond(ctx, t)
}
