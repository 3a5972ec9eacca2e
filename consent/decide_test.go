package consent_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"candor/consent"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var states = []consent.State{
	consent.None, consent.Requested, consent.Deferred, consent.Refused, consent.Given, consent.Renewed,
	consent.Withdrawn, consent.Revoked, consent.Expired, consent.Invalidated,
	"", "GIVEN", "allowed", // not states at all
}

// denied is the reason that a state alone gives; a state that is not here is
// one that allows.
var denied = map[consent.State]consent.Reason{
	consent.None: consent.NoConsent, consent.Requested: consent.NoConsent, consent.Deferred: consent.NoConsent,
	consent.Refused: consent.RefusedReason, consent.Withdrawn: consent.WithdrawnReason, consent.Revoked: consent.WithdrawnReason,
	consent.Expired: consent.ExpiredReason, consent.Invalidated: consent.NoticeChanged,
	"": consent.NoConsent, "GIVEN": consent.NoConsent, "allowed": consent.NoConsent,
}

// TestDecide goes through every combination of what a decision depends on. The
// rules are said a second time here, as a list of everything that must hold.
func TestDecide(t *testing.T) {
	t.Parallel()
	p := consent.DefaultPolicy()
	ref := p.Notice.Ref("en")
	other := ref
	other.Version = "0"
	forged := ref
	forged.SHA256 = strings.Repeat("0", 64)

	triples := map[string]consent.Triple{
		"in-house":          {Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI},
		"desk":              {Purpose: consent.AgentAssist, Category: "orders", Recipient: consent.HumanAgents},
		"outside":           {Purpose: consent.Answers, Category: "orders", Recipient: "ai_provider:openai"},
		"own words outside": {Purpose: consent.Answers, Category: consent.Conversation, Recipient: "ai_provider:openai"},
		"no such use":       {Purpose: consent.Insights, Category: "location", Recipient: consent.HumanAgents},
		"unknown recipient": {Purpose: consent.Answers, Category: "orders", Recipient: "ai_provider:other"},
		"unknown category":  {Purpose: consent.Answers, Category: "health", Recipient: consent.BrandAI},
		"unknown purpose":   {Purpose: "training", Category: "orders", Recipient: consent.BrandAI},
		"empty":             {},
	}
	exists := map[string]bool{"in-house": true, "desk": true, "outside": true, "own words outside": true}
	third := map[string]bool{"outside": true, "own words outside": true}
	notices := map[string]consent.NoticeRef{"current": ref, "older": other, "forged": forged, "none": {}}
	expiries := map[string]time.Time{"never": {}, "later": noon.Add(time.Nanosecond), "now": noon, "earlier": noon.Add(-time.Hour)}
	conversations := map[string][2]string{ // of the grant, of the request
		"standing": {"", "cnv_1"}, "standing, no request": {"", ""}, "here": {"cnv_1", "cnv_1"},
		"elsewhere": {"cnv_1", "cnv_2"}, "for one, asked outside": {"cnv_1", ""},
	}
	allowed, total := 0, 0
	for tripleName, triple := range triples {
		for _, state := range states {
			for noticeName, notice := range notices {
				for expiryName, expires := range expiries {
					for whereName, where := range conversations {
						for overlay := range 4 {
							total++
							o := consent.Overlay{Anonymous: overlay&1 > 0, GPC: overlay&2 > 0, Conversation: where[1]}
							s := consent.Snapshot{Epoch: 1, Now: noon, Latest: map[consent.Key]consent.Event{{Triple: triple, Conversation: where[0]}: {
								ID: "grt_1", Triple: triple, State: state, Notice: notice, Language: "en", Conversation: where[0], Expires: expires, Version: p.Version,
							}}}
							got := consent.Decide(p, s, triple, o)
							var want consent.Reason
							switch reason, stateDenies := denied[state]; {
							case !exists[tripleName]:
								want = consent.RecipientDenied
							case o.Anonymous && triple.Category != consent.Conversation:
								want = consent.Anonymous
							case o.GPC && third[tripleName]:
								want = consent.GPC
							case whereName == "elsewhere" || whereName == "for one, asked outside":
								want = consent.NoConsent
							case stateDenies:
								want = reason
							case expiryName == "now" || expiryName == "earlier":
								want = consent.ExpiredReason
							case noticeName != "current":
								want = consent.NoticeChanged
							}
							name := fmt.Sprintf("%s, %s, notice %s, expires %s, %s, %+v", tripleName, state, noticeName, expiryName, whereName, o)
							if got.Allowed != (want == "") || got.Reason != want {
								t.Errorf("%s: %+v, want reason %q", name, got, want)
							}
							if got.Allowed {
								allowed++
								if got.Grant != "grt_1" || !got.Until.Equal(expires) {
									t.Errorf("%s: allowed by %q until %v", name, got.Grant, got.Until)
								}
							} else if got.Grant != "" || !got.Until.IsZero() {
								t.Errorf("%s: a denial names a grant: %+v", name, got)
							}
						}
					}
				}
			}
		}
	}
	// in-house and desk with GPC or not, outside without, own words also for
	// visitors; given or renewed; two expiries; three places.
	if want := (2 + 2 + 1 + 2) * 2 * 2 * 3; allowed != want {
		t.Errorf("%d of %d combinations are allowed, want %d", allowed, total, want)
	}
}

// TestDecideDeniesTheUnknown: what is not there denies.
func TestDecideDeniesTheUnknown(t *testing.T) {
	t.Parallel()
	p := consent.DefaultPolicy()
	triple := consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}
	given := consent.Event{ID: "g", Triple: triple, State: consent.Given, Notice: p.Notice.Ref("en"), Language: "en", Version: p.Version}
	in := func(e consent.Event) consent.Snapshot {
		return consent.Snapshot{Now: noon, Latest: map[consent.Key]consent.Event{e.Key(): e}}
	}
	if !consent.Decide(p, in(given), triple, consent.Overlay{}).Allowed {
		t.Fatal("the case denies anyway")
	}
	if (consent.Decision{}).Allowed {
		t.Error("the zero decision allows")
	}
	expiring := in(given)
	e := given
	e.Expires = noon.Add(time.Hour)
	expiring.Latest[e.Key()] = e
	expiring.Now = time.Time{}
	for name, d := range map[string]consent.Decision{
		"no policy":         consent.Decide(nil, in(given), triple, consent.Overlay{}),
		"an empty policy":   consent.Decide(&consent.Policy{}, in(given), triple, consent.Overlay{}),
		"no snapshot":       consent.Decide(p, consent.Snapshot{}, triple, consent.Overlay{}),
		"no clock":          consent.Decide(p, expiring, triple, consent.Overlay{}),
		"an empty event":    consent.Decide(p, in(consent.Event{}), triple, consent.Overlay{}),
		"another recipient": consent.Decide(p, in(given), consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: "ai_provider:openai"}, consent.Overlay{}),
		"another category":  consent.Decide(p, in(given), consent.Triple{Purpose: consent.Answers, Category: "billing", Recipient: consent.BrandAI}, consent.Overlay{}),
		"another purpose":   consent.Decide(p, in(given), consent.Triple{Purpose: consent.AgentAssist, Category: "orders", Recipient: consent.BrandAI}, consent.Overlay{}),
	} {
		if d.Allowed || d.Reason == "" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	// The notice in another language is another text, which was not shown.
	e = given
	e.Language = "ru"
	if d := consent.Decide(p, in(e), triple, consent.Overlay{}); d.Allowed {
		t.Error("the English text counts as the Russian one")
	}
	e.Notice = p.Notice.Ref("ru")
	if d := consent.Decide(p, in(e), triple, consent.Overlay{}); !d.Allowed {
		t.Errorf("the Russian notice: %+v", d)
	}
}

func policyText(tb testing.TB) string {
	tb.Helper()
	b, err := os.ReadFile("policy.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func BenchmarkDecide(b *testing.B) {
	old := consent.DefaultPolicy()
	for name, p := range map[string]*consent.Policy{"the policy of the grant": old, "a later policy": edit(b, "next").Following([]*consent.Policy{old})} {
		b.Run(name, func(b *testing.B) {
			s := grants(old, consent.Answers, "uk")
			triple := consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}
			if !consent.Decide(p, s, triple, consent.Overlay{}).Allowed {
				b.Fatal("denied")
			}
			for b.Loop() {
				consent.Decide(p, s, triple, consent.Overlay{})
			}
		})
	}
}

// grants is a snapshot that allows every triple of a purpose.
func grants(p *consent.Policy, purpose consent.Purpose, language string) consent.Snapshot {
	s := consent.Snapshot{Epoch: 1, Now: noon, PolicyVersion: p.Version, Latest: make(map[consent.Key]consent.Event)}
	for _, t := range p.Triples() {
		if t.Purpose == purpose {
			s.Latest[consent.Key{Triple: t}] = consent.Event{
				ID: "grt_" + string(t.Category) + string(t.Recipient), Triple: t, State: consent.Given,
				Notice: p.Notice.Ref(language), Language: language, Expires: noon.Add(time.Hour), Version: p.Version,
			}
		}
	}
	return s
}
