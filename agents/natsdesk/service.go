package natsdesk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go/micro"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// The micro service, as `nats micro ls` shows it.
const (
	serviceName        = "candor-desk"
	serviceVersion     = "1.0.0"
	serviceDescription = "Candor's desk: take over conversations that need a person"
)

// DefaultQueue is the queue of every ticket until a site has others.
const DefaultQueue = "support"

// TokenHeader carries the API token of the agent whom a request speaks for.
const TokenHeader = "Candor-Token"

// requestTimeout bounds one request.
const requestTimeout = 10 * time.Second

// Authenticate returns the member of staff whom an API token speaks for, or
// identity.ErrUnauthenticated.
type Authenticate func(ctx context.Context, token string) (identity.Principal, error)

// verbs are what can be asked of the desk, by the last token of the subject.
var verbs = map[string]func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error{
	"claim": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Claim(ctx, who, in.ConversationID)
	},
	"release": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Release(ctx, who, in.ConversationID)
	},
	"reply": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Reply(ctx, who, in.ConversationID, in.Text)
	},
	"resolve": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Resolve(ctx, who, in.ConversationID)
	},
	"return": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Return(ctx, who, in.ConversationID)
	},
	"snooze": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		if !in.Until.After(time.Now()) {
			return ErrUntil
		}
		return d.Snooze(ctx, who, in.ConversationID, in.Until)
	},
	"ask-consent": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Ask(ctx, who, in.ConversationID, in.Categories)
	},
}

// subject is where a verb of a queue is served.
func subject(queue, verb string) string { return "candor.desk." + queue + "." + verb }

// checkQueue refuses names that would be other subjects than they say.
func checkQueue(queue string) error {
	if queue == "" || strings.ContainsAny(queue, ".*> \t\r\n") {
		return errors.New("a queue's name must not be empty or have dots, wildcards or spaces")
	}
	return nil
}

// Desk is what is served: a desk that tells the queue of a conversation without
// showing it, since who sees a conversation is on record.
type Desk interface {
	agents.Desk
	// QueueOf returns the queue of a conversation that is or was at the desk, else
	// conversation.ErrNotFound.
	QueueOf(ctx context.Context, who identity.Principal, conversation string) (string, error)
}

// service answers requests to the desk.
type service struct {
	bus          *Bus
	desk         Desk
	authenticate Authenticate

	// Requests hold mu for reading. Once closed, none is begun: what is behind
	// the desk may be gone.
	mu     sync.RWMutex
	closed bool
}

// ServeDesk serves the desk for the queues as the micro service candor-desk
// (none named: DefaultQueue) until ctx ends, and returns nil then, after the
// requests under way. Each
// request acts for the agent of its token alone. Several replicas may serve at
// once and share the requests; each answers those of one subject one after
// another.
func (b *Bus) ServeDesk(ctx context.Context, desk Desk, authenticate func(context.Context, string) (identity.Principal, error), queues ...string) error {
	if len(queues) == 0 {
		queues = []string{DefaultQueue}
	}
	s := &service{bus: b, desk: desk, authenticate: authenticate}
	m, err := micro.AddService(b.conn, micro.Config{
		Name: serviceName, Version: serviceVersion, Description: serviceDescription,
	})
	if err != nil {
		return fmt.Errorf("serve the desk: %w", err)
	}
	for _, queue := range queues {
		err = errors.Join(err, checkQueue(queue), s.serve(context.WithoutCancel(ctx), m, queue))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("serve the desk: %w", err), m.Stop())
	}
	<-ctx.Done()
	err = m.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return err
}

func (s *service) serve(ctx context.Context, m micro.Service, queue string) error {
	handle := func(verb string, fn func(context.Context, micro.Request) (any, error)) error {
		return m.AddEndpoint(verb, micro.HandlerFunc(func(req micro.Request) { s.answer(ctx, req, queue, verb, fn) }),
			micro.WithEndpointSubject(subject(queue, verb)))
	}
	err := errors.Join(
		handle("list", func(ctx context.Context, req micro.Request) (any, error) { return s.list(ctx, req, queue) }),
		handle("get", func(ctx context.Context, req micro.Request) (any, error) {
			who, in, err := s.open(ctx, req, queue)
			if err != nil {
				return nil, err
			}
			v, err := s.desk.Get(ctx, who, in.ConversationID)
			return fromView(v), err
		}),
	)
	for verb, act := range verbs {
		err = errors.Join(err, handle(verb, func(ctx context.Context, req micro.Request) (any, error) {
			who, in, err := s.open(ctx, req, queue)
			if err != nil {
				return nil, err
			}
			return doneJSON{in.ConversationID}, act(ctx, s.desk, who, in)
		}))
	}
	return err
}

// answer runs a request and replies to it.
func (s *service) answer(ctx context.Context, req micro.Request, queue, verb string, fn func(context.Context, micro.Request) (any, error)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		// It came in while the service stopped. Should the connection be gone
		// too, the requester learns it by the time that passes.
		_, _ = refuse(req, errInternal)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	reply, err := attempt(ctx, req, fn)
	if err == nil && int64(len(reply)) > s.bus.conn.MaxPayload() {
		err = ErrReplyTooLarge
	}
	known := true
	if err == nil {
		err = req.Respond(reply)
	} else {
		var sendErr error
		if known, sendErr = refuse(req, err); sendErr != nil {
			err, known = errors.Join(err, sendErr), false
		}
	}
	if err != nil && !known {
		s.bus.log.Error("a request to the desk failed", "queue", queue, "verb", verb, "error", err)
	}
}

// attempt runs fn; a panic fails the request, not the process.
func attempt(ctx context.Context, req micro.Request, fn func(context.Context, micro.Request) (any, error)) (reply []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a request panicked: %T", r)
		}
	}()
	v, err := fn(ctx, req)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func (s *service) list(ctx context.Context, req micro.Request, queue string) (any, error) {
	who, err := s.who(ctx, req)
	if err != nil {
		return nil, err
	}
	tickets, err := s.desk.Queue(ctx, who, queue)
	if err != nil {
		return nil, err
	}
	out := listJSON{Tickets: make([]ticketJSON, len(tickets))}
	for i, t := range tickets {
		out.Tickets[i] = fromTicket(t)
	}
	return out, nil
}

// who returns the agent of the request's token.
//
// SECURITY: nothing else of a request says who asks; a request without a token
// is nobody's.
func (s *service) who(ctx context.Context, req micro.Request) (identity.Principal, error) {
	token := req.Headers().Get(TokenHeader)
	if token == "" {
		return identity.Principal{}, identity.ErrUnauthenticated
	}
	return s.authenticate(ctx, token)
}

// open reads a request about a conversation.
//
// SECURITY: permissions of NATS are by subject, so by queue: a conversation of
// another queue does not exist here.
func (s *service) open(ctx context.Context, req micro.Request, queue string) (identity.Principal, requestJSON, error) {
	var in requestJSON
	who, err := s.who(ctx, req)
	switch {
	case err != nil:
		return who, in, err
	case !utf8.Valid(req.Data()), !bytes.HasPrefix(bytes.TrimSpace(req.Data()), []byte("{")), json.Unmarshal(req.Data(), &in) != nil:
		return who, in, ErrMalformed
	case in.ConversationID == "":
		return who, in, ErrNoConversation
	}
	of, err := s.desk.QueueOf(ctx, who, in.ConversationID)
	if err == nil && of != queue {
		err = conversation.ErrNotFound
	}
	return who, in, err
}
