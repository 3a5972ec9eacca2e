package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"candor/identity"
)

// ErrEvidence means that a site says that its customer agreed, and not how.
var ErrEvidence = errors.New("the evidence of the customer's choice is not complete")

// Evidence is how a customer made a choice that their site reports.
type Evidence struct {
	Notice   NoticeRef // what they were shown
	Language string    // in which language, BCP 47
	At       time.Time // when they chose
	Channel  string    // where: checkout, account, phone, ...
	Page     string    // the address of the page; what follows ? and # is not kept
	// Guardian is whether a parent or guardian chose for them.
	Guardian bool
}

const (
	// clockSkew is how far a site's clock may run ahead.
	clockSkew = 30 * time.Second
	maxPage   = 500
)

// Report writes choices that a site says its customer made. A grant needs all of
// its evidence; a withdrawal none, and is the site's own (revoked) without. The
// key of the site's pages can be read by anybody: it may only narrow, what it says
// is evidence of nothing, and what is wrong with it is found before the customer is
// looked for. A yes that is older than the customer's last no is ErrSince: a report
// that comes late, or again, undoes nothing.
func (g *Gate) Report(ctx context.Context, who identity.Principal, changes []Change, e Evidence) (Changed, error) {
	widens := slices.ContainsFunc(changes, func(c Change) bool { return c.Granted })
	switch {
	case who.Kind == identity.Browser && (widens || slices.ContainsFunc(changes, func(c Change) bool { return c.Delete })):
		return Changed{}, fmt.Errorf("%w: a browser key may only withdraw", ErrForbidden)
	case who.Kind != identity.Backend && who.Kind != identity.Browser:
		return Changed{}, ErrForbidden
	}
	if who.Kind == identity.Browser {
		if err := checkChanges(g.Policy(), Snapshot{}, who, changes); err != nil {
			return Changed{}, err
		}
		e = Evidence{}
	}
	return g.write(ctx, who, e.Language, func(p *Policy, s Snapshot) ([]Event, error) {
		if err := checkChanges(p, s, who, changes); err != nil {
			return nil, err
		}
		complete, err := p.checkEvidence(e, s.Now)
		if err != nil && widens {
			return nil, err
		}
		var out []Event
		for _, c := range changes {
			event := func(state State, conversation string) Event {
				x := p.event(s, who, c, state, conversation)
				if complete {
					x.Notice, x.Language, x.Channel, x.Evidence = p.Notice.Ref(e.Language), p.Notice.Text.language(e.Language), e.Channel, e.text()
				}
				if e.Guardian {
					x.Actor = Guardian + ":" + who.Actor()
				}
				return x
			}
			switch {
			case c.Granted:
				if !e.Guardian && !p.mayChoose(s.Person.AgeBand, s.Person.Jurisdiction) {
					return nil, ErrMinor
				}
				if e.At.Before(lastNo(s, c.Triple)) {
					return nil, ErrSince
				}
				if d := Decide(p, s, c.Triple, Overlay{}); !d.Allowed || e.Guardian && !d.guardian {
					out = append(out, grant(s, c, "", event))
				}
			default:
				out = append(out, p.reportedStop(s, c, complete, event)...)
			}
		}
		return out, nil
	}, changes)
}

// reportedStop builds the events that end a triple: as the customer's own with
// evidence, else as the site's, on the notice that the choice was made on. What is
// to be deleted is also where nothing was given.
func (p *Policy) reportedStop(s Snapshot, c Change, evidence bool, event func(State, string) Event) []Event {
	state := Revoked
	if evidence {
		state = Withdrawn
	}
	out := stops(s, c.Triple, state, event)
	if len(out) == 0 && c.Delete {
		return []Event{event(state, "")}
	}
	for i, x := range out {
		if ended := s.Latest[x.Key()]; !evidence {
			out[i].Notice, out[i].Language = ended.Notice, ended.Language
		}
	}
	return out
}

// lastNo returns when the customer, or somebody for them, last said no to a triple,
// or not now; zero if they never have.
func lastNo(s Snapshot, t Triple) (at time.Time) {
	for k, e := range s.Latest {
		no := e.State == Refused || e.State == Withdrawn || e.State == Revoked || e.State == Deferred
		if k.Triple == t && no && e.At.After(at) {
			at = e.At
		}
	}
	return at
}

// checkEvidence reports whether there is evidence, all of it; the error says what
// is missing or wrong.
func (p *Policy) checkEvidence(e Evidence, now time.Time) (bool, error) {
	missing := func(what string) (bool, error) { return false, fmt.Errorf("%w: %s", ErrEvidence, what) }
	page, err := url.Parse(e.Page)
	switch {
	case e.Notice == (NoticeRef{}), e.Notice.SHA256 == "":
		return missing("the `notice` that the customer was shown, with its id, version and sha256")
	case e.Language == "" || !p.Notice.Text.speaks(e.Language):
		return missing("the `language` of the notice, one of " + strings.Join(Languages, ", "))
	case e.At.IsZero():
		return missing("the time `at` which the customer chose")
	case e.At.After(now.Add(clockSkew)):
		return missing("`at` is in the future")
	case e.Channel == "" || !identifier.MatchString(e.Channel):
		return missing("the `channel`, a short word such as checkout or account")
	case err != nil || page.Host == "" || page.Scheme != "https" && page.Scheme != "http" || len(e.Page) > maxPage:
		return missing("the address of the `page` (https://…, at most 500 bytes)")
	case e.Notice != p.Notice.Ref(e.Language):
		return false, ErrStaleNotice
	}
	return true, nil
}

// text is the evidence as an event keeps it. What follows ? and # of a page may be
// personal, and says nothing about the notice.
func (e Evidence) text() string {
	page, err := url.Parse(e.Page)
	if err != nil {
		return ""
	}
	page.RawQuery, page.Fragment, page.RawFragment, page.User = "", "", "", nil
	b, err := json.Marshal(struct {
		Page string    `json:"page"`
		At   time.Time `json:"at"`
	}{page.String(), e.At.UTC()})
	if err != nil {
		return ""
	}
	return string(b)
}

// Identify tells the ledger what a site says of its customer: how old they are,
// and by which law. What it does not say stays as it is known.
func (g *Gate) Identify(ctx context.Context, customer identity.CustomerID, is Person) error {
	tells := func(s Snapshot) bool {
		return is.AgeBand != "" && is.AgeBand != s.Person.AgeBand || is.Jurisdiction != "" && is.Jurisdiction != s.Person.Jurisdiction
	}
	if is == (Person{}) {
		return nil
	}
	s, err := g.ledger.Snapshot(ctx, customer)
	if err != nil {
		return fmt.Errorf("read the consent ledger: %w", err)
	}
	if !tells(s) {
		return nil
	}
	_, _, err = g.append(ctx, customer, func(p *Policy, s Snapshot) (Entry, error) {
		if !tells(s) {
			return Entry{}, nil
		}
		after := s.with(nil)
		if is.AgeBand != "" {
			after.Person.AgeBand = is.AgeBand
		}
		if is.Jurisdiction != "" {
			after.Person.Jurisdiction = is.Jurisdiction
		}
		return Entry{Person: &is, Live: live(p, after)}, nil
	})
	if err == nil {
		g.changed(customer)
	}
	return err
}
