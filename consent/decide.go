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
}

// Decide says whether the triple is allowed by the snapshot under the policy.
// It is pure and total: whatever it does not know is a denial.
func Decide(p *Policy, s Snapshot, t Triple, o Overlay) Decision {
	deny := func(state State, r Reason) Decision { return Decision{State: state, Reason: r} }
	if p == nil {
		return deny(None, Unavailable)
	}
	e, ok := s.Latest[t]
	state := e.State
	if !ok {
		state = None
	}
	switch {
	case !p.Uses(t):
		return deny(state, RecipientDenied)
	case o.Anonymous && t.Category != Conversation:
		return deny(state, Anonymous)
	case o.GPC && p.ThirdParty(t.Recipient):
		return deny(state, GPC)
	}
	switch state {
	case Given, Renewed:
	case Refused:
		return deny(state, RefusedReason)
	case Withdrawn, Revoked:
		return deny(state, WithdrawnReason)
	case Expired:
		return deny(state, ExpiredReason)
	case Invalidated:
		return deny(state, NoticeChanged)
	case None, Requested, Deferred:
		return deny(state, NoConsent)
	default:
		return deny(state, NoConsent)
	}
	switch {
	case !e.Expires.IsZero() && (s.Now.IsZero() || !s.Now.Before(e.Expires)):
		return deny(Expired, ExpiredReason)
	case e.Conversation != "" && e.Conversation != o.Conversation:
		// Given for another conversation: here it was never given.
		return deny(None, NoConsent)
	case !p.Covers(e.Notice, e.Language):
		return deny(Invalidated, NoticeChanged)
	}
	return Decision{Allowed: true, Grant: e.ID, Until: e.Expires, State: state}
}

// live returns the categories that have a grant of any purpose and recipient,
// in any conversation.
func live(p *Policy, s Snapshot) []Category {
	var out []Category
	for _, c := range p.Categories {
		for t, e := range s.Latest {
			if t.Category == c.ID && Decide(p, s, t, Overlay{Conversation: e.Conversation}).Allowed {
				out = append(out, c.ID)
				break
			}
		}
	}
	return out
}
