package storetest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/delivery"
)

func (f *fixture) webhook(name string, events ...string) delivery.Webhook {
	f.Helper()
	w := delivery.Webhook{Name: name, URL: "https://zanzibar.example/" + name, Events: events, Actor: "staff:stf_1"}
	secret, err := f.PutWebhook(f.Context(), w, false)
	f.must(err)
	if !strings.HasPrefix(secret, "whsec_") {
		f.Errorf("the secret of a new webhook is %q", secret)
	}
	w.Secret = secret
	return w
}

// webhooks: what a webhook wants is written with what it tells of, without words.
func webhooks(f *fixture) {
	all := f.webhook("all", "candor.handoff.*", "candor.conversation.*", "candor.message.unread")
	waits := f.webhook("waits", "candor.handoff.waiting")
	f.must(only(f.PutWebhook(f.Context(), delivery.Webhook{Name: "off", URL: "https://off.example", Events: []string{"candor.handoff.*"}}, true)))
	conv := f.talk(f.maya)
	f.handOff(conv)
	f.choose(f.maya, true, "orders") // an event of the bus that no webhook gets
	due := f.owed(string(waits.Recipient()))
	if len(due) != 1 || due[0].Kind != delivery.Hook || due[0].Event != "candor.handoff.waiting" || due[0].Attempts != 0 {
		f.Fatalf("it is told %+v", due)
	}
	var event struct {
		ID, Type, SpecVersion string
		Data                  map[string]any
	}
	f.must(json.Unmarshal(due[0].Body, &event))
	if event.ID != due[0].ID || event.Type != due[0].Event || event.SpecVersion != "1.0" || event.Data["conversation_id"] != conv {
		f.Errorf("the event is %s", due[0].Body)
	}
	out, err := f.Outbox(f.Context(), 1000)
	f.must(err)
	told := 0
	for _, o := range out {
		var e struct{ Type string }
		f.must(json.Unmarshal(o.Payload, &e))
		// Of a message a desk hears on the subject of its queue once more.
		if e.Type != "candor.consent.changed" && e.Type != "candor.handoff.message" {
			told++
		}
	}
	got := f.owed(string(all.Recipient()))
	if len(got) != told {
		f.Errorf("it is told %d events of %d", len(got), told)
	}
	if n := len(f.owed("webhook:off")); n != 0 {
		f.Errorf("one that is disabled is told %d", n)
	}

	w, err := f.Deliveries().Webhook(f.Context(), all.Recipient())
	if err != nil || w.Secret != all.Secret || w.URL != all.URL {
		f.Errorf("%+v, %v", w, err)
	}
	f.is("one that is disabled", only(f.Deliveries().Webhook(f.Context(), "webhook:off")), delivery.ErrNotWanted)
	f.is("one that is none", only(f.Deliveries().Webhook(f.Context(), "webhook:none")), delivery.ErrNotWanted)
	for _, secret := range []string{"zanzibar", strings.TrimPrefix(all.Secret, "whsec_")} {
		if where := f.plain(secret); len(where) > 0 {
			f.Errorf("%s is in %v", secret, where)
		}
	}
	// Changed, it keeps its secret, until it gets another one.
	changed := all
	changed.Secret, changed.URL = "", "https://other.example"
	if secret, err := f.PutWebhook(f.Context(), changed, false); err != nil || secret != "" {
		f.Errorf("changed: %q, %v", secret, err)
	}
	changed.Secret = delivery.NewSecret()
	if secret, err := f.PutWebhook(f.Context(), changed, false); err != nil || secret != changed.Secret {
		f.Errorf("another secret: %q, %v", secret, err)
	}
	if w, err := f.Deliveries().Webhook(f.Context(), all.Recipient()); err != nil || w.Secret != changed.Secret || w.URL != changed.URL {
		f.Errorf("changed: %+v, %v", w, err)
	}
	list, err := f.Webhooks(f.Context())
	if err != nil || len(list) != 3 || list[0].Name != "all" || list[0].Waiting != len(got) || list[0].Secret != "" || list[1].Why != delivery.DisabledByHand {
		f.Errorf("%+v, %v", list, err)
	}

	id, err := f.TryWebhook(f.Context(), "waits")
	f.must(err)
	log, err := f.WebhookLog(f.Context(), "waits", 10)
	if err != nil || len(log) != 2 || log[0].ID != id && log[1].ID != id {
		f.Errorf("its log: %+v, %v", log, err)
	}
	f.is("to try one that is disabled", only(f.TryWebhook(f.Context(), "off")), delivery.ErrWebhookDisabled)
	f.is("to try one that is none", only(f.TryWebhook(f.Context(), "none")), delivery.ErrUnknownWebhook)
	f.must(f.RemoveWebhook(f.Context(), "waits"))
	f.is("removed twice", f.RemoveWebhook(f.Context(), "waits"), delivery.ErrUnknownWebhook)
	if n := len(f.owed(string(waits.Recipient()))); n != 0 {
		f.Errorf("%d are to be delivered to one that was removed", n)
	}
}

// retriesEnd: what failed is tried again at its times and no more, a delivery is
// settled once, and what is over goes.
func retriesEnd(f *fixture) {
	w := f.webhook("shop", "candor.handoff.*")
	target := string(w.Recipient())
	id, err := f.TryWebhook(f.Context(), w.Name)
	f.must(err)
	want := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 5 * time.Hour}
	failed := delivery.Result{Status: delivery.Waiting, Code: 500, Why: "answer"}
	for i, delay := range want {
		due := f.owed(target)
		if len(due) != 1 || due[0].Attempts != i || due[0].ID != id {
			f.Fatalf("before try %d: %+v", i+1, due)
		}
		f.must(f.Deliveries().Settle(f.Context(), due[0], failed))
		f.pass(delay - time.Second)
		if n := len(f.owed(target)); n != 0 {
			f.Errorf("a second before try %d it is due", i+2)
		}
		f.pass(time.Second)
	}
	last := f.owed(target)[0]
	f.must(f.Deliveries().Settle(f.Context(), last, failed))
	f.must(f.Deliveries().Settle(f.Context(), last, delivery.Result{Status: delivery.Sent, Code: 200})) // late, and too late
	f.pass(48 * time.Hour)
	log, err := f.WebhookLog(f.Context(), w.Name, 10)
	if err != nil || len(log) != 1 || log[0].Status != delivery.Failed || log[0].Attempts != 7 || log[0].Code != 500 || !log[0].Next.IsZero() || log[0].Done.IsZero() {
		f.Errorf("in the end: %+v, %v", log, err)
	}
	if targets, err := f.Deliveries().Targets(f.Context()); err != nil || len(targets) != 0 {
		f.Errorf("due for %v, %v", targets, err)
	}
	if n := f.count("SELECT COUNT(*) FROM deliveries WHERE body IS NOT NULL"); n != 0 {
		f.Error("what was to be said is kept after its end")
	}
	f.must(f.SweepDeliveries(f.Context()))
	if n := f.count("SELECT COUNT(*) FROM deliveries"); n != 1 {
		f.Errorf("%d are known after two days", n)
	}
	f.pass(5 * 24 * time.Hour)
	f.must(f.SweepDeliveries(f.Context()))
	if n := f.count("SELECT COUNT(*) FROM deliveries"); n != 0 {
		f.Errorf("%d are known after a week", n)
	}
}

// failingIsDisabled: a webhook to which nothing came through for five days is disabled,
// one that is gone at once, and what was to be delivered to it is not.
func failingIsDisabled(f *fixture) {
	w, gone := f.webhook("shop", "candor.handoff.*"), f.webhook("gone", "candor.handoff.*")
	try := func(w delivery.Webhook, r delivery.Result) delivery.Webhook {
		f.Helper()
		id, err := f.TryWebhook(f.Context(), w.Name)
		f.must(err)
		f.must(f.Deliveries().Settle(f.Context(), delivery.Delivery{ID: id, Target: string(w.Recipient()), Kind: delivery.Hook, Attempts: 6}, r))
		now, err := f.WebhookNamed(f.Context(), w.Name)
		f.must(err)
		return now
	}
	failed := delivery.Result{Status: delivery.Waiting, Why: "timeout"}
	first := try(w, failed)
	if first.Failing.IsZero() || !first.Disabled.IsZero() {
		f.Errorf("after the first failure: %+v", first)
	}
	f.pass(4 * 24 * time.Hour)
	if now := try(w, failed); !now.Failing.Equal(first.Failing) || !now.Disabled.IsZero() {
		f.Errorf("after four days: %+v", now)
	}
	if now := try(w, delivery.Result{Status: delivery.Waiting, Why: delivery.Internal}); !now.Failing.Equal(first.Failing) {
		f.Errorf("our own fault: %+v", now)
	}
	if now := try(w, delivery.Result{Status: delivery.Sent, Code: 204}); !now.Failing.IsZero() {
		f.Errorf("after one that came through: %+v", now)
	}
	try(w, failed)
	f.pass(5*24*time.Hour - time.Second)
	if now := try(w, failed); !now.Disabled.IsZero() {
		f.Errorf("a second early: %+v", now)
	}
	f.pass(time.Second)
	f.must(only(f.TryWebhook(f.Context(), w.Name))) // waits
	now := try(w, failed)
	if now.Disabled.IsZero() || now.Why != delivery.DisabledByFailure || now.Waiting != 0 {
		f.Errorf("after five days: %+v", now)
	}
	if now := try(gone, delivery.Result{Status: delivery.Failed, Code: 410, Why: "answer", Gone: true}); now.Why != delivery.DisabledAsGone {
		f.Errorf("gone: %+v", now)
	}
	// By hand it is not disabled a second time, and enabled it begins anew.
	w.Secret = ""
	f.must(only(f.PutWebhook(f.Context(), w, true)))
	if still, err := f.WebhookNamed(f.Context(), w.Name); err != nil || cmp.Diff(still.Disabled, now.Disabled) != "" || still.Why != now.Why {
		f.Errorf("disabled again: %+v, %v", still, err)
	}
	f.must(only(f.PutWebhook(f.Context(), w, false)))
	if again, err := f.WebhookNamed(f.Context(), w.Name); err != nil || !again.Disabled.IsZero() || again.Why != "" || !again.Failing.IsZero() {
		f.Errorf("enabled: %+v, %v", again, err)
	}
}
