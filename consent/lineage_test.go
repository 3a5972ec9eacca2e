package consent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/consent"
)

// edit returns the default policy with a new version and with what is replaced, in
// pairs of old and new.
func edit(tb testing.TB, version string, pairs ...string) *consent.Policy {
	tb.Helper()
	text := strings.Replace(policyText(tb), `version: "2026-11-28"`, fmt.Sprintf("version: %q", version), 1)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			tb.Fatalf("the policy has no %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	p, err := consent.LoadPolicy(strings.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// topicsOf is the part of the default policy that names the topics.
func topicsOf(tb testing.TB) string {
	tb.Helper()
	_, rest, ok := strings.Cut(policyText(tb), "\ntopics:\n")
	topics, _, ended := strings.Cut(rest, "\nnotice:\n")
	if !ok || !ended {
		tb.Fatal("the policy has no topics before its notice")
	}
	return "topics:\n" + topics
}

// suspended lists the triples, with their language, of which a grant that was made
// under a policy does not hold under the last one of a line.
func suspended(tb testing.TB, under *consent.Policy, line ...*consent.Policy) (out []string) {
	tb.Helper()
	last := line[len(line)-1].Following(line[:len(line)-1])
	for _, language := range consent.Languages {
		for _, t := range under.Triples() {
			e := consent.Event{ID: "g", Triple: t, State: consent.Given, Notice: under.Notice.Ref(language), Language: language, Version: under.Version}
			s := consent.Snapshot{Now: noon, Latest: map[consent.Key]consent.Event{e.Key(): e}}
			d := consent.Decide(last, s, t, consent.Overlay{})
			if d.Allowed {
				continue
			}
			if d.Reason != consent.NoticeChanged && (d.Reason != consent.RecipientDenied || last.Uses(t)) {
				tb.Errorf("%v is denied for %s", t, d.Reason)
			}
			out = append(out, fmt.Sprintf("%s %s/%s/%s", language, t.Purpose, t.Category, t.Recipient))
		}
	}
	slices.Sort(out)
	return out
}

// TestMaterialChanges: loading a policy suspends exactly what it changes.
func TestMaterialChanges(t *testing.T) {
	t.Parallel()
	old := consent.DefaultPolicy()
	all := func(match func(x consent.Triple) bool, languages ...string) (out []string) {
		if len(languages) == 0 {
			languages = consent.Languages
		}
		for _, l := range languages {
			for _, x := range old.Triples() {
				if match(x) {
					out = append(out, fmt.Sprintf("%s %s/%s/%s", l, x.Purpose, x.Category, x.Recipient))
				}
			}
		}
		slices.Sort(out)
		return out
	}
	of := func(c consent.Category) func(consent.Triple) bool {
		return func(x consent.Triple) bool { return x.Category == c }
	}
	to := func(r consent.Recipient) func(consent.Triple) bool {
		return func(x consent.Triple) bool { return x.Recipient == r }
	}
	every := func(consent.Triple) bool { return true }
	wording := "changes:\n  - from: \"2026-11-28\"\n    touches: []\nnotice:\n"
	for _, tt := range []struct {
		name string
		edit []string
		want []string
	}{
		{"the version alone", nil, nil},
		{"a comment", []string{"# The default policy", "# A policy"}, nil},
		{"cues", []string{"my profile, customer number", "customer number"}, nil},
		{"a topic's cues, and what is said of it", []string{"en: [caught fire,", "en: [blew up,", "You are not alone.", "Please call."}, nil},
		{"no topics", []string{topicsOf(t), ""}, nil},
		{"a category that is kept longer", []string{"    retention: 730d", "    retention: 800d"}, all(of("orders"))},
		{"a category that is kept less long", []string{"    retention: 730d", "    retention: 700d"}, nil},
		{"messages that are kept longer", []string{"conversation_retention: 30d", "conversation_retention: 60d"}, all(of("conversation"))},
		{"entries of the log that are kept longer", []string{"log_retention: 30d", "log_retention: 60d"}, all(of("conversation"))},
		{"entries of the log that are kept as long as messages", []string{"log_retention: 30d", "log_retention: 10d"}, nil},
		{"a term added to a category", []string{`["pd:Purchase"]`, `["pd:Purchase", "pd:Health"]`}, all(of("orders"))},
		{"a term taken from a category", []string{`["pd:EmailAddress", "pd:AccountIdentifier"]`, `["pd:EmailAddress"]`}, nil},
		{"a term added to a purpose", []string{`["dpv:Personalisation"]`, `["dpv:Personalisation", "dpv:Marketing"]`}, all(func(x consent.Triple) bool { return x.Purpose == consent.Insights })},
		{"a description in one language", []string{"      uk: Замовлення\n", "      uk: Мої замовлення\n"}, all(of("orders"), "uk")},
		{"the label of a recipient", []string{`      en: "OpenAI, an outside AI company"`, `      en: "OpenAI or its successors"`}, all(to("ai_provider:openai"), "en")},
		{"the notice in one language", []string{"We do not train AI models on your data.", "We may train AI models on your data."}, all(every, "en")},
		{"another notice", []string{"  id: data-choices\n", "  id: other-choices\n"}, all(every)},
		{"the notice's version, and no text", []string{"  id: data-choices\n  version: \"1\"", "  id: data-choices\n  version: \"2\""}, nil},
		{"a notice that reads better", []string{"We do not train AI models on your data.", "We never train AI models on your data.", "notice:\n", wording}, nil},
		{
			"a notice that changes something for one category",
			[]string{"We do not train AI models on your data.", "We look at where you are.", "notice:\n", strings.Replace(wording, "[]", "\n      - categories: [location]", 1)},
			all(of("location")),
		},
		{
			"a notice that changes something for a purpose at a recipient",
			[]string{"notice:\n", strings.Replace(wording, "[]", "\n      - {purposes: [agent_assist], recipients: [human_agents]}", 1)},
			all(func(x consent.Triple) bool {
				return x.Purpose == consent.AgentAssist && x.Recipient == consent.HumanAgents
			}),
		},
		{
			"what is called wording, and is not",
			[]string{"    retention: 730d", "    retention: 800d", "notice:\n", wording},
			all(of("orders")),
		},
		{"wording against another version", []string{"We do not train AI models on your data.", "We never train.", "notice:\n", strings.Replace(wording, "2026-11-28", "2026-01-01", 1)}, all(every, "en")},
		{"a use that ends", []string{"categories: [orders, support_history, browsing, preferences]", "categories: [orders, support_history, preferences]"}, all(func(x consent.Triple) bool { return x.Purpose == consent.Insights && x.Category == "browsing" })},
		{"a use that begins", []string{"  - purpose: improvement\n    categories: [conversation]", "  - purpose: improvement\n    categories: [conversation, support_history]"}, nil},
		{"another kind of recipient", []string{"    dpv: \"dpv:DataProcessor\"", "    dpv: \"dpv:ThirdParty\""}, all(to("ai_provider:openai"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			next := edit(t, "next", tt.edit...)
			if d := cmp.Diff(tt.want, suspended(t, old, old, next), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("suspended (-want +got):\n%s", d)
			}
			// What a step suspends a later one does not give back, though it takes
			// the change back.
			after := suspended(t, old, old, next, edit(t, "back"))
			for _, gone := range tt.want {
				if !slices.Contains(after, gone) {
					t.Errorf("%s stands again after the change was taken back", gone)
				}
			}
			// What is agreed to under the new one stands under it.
			if got := suspended(t, next, old, next); len(got) > 0 {
				t.Errorf("grants of the new policy do not hold under it: %v", got)
			}
			// A policy that nobody knows leaves nothing.
			if got := suspended(t, old, next); len(got) != len(old.Triples())*len(consent.Languages) {
				t.Errorf("%d grants of an unknown policy do not hold, want all", len(got))
			}
		})
	}
}

// TestAForgedEventDoesNotStand: the notice of an event is that of its policy.
func TestAForgedEventDoesNotStand(t *testing.T) {
	t.Parallel()
	old, next := consent.DefaultPolicy(), edit(t, "next")
	p := next.Following([]*consent.Policy{old})
	good := consent.Event{Triple: triple(orders), State: consent.Given, Notice: old.Notice.Ref("es"), Language: "es", Version: old.Version}
	if !p.Stands(good) {
		t.Fatal("the case does not stand anyway")
	}
	for name, change := range map[string]func(*consent.Event){
		"another hash":     func(e *consent.Event) { e.Notice.SHA256 = strings.Repeat("0", 64) },
		"another language": func(e *consent.Event) { e.Language = "en" },
		"no language":      func(e *consent.Event) { e.Language = "" },
		"another notice":   func(e *consent.Event) { e.Notice.ID = "terms" },
		"another version":  func(e *consent.Event) { e.Version = "2020-01-01" },
		"no version":       func(e *consent.Event) { e.Version = "" },
	} {
		e := good
		change(&e)
		if p.Stands(e) {
			t.Errorf("%s: it stands", name)
		}
	}
}

// TestLine: a policy that does not read breaks the line.
func TestLine(t *testing.T) {
	t.Parallel()
	a, b, c := consent.DefaultPolicy(), edit(t, "b"), edit(t, "c")
	of := func(policies ...*consent.Policy) (out []consent.PolicyVersion) {
		for _, p := range policies {
			out = append(out, consent.PolicyVersion{Version: p.Version, Text: p.Text()})
		}
		return out
	}
	e := consent.Event{Triple: triple(orders), State: consent.Given, Notice: a.Notice.Ref("en"), Language: "en", Version: a.Version}
	line, err := consent.Line(of(a, b, c))
	if err != nil || len(line) != 3 || !line[2].Stands(e) {
		t.Fatalf("%d policies, %v", len(line), err)
	}
	broken := of(a, b, c)
	broken[1].Text = []byte("version: [")
	if line, err = consent.Line(broken); err != nil || len(line) != 2 || line[1].Stands(e) {
		t.Errorf("behind a policy that does not read: %d policies, %v", len(line), err)
	}
	broken[2].Text = nil
	if line, err = consent.Line(broken); err == nil {
		t.Errorf("the one in force does not read: %d policies", len(line))
	}
	if line, err = consent.Line(nil); err != nil || len(line) != 0 {
		t.Errorf("no policies: %d, %v", len(line), err)
	}
}

// TestNewPolicyOnTheStore: what is suspended there is what the files say, and what
// was not touched goes on without asking.
func TestNewPolicyOnTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, consent.DefaultPolicy())
	maya := w.who("maya", "cnv_1")
	w.change(maya, yes(orders, billing))
	next := edit(t, "next", "    retention: 730d", "    retention: 800d")
	w.must(w.store.InstallPolicy(t.Context(), next))
	for name, gate := range map[string]*consent.Gate{"the gate of before": w.gate, "one that starts": consent.NewGate(w.store, next)} {
		s, err := gate.Scope(t.Context(), maya, consent.Answers)
		w.must(err)
		if got := s.Searchable(); !slices.Equal(got, []consent.Category{"billing"}) {
			t.Errorf("%s: %v may be searched", name, got)
		}
		if !slices.Contains(s.Denials(), consent.Denial{Category: "orders", Reason: consent.NoticeChanged}) {
			t.Errorf("%s: %v", name, s.Denials())
		}
	}
	if got := w.change(maya, yes(orders, billing)); len(got.Events) != 1 || got.Events[0].Category != "orders" || got.Events[0].State != consent.Renewed {
		t.Errorf("renewed: %+v", got.Events)
	}
}
