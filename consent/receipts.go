package consent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"candor/identity"
)

// ErrUnknownReceipt means that the customer has no receipt of that id.
var ErrUnknownReceipt = errors.New("there is no such receipt")

// Receipts makes receipts from a ledger when they are asked for: every event has
// one. It is safe for concurrent use.
type Receipts struct {
	ledger Ledger
	key    ReceiptKey
	// policies are the policies that were read, by version; nil is one that does not
	// read any more. The text of a version never changes.
	policies sync.Map
}

// NewReceipts returns the receipts of a ledger, signed with a key.
func NewReceipts(l Ledger, key ReceiptKey) *Receipts { return &Receipts{ledger: l, key: key} }

// Verifier returns what the receipts are checked with.
func (r *Receipts) Verifier() string { return r.key.Verifier() }

// One returns the receipt of one of the customer's events; brand is the name of
// their site. Another customer's is ErrUnknownReceipt.
func (r *Receipts) One(ctx context.Context, customer identity.CustomerID, id, brand string) (Receipt, error) {
	history, err := r.ledger.History(ctx, customer)
	if err != nil {
		return Receipt{}, fmt.Errorf("read the consent ledger: %w", err)
	}
	i := slices.IndexFunc(history, func(e Event) bool { return e.ID == id })
	if i < 0 {
		return Receipt{}, ErrUnknownReceipt
	}
	return r.Of(ctx, history[i], brand)
}

// Of returns the receipt of an event of the ledger.
func (r *Receipts) Of(ctx context.Context, e Event, brand string) (Receipt, error) {
	read, err := r.read(ctx, e)
	if err != nil {
		return Receipt{}, err
	}
	return newReceipt(e, read, brand, r.key.Verifier()), nil
}

// File returns a receipt as its customer keeps it.
func (r *Receipts) File(x Receipt) ([]byte, error) { return x.File(r.key) }

// read returns the policy whose notice the customer read: the one in force at the
// event, or where the event is not the customer's own (a grant that runs out under
// a later policy) the one of their choice. Without its notice it is the one in
// force; nil if that does not read any more.
func (r *Receipts) read(ctx context.Context, e Event) (*Policy, error) {
	inForce, err := r.policy(ctx, e.Version)
	if err != nil || inForce.wrote(e) {
		return inForce, err
	}
	history, err := r.ledger.History(ctx, e.Customer)
	if err != nil {
		return nil, fmt.Errorf("read the consent ledger: %w", err)
	}
	for _, earlier := range slices.Backward(history) {
		if earlier.Notice != e.Notice || earlier.Epoch > e.Epoch {
			continue
		}
		if p, err := r.policy(ctx, earlier.Version); err != nil || p.wrote(e) {
			return p, err
		}
	}
	return inForce, nil
}

// wrote reports whether the event's notice is the policy's.
func (p *Policy) wrote(e Event) bool { return p != nil && p.notices[e.Language] == e.Notice }

func (r *Receipts) policy(ctx context.Context, version string) (*Policy, error) {
	if p, ok := r.policies.Load(version); ok {
		return p.(*Policy), nil
	}
	text, err := r.ledger.PolicyText(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("read the policy of a receipt: %w", err)
	}
	p, err := ReadPolicy(text)
	if err != nil {
		p = nil // an earlier program wrote it: the receipt has the bare names
	}
	r.policies.Store(version, p)
	return p, nil
}
