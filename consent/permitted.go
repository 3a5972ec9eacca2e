package consent

import (
	"context"

	"candor/identity"
)

// Permitted reports whether a customer has allowed one triple at this moment, in a
// conversation or in general, for whoever asks about many of them and uses nothing else.
// Its stamp is for the transaction that relies on it: another choice since makes it
// stale. With an error nothing is permitted.
func (g *Gate) Permitted(ctx context.Context, customer identity.CustomerID, conversation string, t Triple) (Stamp, bool, error) {
	snap, p, err := g.snapshot(ctx, customer)
	if err != nil {
		return Stamp{}, false, err
	}
	d := Decide(p, snap, t, Overlay{Conversation: conversation})
	if !d.Allowed {
		return Stamp{}, false, nil
	}
	return Stamp{
		Customer: customer, Epoch: snap.Epoch, PolicyVersion: p.Version, ValidUntil: d.Until, Conversation: d.within, Personal: true,
	}, true, nil
}
