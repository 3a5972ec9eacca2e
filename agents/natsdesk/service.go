package natsdesk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// TokenHeader carries the API token of the agent whom a request speaks for.
const TokenHeader = "Candor-Token"

// requestHeader names a request, so that who had no reply can repeat it: what is done
// under one name is done once.
const requestHeader = "Nats-Msg-Id"

// messageID is the id of what a request does and sends: that of the same request of the
// same agent's, and of no other.
func messageID(token, subject, id string, body []byte) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(token), []byte(subject), []byte(id), body} {
		_ = binary.Write(h, binary.BigEndian, int64(len(part))) // a hash takes everything
		h.Write(part)
	}
	return "msg_" + hex.EncodeToString(h.Sum(nil)[:16])
}

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
	"pass": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Pass(ctx, who, in.ConversationID)
	},
	"transfer": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Transfer(ctx, who, in.ConversationID, agents.Transfer{Queue: in.Queue, Staff: in.Staff, Note: in.Note})
	},
	"note": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Note(ctx, who, in.ConversationID, in.Text)
	},
	"release": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Release(ctx, who, in.ConversationID)
	},
	"reply": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Send(ctx, who, in.ConversationID, agents.Reply{Text: in.Text, Attachments: in.Attachments, Suggestion: in.Suggestion})
	},
	"resolve": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Resolve(ctx, who, in.ConversationID)
	},
	"return": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
		return d.Return(ctx, who, in.ConversationID)
	},
	"snooze": func(ctx context.Context, d agents.Desk, who identity.Principal, in requestJSON) error {
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

// service answers requests to the desk.
type service struct {
	bus          *Bus
	desk         agents.Desk
	authenticate Authenticate

	// Requests hold mu for reading. Once closed, none is begun: what is behind
	// the desk may be gone.
	mu     sync.RWMutex
	closed bool
}

// queuePoll is how often it is looked whether queues have come or gone.
const queuePoll = time.Second

// ServeDesk serves the desk until ctx ends, and returns nil then, after the
// requests under way: each of the queues that there are, as they come and go, as
// an instance of the micro service candor-desk. Each request acts for the agent of
// its token alone. Several replicas may serve at once and share the requests; each
// answers those of one subject one after another.
func (b *Bus) ServeDesk(ctx context.Context, desk agents.Desk, authenticate Authenticate, queues func(context.Context) ([]string, error)) error {
	s := &service{bus: b, desk: desk, authenticate: authenticate}
	serving := make(map[string]micro.Service)
	for {
		names, err := queues(ctx)
		if err == nil {
			err = s.follow(ctx, serving, names)
		}
		if err != nil && ctx.Err() == nil && b.first("serve the desk") { // else those of before are served
			b.log.Error("not every queue is served over NATS, and it is tried until they are", "error", err)
		}
		if !pause(ctx, queuePoll) {
			break
		}
	}
	var err error
	for _, m := range serving {
		err = errors.Join(err, m.Stop())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return err
}

// follow begins to serve the queues that are new, and ends with those that are gone.
func (s *service) follow(ctx context.Context, serving map[string]micro.Service, names []string) (err error) {
	for name, m := range serving {
		if !slices.Contains(names, name) {
			err = errors.Join(err, m.Stop())
			delete(serving, name)
		}
	}
	for _, name := range names {
		if serving[name] != nil {
			continue
		}
		m, e := s.begin(ctx, name)
		if err = errors.Join(err, e); e == nil {
			serving[name] = m
		}
	}
	return err
}

// begin serves a queue.
func (s *service) begin(ctx context.Context, queue string) (micro.Service, error) {
	if err := checkQueue(queue); err != nil {
		return nil, err
	}
	m, err := micro.AddService(s.bus.conn, micro.Config{
		Name: serviceName, Version: serviceVersion, Description: serviceDescription, Metadata: map[string]string{"queue": queue},
	})
	if err != nil {
		return nil, fmt.Errorf("serve a queue: %w", err)
	}
	if err := s.serve(context.WithoutCancel(ctx), m, queue); err != nil {
		return nil, errors.Join(fmt.Errorf("serve a queue: %w", err), m.Stop())
	}
	return m, nil
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
		handle("suggest", func(ctx context.Context, req micro.Request) (any, error) {
			who, in, err := s.open(ctx, req, queue)
			if err != nil {
				return nil, err
			}
			return s.desk.Suggest(ctx, who, in.ConversationID, in.Instruction)
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
	// SECURITY: a reply is published with what this process may do, so it must go to
	// nothing but an inbox: not to what says what happened, nor to JetStream.
	if !strings.HasPrefix(req.Reply(), "_") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if id := req.Headers().Get(requestHeader); id != "" {
		ctx = conversation.WithMessageID(ctx, messageID(req.Headers().Get(TokenHeader), req.Subject(), id, req.Data()))
	}
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
// another queue does not exist here. The desk sees to that, where it does what is asked.
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
	who.Queue = queue
	return who, in, nil
}
