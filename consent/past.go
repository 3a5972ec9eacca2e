package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/identity"
)

// Past is what was allowed at a moment.
type Past struct {
	At            time.Time
	Epoch         int64
	PolicyVersion string // in force then; empty: none was
	Choices       []PastChoice
}

// PastChoice is a choice as it stood, with the text it was made on.
type PastChoice struct {
	Choice
	Conversation string    // the one that it was limited to
	Notice       NoticeRef // empty where there was no event yet
	Language     string
	Text         string // of the notice, with {brand} for the site's name
}

// ErrFuture means that a moment has not come yet.
var ErrFuture = errors.New("that time has not come yet")

// At returns every choice of a customer as it stood at a time, and the text that
// had been read: the standing ones in the order of the policy in force then, and
// after them those for one conversation. The ledger keeps events and not how old
// the customer was: the age band is the one of today.
func (g *Gate) At(ctx context.Context, customer identity.CustomerID, at time.Time) (Past, error) {
	now, _, err := g.snapshot(ctx, customer)
	if err != nil {
		return Past{}, err
	}
	if at.After(now.Now) {
		return Past{}, ErrFuture
	}
	events, err := g.ledger.History(ctx, customer)
	if err != nil {
		return Past{}, fmt.Errorf("read the consent ledger: %w", err)
	}
	versions, err := g.ledger.Policies(ctx)
	if err != nil {
		return Past{}, fmt.Errorf("read the policies: %w", err)
	}
	out := Past{At: at, Choices: []PastChoice{}}
	inForce := ""
	for _, v := range versions {
		if !v.At.After(at) {
			inForce = v.Version
		}
	}
	if inForce == "" {
		return out, nil
	}
	line, err := g.lineOf(versions)
	if err != nil {
		return Past{}, fmt.Errorf("the policies: %w", err)
	}
	byVersion := make(map[string]*Policy, len(line))
	for _, x := range line {
		byVersion[x.Version] = x
	}
	p := byVersion[inForce]
	if p == nil {
		return Past{}, fmt.Errorf("the policy in force then, version %q, does not read any more", inForce)
	}
	s := Snapshot{Now: at, PolicyVersion: p.Version, Person: now.Person, Latest: make(map[Key]Event)}
	for _, e := range events {
		if !e.At.After(at) {
			s.Latest[e.Key()], s.Epoch = e, max(s.Epoch, e.Epoch)
		}
	}
	out.Epoch, out.PolicyVersion = s.Epoch, p.Version
	add := func(k Key) {
		d := Decide(p, s, k.Triple, Overlay{Conversation: k.Conversation})
		e := s.Latest[k]
		c := PastChoice{
			Choice: d.choice(k.Triple), Conversation: k.Conversation, Notice: e.Notice, Language: e.Language,
		}
		// What ends by itself under a later policy still has the notice of the choice.
		for _, read := range append([]*Policy{byVersion[e.Version]}, line...) {
			if c.Text == "" && read.wrote(e) {
				c.Text = read.Notice.Text[e.Language]
			}
		}
		out.Choices = append(out.Choices, c)
	}
	for _, t := range p.triples {
		add(Key{t, ""})
	}
	var within []Key
	for k := range s.Latest {
		if k.Conversation != "" {
			within = append(within, k)
		}
	}
	slices.SortFunc(within, func(a, b Key) int { return strings.Compare(s.Latest[a].ID, s.Latest[b].ID) })
	for _, k := range within {
		add(k)
	}
	return out, nil
}
