// Package desktest is the conformance suite of agents.Desk: the rules by which
// people take conversations over, as every implementation must keep them.
//
// It promises to test through the desk as an agent uses it and through the
// store as the customer sees it, with consent given by the real gate. It knows
// no database and no transport: whoever runs it brings them.
package desktest

import (
	"context"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// Store is what a desk and its customers are kept in. *store.Store is one.
type Store interface {
	agents.Store
	conversation.Store
	consent.Ledger
	identity.Directory
	InstallPolicy(ctx context.Context, p *consent.Policy) error
	PutRecord(ctx context.Context, r retrieval.Record) error
	SetQueue(ctx context.Context, q agents.Queue, actor string) error
	SetSeat(ctx context.Context, seat agents.Seat) error
}

// phrases are the set phrases of the fixture's desk, in English.
type phrases struct{}

var _ agents.Notices = phrases{}

func (phrases) Joined(_, agent string) string   { return agent + " joined the chat." }
func (phrases) Returned(_, brand string) string { return brand + "'s assistant is back." }
func (phrases) Gone(string) string              { return "Somebody else will take over." }
func (phrases) Resolved(string) string          { return "This conversation is closed." }

func (phrases) NotShared(_ string, categories []consent.Category) string {
	out := "[quoted from"
	for _, c := range categories {
		out += " " + string(c)
	}
	return out + ", not shared]"
}
