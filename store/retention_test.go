package store

import (
	"fmt"
	"testing"
	"time"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// TestRetentionGoesOn: what cannot be removed of one customer, since the key of a
// legal hold is missing, does not keep what is over of the others.
func TestRetentionGoesOn(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		s := open()
		ctx := t.Context()
		must(t, s.InstallPolicy(ctx, consent.DefaultPolicy()))
		must(t, s.AddSite(ctx, identity.Site{ID: "shop"}, "key"))
		const others = 6 // in whichever order they come
		for i := range others + 1 {
			id, err := s.Customer(ctx, "shop", fmt.Sprint(i))
			must(t, err)
			must(t, s.PutRecord(ctx, retrieval.Record{
				ID: fmt.Sprint(i), Site: "shop", Customer: id, Category: "orders", Text: "A tent.", Expires: time.Unix(1, 0),
			}))
			must(t, s.Create(ctx, conversation.Conversation{ID: fmt.Sprint("cnv_", i), Site: "shop", Customer: id, State: conversation.Pending},
				conversation.Message{ID: fmt.Sprint("msg_", i), From: conversation.FromCustomer}))
			if i > 0 {
				continue
			}
			h, err := s.AddLegalHold(ctx, consent.Hold{Customer: id, Categories: []consent.Category{"orders"}, Until: time.Now().Add(time.Hour)})
			must(t, err)
			must(t, s.keys.Destroy(ctx, holdKey(h.ID)))
		}
		if n, err := s.RemoveExpired(ctx, consent.DefaultPolicy().Categories); n != others || err == nil {
			t.Errorf("removed %d records of %d, %v", n, others, err)
		}
		if n, err := s.RemoveConversations(ctx, 0); n != others || err == nil {
			t.Errorf("removed %d conversations of %d, %v", n, others, err)
		}
		if _, err := s.Record(ctx, "shop", "0"); err != nil {
			t.Errorf("what is under the hold: %v", err)
		}
	})
}
