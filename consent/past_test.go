package consent_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
)

// TestAt: what is said of the past is what was said then.
func TestAt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { remember(t, rand.New(rand.NewPCG(seed, 4))) })
		})
	}
}

// TestAtNamesTheTextThatWasRead: also of a grant that ran out under a later one.
func TestAtNamesTheTextThatWasRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, consent.DefaultPolicy())
		maya := w.who("maya", "cnv_1")
		w.change(maya, here(orders))
		w.must(w.store.InstallPolicy(t.Context(), edit(t, "reworded", "We do not train AI models on your data.", "We keep your data where you live.")))
		time.Sleep(consent.ConversationGrant)
		n, err := w.gate.Expire(t.Context(), 10)
		w.must(err)
		past, err := w.gate.At(t.Context(), maya.Customer, time.Now())
		w.must(err)
		last := past.Choices[len(past.Choices)-1]
		if n != 1 || last.Conversation != "cnv_1" || last.State != consent.Expired || last.Text != consent.DefaultPolicy().Notice.Text["en"] {
			t.Errorf("%d, %+v", n, last)
		}
	})
}

type moment struct {
	at      time.Time
	choices consent.Choices
}

func remember(t *testing.T, r *rand.Rand) {
	w := newWorld(t, consent.DefaultPolicy())
	maya := w.who("maya", "cnv_1")
	all := []string{orders, billing, "answers/profile/brand_ai", "agent_assist/orders/human_agents"}
	policies := []*consent.Policy{
		edit(t, "second", "    retention: 730d", "    retention: 800d"),
		edit(t, "third", "categories: [orders, support_history, browsing, preferences]", "categories: [orders]"),
	}
	var seen []moment
	for range 25 {
		x := all[r.IntN(len(all))]
		set := []consent.ChangeSet{yes(x), yes(x), here(x), no(x), notNow(x)}[r.IntN(5)]
		set.Language = consent.Languages[r.IntN(len(consent.Languages))]
		w.change(maya, set)
		if r.IntN(12) == 0 && len(policies) > 0 {
			w.must(w.store.InstallPolicy(t.Context(), policies[0]))
			policies = policies[1:]
		}
		if r.IntN(4) == 0 {
			time.Sleep(time.Duration(r.IntN(30)) * time.Hour)
			_, err := w.gate.Expire(t.Context(), 10)
			w.must(err)
		}
		time.Sleep(time.Millisecond)
		// As a customer who is in no conversation: what was limited to one is listed apart.
		who := maya
		who.Conversation = ""
		c, err := w.gate.Choices(t.Context(), who, "en")
		w.must(err)
		seen = append(seen, moment{time.Now(), c})
		time.Sleep(time.Millisecond)
	}
	for i, m := range seen {
		past, err := w.gate.At(t.Context(), maya.Customer, m.at)
		w.must(err)
		if past.Epoch != m.choices.Epoch || past.PolicyVersion != m.choices.PolicyVersion {
			t.Fatalf("moment %d: epoch %d of policy %s, was %d of %s", i, past.Epoch, past.PolicyVersion, m.choices.Epoch, m.choices.PolicyVersion)
		}
		var standing []consent.Choice
		for _, c := range past.Choices {
			if c.Conversation != "" {
				continue
			}
			if standing = append(standing, c.Choice); c.State == consent.None {
				continue
			}
			if c.Text == "" || c.Text != consent.DefaultPolicy().Notice.Text[c.Language] {
				t.Errorf("moment %d: %v was chosen on %q", i, c.Triple, c.Text)
			}
		}
		if d := cmp.Diff(m.choices.Choices, standing); d != "" {
			t.Fatalf("moment %d (-was +is said):\n%s", i, d)
		}
	}
	if _, err := w.gate.At(t.Context(), maya.Customer, time.Now().Add(time.Second)); !errors.Is(err, consent.ErrFuture) {
		t.Errorf("the future: %v", err)
	}
	if past, err := w.gate.At(t.Context(), maya.Customer, time.Now().Add(-10000*time.Hour)); err != nil || len(past.Choices) != 0 {
		t.Errorf("before there was a policy: %+v, %v", past, err)
	}
	if _, err := w.gate.At(t.Context(), "cus_nobody", time.Now()); !errors.Is(err, consent.ErrUnknownCustomer) {
		t.Errorf("somebody unknown: %v", err)
	}
}
