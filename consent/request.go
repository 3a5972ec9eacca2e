package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/identity"
)

// RequestKind is what a customer asks the company to do about their data.
type RequestKind string

// Kinds of requests.
const (
	AccessRequest        RequestKind = "access"        // GDPR 15 and 20, LGPD 18 II and V
	RectificationRequest RequestKind = "rectification" // GDPR 16, LGPD 18 III
	ErasureRequest       RequestKind = "erasure"       // GDPR 17, LGPD 18 VI
	ComplaintRequest     RequestKind = "complaint"
)

// RequestKinds lists every kind.
var RequestKinds = []RequestKind{AccessRequest, RectificationRequest, ErasureRequest, ComplaintRequest}

// ComplaintKind is what a customer says is wrong with an answer.
type ComplaintKind string

// Kinds of complaints about an answer.
const (
	WrongAnswer  ComplaintKind = "wrong"
	WrongSource  ComplaintKind = "wrong_source"
	ShouldNotUse ComplaintKind = "should_not_use"
	WrongTone    ComplaintKind = "tone"
	OtherwiseOff ComplaintKind = "other"
)

// ComplaintKinds lists every kind.
var ComplaintKinds = []ComplaintKind{WrongAnswer, WrongSource, ShouldNotUse, WrongTone, OtherwiseOff}

// NeedsText reports whether nobody could act on such a request without the
// customer's own words.
func (k RequestKind) NeedsText() bool { return k == RectificationRequest || k == ComplaintRequest }

// RequestStatus is how a request stands.
type RequestStatus string

// Statuses. The clock of a request runs until it is done or refused.
const (
	RequestOpen       RequestStatus = "open"
	RequestInProgress RequestStatus = "in_progress"
	RequestDone       RequestStatus = "done"
	RequestRefused    RequestStatus = "refused"
)

// Closed reports whether the request needs nothing more.
func (s RequestStatus) Closed() bool { return s == RequestDone || s == RequestRefused }

// RequestAction is what is done to a request.
type RequestAction string

// Actions. ActOpen and ActErase are the product's own.
const (
	ActOpen   RequestAction = "open"
	ActStart  RequestAction = "start"
	ActNote   RequestAction = "note"
	ActDone   RequestAction = "done"
	ActRefuse RequestAction = "refuse"
	ActReopen RequestAction = "reopen"
	ActErase  RequestAction = "erased" // the customer was: there is nobody left to answer
)

// steps says which status an action makes of which.
var steps = map[RequestAction]map[RequestStatus]RequestStatus{
	ActStart:  {RequestOpen: RequestInProgress},
	ActNote:   {RequestOpen: RequestOpen, RequestInProgress: RequestInProgress, RequestDone: RequestDone, RequestRefused: RequestRefused},
	ActDone:   {RequestOpen: RequestDone, RequestInProgress: RequestDone},
	ActRefuse: {RequestOpen: RequestRefused, RequestInProgress: RequestRefused},
	ActReopen: {RequestDone: RequestOpen, RequestRefused: RequestOpen},
}

// RecordOutcome is what became of a record that its customer said is wrong.
type RecordOutcome string

// Outcomes.
const (
	RecordCorrected RecordOutcome = "corrected" // by the site, which sent it anew
	RecordRemoved   RecordOutcome = "removed"   // here, in the same commit
	RecordKept      RecordOutcome = "kept"      // it is right
)

const (
	// MaxRequestText is the longest that a customer's words or a note may be, in
	// characters.
	MaxRequestText = 4000
	// MaxOpenRequests is how many requests of one customer may be open.
	MaxOpenRequests = 20
)

// Errors of requests.
var (
	ErrUnknownRequest = errors.New("there is no such request")
	// ErrRequestText refuses words that are missing or too long.
	ErrRequestText = errors.New("this cannot be a request")
	// ErrTooManyRequests refuses one more open request.
	ErrTooManyRequests = fmt.Errorf("%d of your requests are open already: wait until one of them is answered", MaxOpenRequests)
	// ErrDisputed refuses a second open dispute of a record.
	ErrDisputed = errors.New("it was said already that this record is wrong, and that request is still open")
	// ErrComplained refuses a second open complaint about an answer.
	ErrComplained = errors.New("you complained about this answer already, and that is still open")
	// ErrRequestState refuses an action that the status does not allow.
	ErrRequestState = errors.New("the request does not allow this now")
	// ErrRequestStep refuses an action that lacks something.
	ErrRequestStep = errors.New("this cannot be done")
	// ErrRequestErased means that the customer was erased.
	ErrRequestErased = errors.New("the customer was erased: the request stays as it is")
)

// Request is what a customer asks about their data, with a date by which the
// company has to answer.
type Request struct {
	ID       string
	Customer identity.CustomerID
	Site     identity.SiteID
	Kind     RequestKind
	Status   RequestStatus
	// Jurisdiction is the profile that the due date is by.
	Jurisdiction string
	At           time.Time // the database's clock, UTC
	Due          time.Time
	Closed       time.Time // zero: it is not
	// Detail is the customer's words. It is empty where they gave none, and where
	// they were erased.
	Detail string
	// Record is the record that the customer says is wrong. Until the request is
	// closed it is not searched, not read for an answer and not shown at the desk
	// (restriction of processing, GDPR 18).
	Record       string
	Conversation string
	// Answer is the one that a complaint is about, and Complaint what is said to be wrong
	// with it; both are empty where it is about none, and where they were erased.
	Answer    string
	Complaint ComplaintKind
	History   []RequestEvent // oldest first
}

// RequestEvent is one thing that was done to a request.
type RequestEvent struct {
	At     time.Time
	Actor  string // see identity.Principal.Actor
	Action RequestAction
	Note   string
	// ForCustomer is whether the customer reads the note.
	ForCustomer bool
	Outcome     RecordOutcome // of closing a dispute
}

// Due is by when a request of that moment has to be answered under a profile: at
// the same time of the day, in UTC, on the last day that the law gives. The law's
// own term runs to the end of that day (Regulation 1182/71, article 3; a month that
// has no such day ends with its last one).
func Due(at time.Time, p Profile) time.Time { return p.AnswerWithin.After(at.UTC()) }

// Overdue reports whether the request should have been answered by now.
func (r Request) Overdue(now time.Time) bool { return !r.Status.Closed() && !now.Before(r.Due) }

// With returns the request after a customer's or a member of staff's action. It
// changes nothing of r, and is pure. ErrRequestState and ErrRequestStep say what is
// wrong.
func (r Request) With(e RequestEvent) (Request, error) {
	next, known := steps[e.Action]
	if !known {
		return r, fmt.Errorf("%w: an action is start, note, done, refuse or reopen", ErrRequestStep)
	}
	to, allowed := next[r.Status]
	if !allowed {
		return r, fmt.Errorf("%w: it is %s", ErrRequestState, strings.ReplaceAll(string(r.Status), "_", " "))
	}
	e.Note = strings.TrimSpace(e.Note)
	disputes := r.Kind == RectificationRequest && r.Record != ""
	switch {
	case utf8.RuneCountInString(e.Note) > MaxRequestText:
		return r, fmt.Errorf("%w: a note has at most %d characters", ErrRequestStep, MaxRequestText)
	case e.Action == ActNote && e.Note == "":
		return r, fmt.Errorf("%w: the note is empty", ErrRequestStep)
	case e.Action == ActRefuse && (e.Note == "" || !e.ForCustomer):
		return r, fmt.Errorf("%w: a refusal needs a note for the customer that says why", ErrRequestStep)
	case e.Action == ActDone && disputes && e.Outcome == "":
		return r, fmt.Errorf("%w: say what became of the record: corrected, removed or kept", ErrRequestStep)
	case e.Outcome != "" && (e.Action != ActDone || !disputes):
		return r, fmt.Errorf("%w: an outcome of a record goes with the end of a dispute", ErrRequestStep)
	case e.Outcome != "" && e.Outcome != RecordCorrected && e.Outcome != RecordRemoved && e.Outcome != RecordKept:
		return r, fmt.Errorf("%w: a record is corrected, removed or kept", ErrRequestStep)
	}
	r.Status = to
	switch {
	case !to.Closed():
		r.Closed = time.Time{}
	case r.Closed.IsZero():
		r.Closed = e.At
	}
	r.History = append(r.History[:len(r.History):len(r.History)], e)
	return r, nil
}

// NewRequest returns a request of the principal, with its due date by their
// jurisdiction; it is not stored. ErrRequestText says what is wrong with the text.
func (g *Gate) NewRequest(ctx context.Context, who identity.Principal, kind RequestKind, text string) (Request, error) {
	if strings.TrimSpace(text) == "" && kind.NeedsText() {
		return Request{}, fmt.Errorf("%w: say in your own words what is wrong", ErrRequestText)
	}
	return g.newRequest(ctx, who, kind, text)
}

// NewComplaint returns a complaint of the principal about an answer in a conversation
// of theirs, as NewRequest does; the kind says enough without words.
func (g *Gate) NewComplaint(ctx context.Context, who identity.Principal, conversation, answer string, kind ComplaintKind, text string) (Request, error) {
	if !slices.Contains(ComplaintKinds, kind) {
		return Request{}, fmt.Errorf("%w: say what is wrong: one of %v", ErrRequestText, ComplaintKinds)
	}
	r, err := g.newRequest(ctx, who, ComplaintRequest, text)
	r.Conversation, r.Answer, r.Complaint = conversation, answer, kind
	return r, err
}

func (g *Gate) newRequest(ctx context.Context, who identity.Principal, kind RequestKind, text string) (Request, error) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > MaxRequestText {
		return Request{}, fmt.Errorf("%w: it has more than %d characters", ErrRequestText, MaxRequestText)
	}
	snap, p, err := g.snapshot(ctx, who.Customer)
	if err != nil {
		return Request{}, err
	}
	profile := p.Profile(snap.Person.Jurisdiction)
	return Request{
		ID: identity.NewID("req"), Customer: who.Customer, Site: who.Site, Kind: kind, Status: RequestOpen,
		Jurisdiction: profile.ID, At: snap.Now, Due: Due(snap.Now, profile), Detail: text,
		History: []RequestEvent{{At: snap.Now, Actor: who.Actor(), Action: ActOpen}},
	}, nil
}

// Place is where a list goes on: behind the item of this rank and id. The zero
// Place is its beginning.
type Place struct {
	Rank int64
	ID   string
}

// RequestFilter selects requests. What is empty selects all.
type RequestFilter struct {
	Site     identity.SiteID
	Customer identity.CustomerID
	Kind     RequestKind
	Status   RequestStatus
	Overdue  bool
	After    Place
	Limit    int // 1 to 200; otherwise 50
}

// RequestCount is how many requests of a kind are not closed.
type RequestCount struct {
	Kind          RequestKind
	Open, Overdue int // the overdue ones are open too
}
