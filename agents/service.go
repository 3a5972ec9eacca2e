package agents

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// Action is what an agent does to a conversation, with what its customer reads.
type Action struct {
	Trigger conversation.Trigger
	Reason  conversation.Reason
	// Message is what the customer reads of it: the reply, or a notice.
	Message *conversation.Message
	// Joined is what the customer reads if the action takes the conversation.
	Joined *conversation.Message
	Until  time.Time // of a snooze
	// Anyone is whether it may be done to what another agent has; Snoozed, whether a claim
	// may take what another put off.
	Anyone, Snoozed bool
	// Kept is whether what is kept for another agent may be taken.
	Kept bool
	// Drafted is the suggestion that a reply came from, if it came from one.
	Drafted *Drafted
	// Stamp is what allows a reply that names its customer: it is committed only while that
	// holds. Nil: it needs nothing.
	Stamp *consent.Stamp
}

// Store keeps tickets.
//
// Act is one transaction, durable when it returns. It refuses what belongs to
// another agent (ErrOwned), what belongs to nobody and needs an owner
// (ErrNotOwner), and what the state does not allow; a claim, or a reply to a
// conversation that nobody has, takes it. A time to snooze until that is past, or beyond
// MaxSnooze, is ErrUntil. What was done under its request's id, or a reply whose message
// is in the conversation already, is not done again, and changes nothing. What is kept for
// another agent is ErrReserved unless the action says that it may be taken; Pass ends one's
// own reservation, ErrNotReserved without one. Whoever may not have the conversation, by
// their desk or by the queue of By, finds none: conversation.ErrNotFound. Tickets come in
// the order in which they will be served, with those that are put off. Permitted returns
// records under the scope, which filters inside the query.
type Store interface {
	Tickets(ctx context.Context, queue string) ([]Ticket, error)
	Ticket(ctx context.Context, conversation string) (Ticket, error)
	Act(ctx context.Context, by By, conversation string, a Action) error
	Pass(ctx context.Context, by By, conversation string) error
	// Done reports whether what a request asks for was done before.
	Done(ctx context.Context, by By, conversation string) (bool, error)
	Conversation(ctx context.Context, id string) (conversation.Conversation, error)
	Messages(ctx context.Context, conversation string) ([]conversation.Message, error)
	Permitted(ctx context.Context, scope consent.Scope, limit int) ([]retrieval.Record, error)
	// PermittedOf is Permitted of one category.
	PermittedOf(ctx context.Context, scope consent.Scope, c consent.Category, limit int) ([]retrieval.Record, error)
	Site(ctx context.Context, id identity.SiteID) (identity.Site, error)
	// QueuesOf returns the queues that a member of staff serves; none: all, but none at an
	// outside desk.
	QueuesOf(ctx context.Context, staff identity.StaffID) ([]string, error)
	// Working notes that a member of staff does something at the desk. Who has said within
	// GoneAfter that they are there, or done something since, is there still.
	Working(ctx context.Context, staff identity.StaffID) error
	TransferStore
	consent.AccessLog
}

// Notices are the set phrases that a customer reads when people come and go.
type Notices interface {
	Joined(language, agent string) string
	Returned(language, brand string) string
	Resolved(language string) string
	Gone(language string) string
	NotShared(language string, categories []consent.Category) string
}

// Service is the desk in process.
type Service struct {
	store   Store
	gate    *consent.Gate
	notices Notices
	// taken is told of conversations that the assistant has lost, or had lost before.
	taken  func(conversation string)
	assist Assist
	behind background
}

var _ Desk = (*Service)(nil)

// NewService returns a desk. taken is called with each conversation that a person has who
// did something to it, after the commit.
func NewService(s Store, g *consent.Gate, n Notices, taken func(string)) *Service {
	return &Service{store: s, gate: g, notices: n, taken: taken}
}

// deskRoles are the roles that work at the desk.
var deskRoles = []identity.Role{identity.RoleAgent, identity.RoleSupervisor}

// maxViews is how often a view is read anew while its customer changes choices.
const maxViews = 5

// maxRecords bounds the records shown beside a conversation.
const maxRecords = 50

// working notes that somebody is there. Where that fails they are heard of at their next
// call, or what they do now fails too.
func (s *Service) working(ctx context.Context, who identity.Principal) {
	_ = s.store.Working(ctx, who.Staff)
}

// Queue returns the tickets of a queue.
func (s *Service) Queue(ctx context.Context, who identity.Principal, queue string) ([]Ticket, error) {
	if !who.Has(deskRoles...) {
		return nil, ErrForbidden
	}
	s.working(ctx, who)
	for range maxViews {
		tickets, err := s.tickets(ctx, who, queue)
		// Who was erased while it was read is not in it any more, nor what was taken back.
		if !errors.Is(err, conversation.ErrNotFound) && !errors.Is(err, consent.ErrUnknownCustomer) && !errors.Is(err, consent.ErrStale) {
			return tickets, err
		}
	}
	return nil, consent.ErrStale
}

// tickets reads a queue, and records who sees it.
func (s *Service) tickets(ctx context.Context, who identity.Principal, queue string) ([]Ticket, error) {
	tickets, err := s.store.Tickets(ctx, queue)
	if err != nil {
		return nil, err
	}
	if tickets, err = s.served(ctx, who, tickets); err != nil {
		return nil, err
	}
	// Nobody waits for what is put off: it is its owner's, and who leads the desk can take it.
	tickets = slices.DeleteFunc(tickets, func(t Ticket) bool {
		return t.State == PutOff && t.Assignee != who.Staff && !who.Has(identity.RoleSupervisor)
	})
	stamps := make(map[string]*consent.Stamp)
	for i := range tickets {
		m, err := s.store.Messages(ctx, tickets[i].Conversation)
		if err != nil {
			return nil, err
		}
		c, err := s.store.Conversation(ctx, tickets[i].Conversation)
		if err != nil {
			return nil, err
		}
		tickets[i].Unread = c.Read.Unread(m)
		words, stamp, err := s.wordsOf(ctx, who, c)
		if err != nil {
			return nil, err
		}
		if words {
			tickets[i].Summary, stamps[c.ID] = summary(m), stamp
		}
	}
	// SECURITY: some may have gone to another queue while they were read.
	now, err := s.store.Tickets(ctx, queue)
	if err != nil {
		return nil, err
	}
	if now, err = s.served(ctx, who, now); err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(now))
	for _, t := range now {
		there[t.Conversation] = true
	}
	tickets = slices.DeleteFunc(tickets, func(t Ticket) bool { return !there[t.Conversation] })
	if err := s.recordQueue(ctx, who, tickets, stamps); err != nil {
		return nil, err
	}
	return tickets, nil
}

// summary is the customer's own words: the first and the latest message, which
// they address to the company. What the assistant said is not in it, since it
// may quote data that people at the desk may not see.
func summary(messages []conversation.Message) string {
	var first, last string
	for _, m := range messages {
		if m.From != conversation.FromCustomer {
			continue
		}
		if first == "" {
			first = m.Text()
		}
		last = m.Text()
	}
	if last == first {
		return shorten(first, 160)
	}
	return shorten(first, 80) + " … " + shorten(last, 80)
}

// shorten cuts a text to n code points, at a space where there is one.
func shorten(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	cut := string([]rune(s)[:n])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

// Get returns a conversation that is or was at the desk, as the agent may see
// it at this moment.
func (s *Service) Get(ctx context.Context, who identity.Principal, id string) (View, error) {
	if !who.Has(deskRoles...) {
		return View{}, ErrForbidden
	}
	s.working(ctx, who)
	for range maxViews {
		v, quoted, scope, err := s.view(ctx, who, id)
		if err != nil {
			return View{}, err
		}
		// SECURITY: it may have gone to another queue while it was read.
		if _, err := s.ticket(ctx, who, id); err != nil {
			return View{}, err
		}
		// SECURITY: what was read must still be permitted once all of it is read, and
		// is given out only when it is on record who sees it.
		err = s.gate.Holds(ctx, scope.Stamp())
		if err == nil {
			err = s.recordView(ctx, who, v, quoted, scope)
		}
		if err == nil {
			return v, nil
		}
		if !errors.Is(err, consent.ErrStale) {
			return View{}, err
		}
	}
	return View{}, consent.ErrStale
}

// view reads a conversation under a fresh scope; quoted is what the messages show of
// what is shared.
func (s *Service) view(ctx context.Context, who identity.Principal, id string) (v View, quoted []consent.Category, scope consent.Scope, err error) {
	if v.Conversation, err = s.store.Conversation(ctx, id); err != nil {
		return v, quoted, scope, err
	}
	c := v.Conversation
	// Without a ticket, present or past, no person was asked for, and the
	// conversation is between the customer and the assistant.
	if v.Ticket, err = s.ticket(ctx, who, id); err != nil {
		return v, quoted, scope, err
	}
	site, err := s.store.Site(ctx, c.Site)
	if err != nil {
		return v, quoted, scope, err
	}
	who.Site = c.Site
	// An error of the ledger is a denial: the scope then permits nothing.
	scope, err = s.gate.Scope(ctx, who.About(c.Customer, id), consent.AgentAssist)
	if err != nil && !scope.Unavailable() {
		return v, quoted, scope, err
	}
	messages, err := s.store.Messages(ctx, id)
	if err != nil {
		return v, quoted, scope, err
	}
	v.Brand, v.Shared, v.Ticket.Summary = site.Name, scope.Searchable(), summary(messages)
	if !readsWords(scope) {
		v.Ticket.Summary = ""
	}
	for _, d := range scope.Denials() {
		v.NotShared = append(v.NotShared, d.Category)
	}
	if !scope.Unavailable() {
		if v.Asks, err = s.asks(ctx, who, v); err != nil {
			return v, quoted, scope, err
		}
	}
	for _, m := range messages {
		v.Messages = append(v.Messages, s.mask(scope, who, m, c.Language))
	}
	quoted = shown(scope, who, messages)
	v.Records, err = s.store.Permitted(ctx, scope, maxRecords)
	if err != nil {
		return v, quoted, scope, err
	}
	slices.SortStableFunc(v.Records, func(a, b retrieval.Record) int { return cmp.Compare(a.Category, b.Category) })
	if err := s.remarks(ctx, who, &v, readsWords(scope)); err != nil {
		return v, quoted, scope, err
	}
	v.Summary, err = s.summarize(ctx, who, v, scope, messages)
	return v, quoted, scope, err
}

// mask leaves out what the scope does not let its reader see.
//
// SECURITY: a text inherits the categories of the records that it was made
// from; all of them must be permitted.
func (s *Service) mask(scope consent.Scope, who identity.Principal, m conversation.Message, language string) ViewMessage {
	v := ViewMessage{Message: m}
	v.Segments, v.Offer = nil, nil // an offer is its customer's to answer
	ofWords := words(scope, who, m)
	if len(denied(scope, ofWords)) > 0 {
		v.Attachments = nil
	}
	for _, seg := range m.Segments {
		denied := denied(scope, append(slices.Clone(ofWords), seg.Categories...))
		if len(denied) > 0 {
			v.Parts = append(v.Parts, Part{Text: s.notices.NotShared(language, denied), Masked: true, Category: denied[0]})
		} else {
			p := Part{Text: seg.Text}
			if len(seg.Categories) > 0 {
				p.Category = seg.Categories[0]
			}
			v.Parts = append(v.Parts, p)
		}
	}
	return v
}

func (s *Service) act(ctx context.Context, who identity.Principal, id string, make func(c conversation.Conversation, brand string) Action) error {
	return s.once(ctx, who, id, func(by By) error { return s.actBy(ctx, who, by, id, make) })
}

// lookTimeout is how long is looked who has a conversation after something was done to it.
// An answer of the assistant's that goes on without is not released.
const lookTimeout = 5 * time.Second

// once does something to a conversation. Where it fails that was done before under the id
// of the request, it succeeds as it did then.
func (s *Service) once(ctx context.Context, who identity.Principal, id string, do func(By) error) error {
	if !who.Has(deskRoles...) {
		return ErrForbidden
	}
	s.working(ctx, who)
	by := By{Staff: who.Staff, Queue: who.Queue, Request: conversation.RequestID(ctx)}
	err := do(by)
	if err != nil && by.Request != "" {
		if done, e := s.store.Done(ctx, by, id); e == nil && done {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	// What was done before may have been undone since: the assistant then goes on. Whoever
	// asked may be gone, and it was done all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	if now, err := s.store.Conversation(ctx, id); err == nil && now.Assignee == who.Staff {
		s.taken(id)
	}
	return nil
}

func (s *Service) actBy(ctx context.Context, who identity.Principal, by By, id string, make func(c conversation.Conversation, brand string) Action) error {
	c, err := s.store.Conversation(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.ticket(ctx, who, id); err != nil {
		return err
	}
	site, err := s.store.Site(ctx, c.Site)
	if err != nil {
		return err
	}
	a := make(c, site.Name)
	a.Kept = who.Has(identity.RoleSupervisor)
	a.Joined = notice(s.notices.Joined(c.Language, who.Name))
	return s.store.Act(ctx, by, id, a)
}

func notice(text string) *conversation.Message {
	return &conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage(text)}
}

// Claim takes a conversation. A supervisor can take what another agent has put off: they
// may not be there when its time comes.
func (s *Service) Claim(ctx context.Context, who identity.Principal, id string) error {
	return s.act(ctx, who, id, func(conversation.Conversation, string) Action {
		return Action{Trigger: conversation.AgentClaims, Reason: conversation.TakenOver, Snoozed: who.Has(identity.RoleSupervisor)}
	})
}

// Release returns a conversation to the queue. A supervisor can do so with
// another agent's, who may have gone home.
func (s *Service) Release(ctx context.Context, who identity.Principal, id string) error {
	return s.act(ctx, who, id, func(conversation.Conversation, string) Action {
		return Action{Trigger: conversation.AgentReleases, Reason: conversation.PutBack, Anyone: who.Has(identity.RoleSupervisor)}
	})
}

// Resolve ends a conversation.
func (s *Service) Resolve(ctx context.Context, who identity.Principal, id string) error {
	return s.act(ctx, who, id, func(c conversation.Conversation, _ string) Action {
		return Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent, Message: notice(s.notices.Resolved(c.Language))}
	})
}

// Return gives a conversation back to the assistant.
func (s *Service) Return(ctx context.Context, who identity.Principal, id string) error {
	return s.act(ctx, who, id, func(c conversation.Conversation, brand string) Action {
		return Action{Trigger: conversation.AgentReturns, Reason: conversation.GivenBack, Message: notice(s.notices.Returned(c.Language, brand))}
	})
}

// Snooze puts a conversation off until a time, or until its customer writes before that.
func (s *Service) Snooze(ctx context.Context, who identity.Principal, id string, until time.Time) error {
	return s.act(ctx, who, id, func(conversation.Conversation, string) Action {
		return Action{Trigger: conversation.AgentSnoozes, Reason: conversation.PutOff, Until: until}
	})
}
