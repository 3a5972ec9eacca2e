package consent

import "time"

// Overlay is what narrows the ledger for one request. It never widens.
type Overlay struct {
	Anonymous    bool   // a visitor: no personal records
	GPC          bool   // Sec-GPC: masks third-party recipients
	Conversation string // the conversation the request is part of
}

// Decision is the answer for one triple. The zero value denies.
type Decision struct {
	Allowed bool
	Grant   string    // the event that allows it
	Until   time.Time // when the grant ends; zero if it does not
	Reason  Reason    // why not
	State   State
	Since   time.Time // when the state began; zero without an event
	// Ends is when what is not a grant ends: until then there is no asking again.
	Ends     time.Time
	guardian bool // a parent or guardian made the choice
	// within is the conversation that the grant ends with; empty for a standing one.
	within string
}

// Decide says whether the triple is allowed by the snapshot under the policy: by
// the standing choice, or by one for the conversation of the overlay. It is pure
// and total: whatever it does not know is a denial.
func Decide(p *Policy, s Snapshot, t Triple, o Overlay) Decision {
	if p == nil {
		return Decision{State: None, Reason: Unavailable}
	}
	standing := s.Latest[Key{t, ""}]
	d := decideEvent(p, s, standing)
	if o.Conversation != "" && !d.Allowed {
		// Of two denials the later one is what the customer said last.
		if here, ok := s.Latest[Key{t, o.Conversation}]; ok {
			if h := decideEvent(p, s, here); h.Allowed || here.Epoch >= standing.Epoch {
				d = h
			}
		}
	}
	mask := func(r Reason) Decision { return Decision{State: d.State, Since: d.Since, Reason: r} }
	switch {
	case !p.Uses(t):
		return mask(RecipientDenied)
	case o.Anonymous && t.Category != Conversation:
		return mask(Anonymous)
	case p.minor(s.Person.AgeBand) && t.Purpose == Insights:
		return mask(Minor)
	case !d.guardian && !p.mayChoose(s.Person.AgeBand, s.Person.Jurisdiction):
		return mask(Minor)
	case o.GPC && p.ThirdParty(t.Recipient):
		return mask(GPC)
	}
	return d
}

// decideEvent says what the latest event of a choice allows.
func decideEvent(p *Policy, s Snapshot, e Event) Decision {
	deny := func(state State, r Reason) Decision {
		return Decision{State: state, Since: e.At, Reason: r, guardian: e.byGuardian()}
	}
	switch e.State {
	case Given, Renewed:
	case Refused:
		return deny(Refused, RefusedReason)
	case Withdrawn, Revoked:
		return deny(e.State, WithdrawnReason)
	case Expired:
		return deny(Expired, ExpiredReason)
	case Invalidated:
		return deny(Invalidated, NoticeChanged)
	case Requested, Deferred:
		d := deny(e.State, NoConsent)
		d.Ends = e.Expires
		return d
	case None:
		return deny(None, NoConsent)
	default: // no event, or a state that is not known
		return deny(None, NoConsent)
	}
	switch {
	case s.over(e):
		return deny(Expired, ExpiredReason)
	case !p.Stands(e):
		return deny(Invalidated, NoticeChanged)
	}
	return Decision{Allowed: true, Grant: e.ID, Until: e.Expires, State: e.State, Since: e.At, guardian: e.byGuardian(), within: e.Conversation}
}

// over reports whether the time of a grant has run out, or its conversation has
// ended. Without a clock whatever expires has.
func (s Snapshot) over(e Event) bool {
	ended, ok := s.Ended[e.Conversation]
	return !e.Expires.IsZero() && (s.Now.IsZero() || !s.Now.Before(e.Expires)) || ok && e.Epoch <= ended
}

// live returns the categories that have a grant of any purpose and recipient,
// in any conversation.
func live(p *Policy, s Snapshot) []Category {
	var out []Category
	for _, c := range p.Categories {
		for k := range s.Latest {
			if k.Category == c.ID && Decide(p, s, k.Triple, Overlay{Conversation: k.Conversation}).Allowed {
				out = append(out, c.ID)
				break
			}
		}
	}
	return out
}
