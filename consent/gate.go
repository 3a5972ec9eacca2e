package consent

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"candor/identity"
)

// Errors of a Gate.
var (
	// ErrUnknownTriple means that the policy has no such use of data.
	ErrUnknownTriple = errors.New("the policy has no such use of data")
	// ErrStaleNotice means that the choice was made on a text that is no longer
	// the current one.
	ErrStaleNotice = errors.New("the notice has changed since it was shown; read the current one and choose again")
	// ErrSince means that a site reports a yes which is older than the customer's
	// last word.
	ErrSince = errors.New("the customer chose otherwise after that time; ask them again")
	// ErrForbidden means that the principal may not choose for the customer.
	ErrForbidden = errors.New("only the customer may make this choice")
	// ErrMinor means that somebody is too young to choose for themselves.
	ErrMinor = errors.New("a parent or guardian has to make this choice")
	// ErrNoNotice means that there is no notice in the language of the customer.
	ErrNoNotice = errors.New("there is no notice in your language to agree to")
	// ErrInvalidChange means that a change does not make sense.
	ErrInvalidChange = errors.New("not a valid change")
)

// ConversationGrant is the longest that a grant for one conversation lasts,
// should the conversation stay open.
const ConversationGrant = 24 * time.Hour

// Gate decides what may be used. It is the only maker of a Scope that permits
// anything, and the only writer of choices.
type Gate struct {
	ledger Ledger
	policy atomic.Pointer[Policy]
	line   atomic.Pointer[[]*Policy] // as it was last read, see lineOf
	// changed is told of customers whose choices have changed.
	changed func(identity.CustomerID)
}

// NewGate returns a gate over a ledger and a policy.
func NewGate(l Ledger, p *Policy) *Gate {
	g := &Gate{ledger: l, changed: func(identity.CustomerID) {}}
	g.policy.Store(p)
	return g
}

// OnChange sets what is told of customers whose choices have changed here, after
// the commit, so that what is remembered of them can be dropped. It is called
// before the gate is used.
func (g *Gate) OnChange(fn func(identity.CustomerID)) { g.changed = fn }

// Policy returns the policy that was in force when this process last looked,
// which it does for every decision.
func (g *Gate) Policy() *Policy { return g.policy.Load() }

// inForce returns the policy of a version that the ledger says is in force, with
// what it leaves standing of those before it; another replica may have put it
// there.
func (g *Gate) inForce(ctx context.Context, version string) (*Policy, error) {
	if p := g.Policy(); p.Version == version && p.followed() {
		return p, nil
	}
	versions, err := g.ledger.Policies(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the policy in force: %w", err)
	}
	for i, v := range versions {
		if v.Version != version {
			continue
		}
		line, err := g.lineOf(versions[:i+1])
		if err != nil {
			return nil, fmt.Errorf("the policy in force: %w", err)
		}
		p := line[len(line)-1]
		g.policy.Store(p)
		return p, nil
	}
	return nil, fmt.Errorf("the text of the policy in force, version %q, is not in the ledger", version)
}

// lineOf is Line of every policy of the ledger, up to the newest: it reads them once,
// since the text and the order of those that were in force never change.
func (g *Gate) lineOf(versions []PolicyVersion) ([]*Policy, error) {
	last := versions[len(versions)-1].Version
	if line := g.line.Load(); line != nil && (*line)[len(*line)-1].Version == last {
		return *line, nil
	}
	line, err := Line(versions)
	if err == nil {
		g.line.Store(&line)
	}
	return line, err
}

// snapshot returns what the ledger says about a customer, and the policy that is
// in force at that moment.
func (g *Gate) snapshot(ctx context.Context, customer identity.CustomerID) (Snapshot, *Policy, error) {
	snap, err := g.ledger.Snapshot(ctx, customer)
	if err != nil {
		return snap, nil, fmt.Errorf("read the consent ledger: %w", err)
	}
	p, err := g.inForce(ctx, snap.PolicyVersion)
	return snap, p, err
}

// errOtherPolicy ends a change that was decided by a policy which is no longer
// in force.
var errOtherPolicy = errors.New("another policy is in force")

// append writes what decide returns, by the policy in force at that commit.
func (g *Gate) append(ctx context.Context, customer identity.CustomerID, decide func(*Policy, Snapshot) (Entry, error)) (Snapshot, *Policy, error) {
	p := g.Policy()
	for {
		version := ""
		snap, err := g.ledger.Append(ctx, customer, func(s Snapshot) (Entry, error) {
			if version = s.PolicyVersion; version != p.Version || !p.followed() {
				return Entry{}, errOtherPolicy
			}
			return decide(p, s)
		})
		if !errors.Is(err, errOtherPolicy) {
			return snap, p, err
		}
		if p, err = g.inForce(ctx, version); err != nil {
			return snap, p, err
		}
	}
}

func overlay(p identity.Principal) Overlay {
	return Overlay{Anonymous: p.Anonymous(), GPC: p.GPC, Conversation: p.Conversation}
}

// Scope mints what the principal may use for the purpose at this moment. With
// an error it returns a scope that permits nothing and names every category as
// unavailable, so that a caller can go on with company knowledge and say so.
//
// A customer or visitor gets a scope for themselves, staff one for the customer
// they serve (Principal.About), with what goes to people at their desk (ReaderOf).
func (g *Gate) Scope(ctx context.Context, who identity.Principal, purpose Purpose) (Scope, error) {
	p := g.Policy()
	s := Scope{
		site: who.Site, customer: who.Customer, conversation: who.Conversation,
		purpose: purpose, policyVersion: p.Version, reader: BrandAI,
	}
	if purpose == AgentAssist {
		s.reader = ReaderOf(who)
	}
	// SECURITY: what is for staff is for the company's own.
	if who.Kind == identity.Staff && !who.Outside() {
		s.audience = Staff
	}
	switch {
	case who.Customer == "" || who.Kind == identity.Nobody:
		s.deny(p, purpose, Anonymous)
		return s, nil
	case who.Kind == identity.Customer, who.Kind == identity.Visitor, who.Kind == identity.Staff && purpose == AgentAssist:
	default:
		// SECURITY: what may go to the company's AI for another purpose may not be
		// read by people at the desk, nor by a site's backend.
		s.deny(p, purpose, RecipientDenied)
		return s, nil
	}
	snap, current, err := g.snapshot(ctx, who.Customer)
	if err != nil {
		s.unavailable = true
		s.deny(p, purpose, Unavailable)
		return s, err
	}
	p = current
	s.policyVersion, s.epoch = p.Version, snap.Epoch
	uses := p.uses[purpose]
	s.permits = make(map[Category][]Permit, len(uses))
	o := overlay(who)
	for _, c := range uses {
		permits := make([]Permit, 0, len(c.recipients))
		denied := RecipientDenied // nobody may search it for the purpose
		for _, r := range c.recipients {
			d := Decide(p, snap, Triple{purpose, c.category, r}, o)
			if r == s.reader {
				denied = d.Reason
			}
			if !d.Allowed {
				s.masked = s.masked || d.Reason == GPC
				continue
			}
			permits = append(permits, Permit{r, d.Grant})
			if !d.Until.IsZero() && (s.validUntil.IsZero() || d.Until.Before(s.validUntil)) {
				s.validUntil = d.Until
			}
			if d.within != "" {
				s.within = d.within
			}
		}
		if len(permits) > 0 {
			s.permits[c.category] = permits
		}
		// Customers' own words are their company's to read, and not another one's.
		if denied != "" && (c.category != Conversation || s.reader.OutsideDesk()) {
			s.denials = append(s.denials, Denial{c.category, denied})
		}
	}
	return s, nil
}

// Holds returns ErrStale if a scope of the stamp no longer does: for what is read
// under it and shown without a transaction of its own.
func (g *Gate) Holds(ctx context.Context, stamp Stamp) error {
	if !stamp.Personal {
		return nil // it permits nothing that could be taken back
	}
	snap, err := g.ledger.Snapshot(ctx, stamp.Customer)
	if err != nil {
		return fmt.Errorf("read the consent ledger: %w", err)
	}
	expired := !stamp.ValidUntil.IsZero() && !snap.Now.Before(stamp.ValidUntil)
	// A grant for a conversation is of a later epoch than the one with which others of
	// it have ended: what has ended at the stamp's has done so since.
	ended, ok := snap.Ended[stamp.Conversation]
	if snap.Epoch != stamp.Epoch || snap.PolicyVersion != stamp.PolicyVersion || expired || ok && ended >= stamp.Epoch {
		return ErrStale
	}
	return nil
}

func (s *Scope) deny(p *Policy, purpose Purpose, r Reason) {
	for _, c := range p.uses[purpose] {
		if c.category != Conversation || s.reader.OutsideDesk() {
			s.denials = append(s.denials, Denial{c.category, r})
		}
	}
}

// Choice is the state of one triple as its customer sees it.
type Choice struct {
	Triple
	State   State     `json:"state"`
	Allowed bool      `json:"-"`
	Grant   string    `json:"grant_id,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	// Reason is why it is not allowed; empty if it is.
	Reason Reason `json:"reason,omitempty"`
}

// Choices is every triple of the policy with its state.
type Choices struct {
	Epoch         int64     `json:"epoch"`
	PolicyVersion string    `json:"policy_version"`
	Notice        NoticeRef `json:"notice"`
	Choices       []Choice  `json:"choices"`
	// Policy is the one of that version, with the texts.
	Policy *Policy `json:"-"`
}

// Choices returns the principal's choices. The state is the effective one: a
// grant that has run out shows as expired, one for another conversation as none.
func (g *Gate) Choices(ctx context.Context, who identity.Principal, language string) (Choices, error) {
	snap, p, err := g.snapshot(ctx, who.Customer)
	if err != nil {
		return Choices{}, err
	}
	return g.choices(p, snap, who, language), nil
}

func (g *Gate) choices(p *Policy, snap Snapshot, who identity.Principal, language string) Choices {
	out := Choices{Epoch: snap.Epoch, PolicyVersion: p.Version, Notice: p.Notice.Ref(language), Choices: []Choice{}, Policy: p}
	// The overlay of the browser is not a choice: it masks, and says so elsewhere.
	o := overlay(who)
	o.GPC = false
	for _, t := range p.triples {
		out.Choices = append(out.Choices, Decide(p, snap, t, o).choice(t))
	}
	return out
}

// choice is the decision as the customer sees it.
func (d Decision) choice(t Triple) Choice {
	c := Choice{Triple: t, State: d.State, Allowed: d.Allowed, Since: d.Since, Reason: d.Reason, Expires: d.Ends}
	if d.Allowed {
		c.Grant, c.Expires = d.Grant, d.Until
	}
	return c
}

// Duration is how long a grant is meant to last.
type Duration string

// Durations. The empty one is Standing.
const (
	ThisConversation Duration = "conversation"
	Standing         Duration = "standing"
)

// Change is one choice to make.
type Change struct {
	Triple
	Granted  bool
	Duration Duration
	Delete   bool // with a withdrawal: also destroy what is held here
}

// ChangeSet is what a customer decides at once: all of it happens, or nothing.
type ChangeSet struct {
	Changes  []Change
	Notice   *NoticeRef // the notice that was shown; a yes needs the current one. An empty hash is not compared
	Offer    string     // the offer it answers, if any
	Language string
	Channel  string
}

// Changed is the result of a ChangeSet.
type Changed struct {
	Choices
	Events []Event
}

// Change writes the principal's own choices. Not granting what an offer asked
// for is "not now", and refuses what was never given; not granting what is
// given withdraws it.
func (g *Gate) Change(ctx context.Context, who identity.Principal, set ChangeSet) (Changed, error) {
	if who.Kind != identity.Customer && who.Kind != identity.Visitor {
		return Changed{}, ErrForbidden
	}
	return g.write(ctx, who, set.Language, func(p *Policy, s Snapshot) ([]Event, error) {
		if err := checkChanges(p, s, who, set.Changes); err != nil {
			return nil, err
		}
		var out []Event
		for _, c := range set.Changes {
			switch {
			case !c.Granted: // a no never waits for a newer notice
			case set.Notice != nil && !set.Notice.Names(p.Notice.Ref(set.Language)):
				return nil, ErrStaleNotice
			case !p.mayChoose(s.Person.AgeBand, s.Person.Jurisdiction):
				return nil, ErrMinor
			case !p.Notice.Text.speaks(set.Language):
				return nil, ErrNoNotice
			}
			out = append(out, changed(p, s, who, set, c)...)
		}
		return out, nil
	}, set.Changes)
}

// write writes the events that decide returns, with what they destroy.
func (g *Gate) write(ctx context.Context, who identity.Principal, language string, decide func(*Policy, Snapshot) ([]Event, error), changes []Change) (Changed, error) {
	var made []Event
	snap, p, err := g.append(ctx, who.Customer, func(p *Policy, s Snapshot) (Entry, error) {
		var entry Entry
		var err error
		if made, err = decide(p, s); err != nil {
			return entry, err
		}
		for _, c := range changes {
			stopped := func(e Event) bool { return e.Triple == c.Triple }
			if c.Delete && slices.ContainsFunc(made, stopped) && !slices.Contains(entry.Delete, c.Category) {
				entry.Delete = append(entry.Delete, c.Category)
			}
		}
		entry.Events = made
		entry.Live = live(p, s.with(made))
		return entry, nil
	})
	if err != nil {
		return Changed{}, err
	}
	g.changed(who.Customer)
	return Changed{Choices: g.choices(p, snap, who, language), Events: made}, nil
}

// checkChanges checks what every change must be, whoever makes it.
func checkChanges(p *Policy, s Snapshot, who identity.Principal, changes []Change) error {
	if len(changes) == 0 {
		return fmt.Errorf("%w: there is nothing to change", ErrInvalidChange)
	}
	seen := make(map[Triple]bool)
	for _, c := range changes {
		switch {
		case !p.Uses(c.Triple):
			return fmt.Errorf("%w: purpose %s, category %s, recipient %s", ErrUnknownTriple,
				name(string(c.Purpose)), name(string(c.Category)), name(string(c.Recipient)))
		case seen[c.Triple]:
			return fmt.Errorf("%w: the same purpose, category and recipient twice", ErrInvalidChange)
		case c.Duration != "" && c.Duration != ThisConversation && c.Duration != Standing:
			return fmt.Errorf("%w: the duration is neither conversation nor standing", ErrInvalidChange)
		case c.Duration == ThisConversation && c.Granted && who.Conversation == "":
			return fmt.Errorf("%w: there is no conversation to limit the grant to", ErrInvalidChange)
		case c.Delete && c.Granted:
			return fmt.Errorf("%w: delete goes with a withdrawal only", ErrInvalidChange)
		case who.Kind == identity.Visitor && c.Granted && c.Category != Conversation:
			return fmt.Errorf("%w: a visitor has no records to share; sign in first", ErrInvalidChange)
		case c.Granted && c.Purpose == Insights && p.minor(s.Person.AgeBand):
			return fmt.Errorf("%w: no guesses are made about minors", ErrMinor)
		}
		seen[c.Triple] = true
	}
	return nil
}

var identifier = regexp.MustCompile(`^[a-z0-9_:.-]{0,48}$`)

// name quotes what could be the name of something. Anything else is not
// repeated: an error must not carry what somebody typed.
func name(s string) string {
	if identifier.MatchString(s) {
		return strconv.Quote(s)
	}
	return "(not a name)"
}

// event is an event that the principal's change makes.
func (p *Policy) event(s Snapshot, who identity.Principal, c Change, state State, conversation string) Event {
	return Event{
		ID: identity.NewID("grt"), Customer: who.Customer, Triple: c.Triple, State: state, Conversation: conversation,
		Notice: p.Notice.Ref(""), Language: p.Notice.Text.language(""), Jurisdiction: p.Profile(s.Person.Jurisdiction).ID,
		Channel: "backend", Actor: who.Actor(), At: s.Now, Epoch: s.Epoch + 1, Delete: c.Delete, Version: p.Version,
	}
}

// changed builds the events of a change; there are none if it changes nothing.
func changed(p *Policy, s Snapshot, who identity.Principal, set ChangeSet, c Change) []Event {
	event := func(state State, conversation string) Event {
		e := p.event(s, who, c, state, conversation)
		e.Notice, e.Language = p.Notice.Ref(set.Language), p.Notice.Text.language(set.Language)
		e.Channel, e.Evidence = set.Channel, set.Offer
		return e
	}
	if c.Granted {
		return granted(p, s, who, c, event)
	}
	standing := s.Latest[Key{c.Triple, ""}]
	if set.Offer != "" && !Decide(p, s, c.Triple, Overlay{Anonymous: who.Anonymous(), Conversation: who.Conversation}).Allowed {
		// "Not now", where the grant does not hold: it may have run out, or be for
		// another conversation, which it does not touch.
		e := event(Deferred, "")
		e.Expires = s.Now.Add(p.DeferFor.Duration())
		return []Event{e}
	}
	out := stops(s, c.Triple, Withdrawn, event)
	if len(out) > 0 || !c.Delete && (standing.State == Refused || standing.State == Withdrawn) {
		return out
	}
	return []Event{event(Refused, "")}
}

// stops builds the events that end a triple: to stop is to stop everywhere.
func stops(s Snapshot, t Triple, state State, event func(State, string) Event) (out []Event) {
	for k, e := range s.Latest {
		if k.Triple == t && given(e) {
			out = append(out, event(state, k.Conversation))
		}
	}
	slices.SortFunc(out, func(a, b Event) int { return strings.Compare(a.Conversation, b.Conversation) })
	return out
}

// granted builds the event of a yes; a standing grant is not narrowed by one for
// a conversation, nor given twice.
func granted(p *Policy, s Snapshot, who identity.Principal, c Change, event func(State, string) Event) []Event {
	if Decide(p, s, c.Triple, Overlay{Anonymous: who.Anonymous()}).Allowed {
		return nil
	}
	conversation := ""
	if c.Duration == ThisConversation {
		conversation = who.Conversation
	}
	return []Event{grant(s, c, conversation, event)}
}

// grant builds the event that gives a triple, or gives it again.
func grant(s Snapshot, c Change, conversation string, event func(State, string) Event) Event {
	e := event(Given, conversation)
	if given(s.Latest[Key{c.Triple, conversation}]) {
		e.State = Renewed
	}
	if conversation != "" {
		e.Expires = s.Now.Add(ConversationGrant)
	}
	return e
}

// given reports whether the event is a grant, whether or not it still holds.
func given(e Event) bool { return e.State == Given || e.State == Renewed }

// Expire writes the events of grants that have run out, so that what was
// indexed under them goes. It returns how many customers it changed.
func (g *Gate) Expire(ctx context.Context, limit int) (int, error) {
	due, err := g.ledger.Due(ctx, limit)
	if err != nil {
		return 0, err
	}
	for _, customer := range due {
		_, _, err := g.append(ctx, customer, func(p *Policy, s Snapshot) (Entry, error) {
			var entry Entry
			for _, e := range s.Latest {
				if !given(e) || !s.over(e) {
					continue
				}
				e.ID, e.State, e.At, e.Epoch, e.Expires = identity.NewID("grt"), Expired, s.Now, s.Epoch+1, time.Time{}
				e.Actor, e.Channel, e.Version = "system", "system", p.Version
				entry.Events = append(entry.Events, e)
			}
			entry.Live = live(p, s.with(entry.Events))
			return entry, nil
		})
		if err != nil && !errors.Is(err, ErrUnknownCustomer) {
			return 0, err
		}
		g.changed(customer)
	}
	return len(due), nil
}

// History returns every event of the customer, oldest first.
func (g *Gate) History(ctx context.Context, who identity.Principal) ([]Event, error) {
	return g.ledger.History(ctx, who.Customer)
}

// Indexable returns the categories of the customer whose records may be in an
// index at this moment, with the stamp to commit under: those with any grant.
func (g *Gate) Indexable(ctx context.Context, customer identity.CustomerID) ([]Category, Stamp, error) {
	snap, p, err := g.snapshot(ctx, customer)
	if err != nil {
		return nil, Stamp{}, err
	}
	return live(p, snap), Stamp{Customer: customer, Epoch: snap.Epoch, PolicyVersion: p.Version, Personal: true}, nil
}
