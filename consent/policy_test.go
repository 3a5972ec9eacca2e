package consent_test

import (
	"strings"
	"testing"
	"time"

	"candor/consent"
)

func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	p := consent.DefaultPolicy()
	if len(p.SHA256()) != 64 {
		t.Errorf("its hash is %q", p.SHA256())
	}
	// DESIGN §4 names these; each is in some use.
	used := map[string]bool{}
	for _, x := range p.Triples() {
		used[string(x.Purpose)], used[string(x.Category)], used[string(x.Recipient)] = true, true, true
		if !p.Uses(x) {
			t.Errorf("%+v is listed and does not exist", x)
		}
	}
	for _, want := range []string{
		"answers", "agent_assist", "insights", "improvement",
		"conversation", "profile", "orders", "billing", "support_history", "preferences", "browsing", "location", "inferences",
		"brand_ai", "human_agents", "ai_provider:openai",
	} {
		if !used[want] {
			t.Errorf("nothing uses %s", want)
		}
	}
	if len(p.Purposes) != 4 || len(p.Categories) != 9 {
		t.Errorf("%d purposes and %d categories", len(p.Purposes), len(p.Categories))
	}
	for _, c := range p.Categories {
		if len(c.DPV) == 0 {
			t.Errorf("category %s has no DPV term", c.ID)
		}
		for _, l := range consent.Languages {
			if c.ID != consent.Conversation && c.ID != "inferences" && len(c.Cues[l]) == 0 {
				t.Errorf("category %s has no cues in %s", c.ID, l)
			}
			for _, cue := range c.Cues[l] {
				if cue != strings.ToLower(cue) || strings.TrimSpace(cue) != cue || cue == "" {
					t.Errorf("category %s: the cue %q is not lower case", c.ID, cue)
				}
			}
		}
	}
	for _, x := range p.Purposes {
		if len(x.DPV) == 0 {
			t.Errorf("purpose %s has no DPV term", x.ID)
		}
	}
	for _, r := range p.Recipients {
		if r.DPV == "" || r.ThirdParty != r.ID.Outside() || p.ThirdParty(r.ID) != r.ThirdParty {
			t.Errorf("recipient %s: %+v", r.ID, r)
		}
	}
	if !p.ThirdParty("somebody") || !p.ThirdParty("") {
		t.Error("an unknown recipient counts as the company's own")
	}
	// The customer's own words stay in the house unless an outside model, or the
	// improvement of answers, was granted: no other use of them exists.
	for _, x := range p.Triples() {
		if x.Category == consent.Conversation && !x.Recipient.Outside() && x.Purpose != consent.Improvement {
			t.Errorf("a use of the customer's words that needs no grant: %+v", x)
		}
	}
	if _, ok := p.Category(consent.Knowledge); ok {
		t.Error("company knowledge is a category of personal data")
	}
	if n := p.Triples(); len(n) > 0 {
		n[0] = consent.Triple{}
		if p.Triples()[0] == (consent.Triple{}) {
			t.Error("a caller can change the policy's triples")
		}
	}
	if p.DeferFor.Duration() != 30*24*time.Hour {
		t.Errorf("not now holds for %v", p.DeferFor.Duration())
	}
}

func TestLoadPolicyRefuses(t *testing.T) {
	t.Parallel()
	text := policyText(t)
	const orders, billing = "  - id: orders\n", "  - id: billing\n"
	for _, tt := range []struct {
		name, old, new string
		want           string
	}{
		{"nothing", text, "", ""},
		{"not YAML", "audience: general", "audience: [general", ""},
		{"an unknown setting", "audience: general", "audience: general\nwildcards: true", "wildcards"},
		{"an unknown setting of a category", billing, billing + "    special: true\n", "special"},
		{"no version", `version: "2026-11-28"`, `version: ""`, "version is missing"},
		{"an unknown audience", "audience: general", "audience: adults", `audience "adults"`},
		{"no retention of conversations", "conversation_retention: 30d\n", "", "conversation_retention"},
		{"no time for not now", "defer_for: 30d\n", "", "defer_for"},
		{"a version that moves a cursor", `version: "2026-11-28"`, `version: "2026\e[1A"`, "cannot be printed"},
		{"a notice's version that does", `  version: "1"`, `  version: "1\n"`, "cannot be printed"},
		{
			"a product without an end", "\nuses:\n",
			"\nuses:\n  - {purpose: answers, categories: [" + strings.Repeat("orders, ", 200_000) + "], recipients: [" + strings.Repeat("brand_ai, ", 200_000) + "]}\n",
			"more categories or recipients than there are",
		},
		{"a category twice", billing, orders, `category "orders" is defined twice`},
		{"a purpose twice", "  - id: agent_assist\n", "  - id: answers\n", `purpose "answers" is defined twice`},
		{"a recipient twice", "  - id: human_agents\n", "  - id: brand_ai\n", `recipient "brand_ai" is defined twice`},
		{"a category without an id", billing, "  - id: \"\"\n", "a category has no id"},
		{"a purpose to train models", "  - id: insights\n", "  - id: training\n", `purpose "training" does not exist`},
		{"knowledge as a category", billing, "  - id: knowledge\n", "category knowledge is not personal"},
		{"an outside provider that says it is in-house", "third_party: true", "third_party: false", "third_party must be true"},
		{"an outside desk that says it is in-house", "  - id: human_agents\n", "  - id: \"desk:acme\"\n", "third_party must be true"},
		{"a webhook that says it is in-house", "  - id: human_agents\n", "  - id: \"webhook:crm\"\n", "third_party must be true"},
		{"an outside desk without a name", "  - id: human_agents\n", "  - id: \"desk:\"\n", "what follows the colon"},
		{"an outside desk whose name is no name of a desk", "  - id: human_agents\n", "  - id: \"desk:acme.eu\"\n", "what follows the colon"},
		{"an outside desk that answers", "    recipients: [\"ai_provider:openai\"]\n", "    recipients: [\"desk:acme\"]\n", "for purpose agent_assist alone"},
		{"a use of an unknown category", "categories: [conversation]", "categories: [health]", `category "health" is not defined`},
		{"a use of an unknown recipient", "recipients: [brand_ai, human_agents]", "recipients: [brand_ai, everyone]", `recipient "everyone" is not defined`},
		{"a use of an unknown purpose", "  - purpose: improvement\n", "  - purpose: marketing\n", `purpose "marketing" is not defined`},
		{"a use of no categories", "categories: [conversation]\n", "categories: []\n", "empty never means all"},
		{"a use of no recipients", "    recipients: [\"ai_provider:openai\"]\n", "", "empty never means all"},
		{"a wildcard", "categories: [conversation]", `categories: ["*"]`, `category "*" is not defined`},
		{"a label missing in a language", "      uk: Замовлення\n", "", "the label of category orders has no text in uk"},
		{"a label empty in a language", "      es: Pedidos\n", "      es: \"  \"\n", "the label of category orders has no text in es"},
		{"the notice without an id", "  id: data-choices\n", "", "the notice needs an id"},
		{"the notice without a version", "  version: \"1\"\n", "", "the notice needs an id and a version"},
		{"days without a unit", "retention: 730d", "retention: 730", "number of days"},
		{"no days", "retention: 730d", "retention: 0d", "number of days"},
		{"negative days", "retention: 730d", "retention: -1d", "number of days"},
		{"days that overflow", "retention: 730d", "retention: 200000d", "number of days"},
		{"hours", "retention: 730d", "retention: 24h", "number of days"},
		{"a category without retention", "    retention: 730d\n", "", `needs retention and unconsented_ttl`},
		{"a topic twice", "  - id: safety\n", "  - id: legal\n", `topic "legal" is defined twice`},
		{"a topic without an id", "  - id: safety\n", "  - id: \"\"\n", "a topic has no id"},
		{"a topic without a label", "  - id: safety\n    label: {", "  - id: safety\n    label: {en: x} #", "the label of topic safety has no text in pt-BR"},
		{"a topic without cues", "  - id: safety\n", "  - {id: war, label: {en: x, pt-BR: x, es: x, uk: x, ru: x}}\n  - id: safety\n", `topic "war" has no cues`},
		{"a cue of a letter", "en: [caught fire,", "en: [a, caught fire,", `the cue "a" is no word`},
		{"a cue of no letter", "en: [caught fire,", `en: ["?!?", caught fire,`, "it would touch everything"},
		{"a cue that is an essay", "en: [caught fire,", "en: [it was all so hot that it caught fire,", "longer than 8 words"},
		{"cues in a language that is not spoken", "en: [caught fire,", "de: [feuer]\n      en: [caught fire,", `cues in de, which is none of en`},
		{"too many cues", "en: [caught fire,", "en: [" + strings.Repeat("caught fire, ", 200), "at most 200"},
		{"too many topics", "topics:\n", "topics:\n" + strings.Repeat("  - {id: a1}\n", 50), "at most 50"},
		{"a topic of which too little is said", "      es: Si está en peligro", "      # Si está en peligro", "what is said of topic self_harm has no text in es"},
		{"a setting that topics do not have", "  - id: safety\n", "  - id: safety\n    urgent: true\n", "urgent"},
		{"a category without a limit while ungranted", "    unconsented_ttl: 30d\n", "", `needs retention and unconsented_ttl`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, tt.old) {
				t.Fatalf("the policy has no %q", tt.old)
			}
			p, err := consent.LoadPolicy(strings.NewReader(strings.Replace(text, tt.old, tt.new, 1)))
			if err == nil || p != nil {
				t.Fatal("it was loaded")
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "policy") {
				t.Errorf("the error is %q, want %q in it", err, tt.want)
			}
		})
	}
	// Everything that is wrong is said at once.
	twice := strings.NewReplacer("audience: general", "audience: adults", `version: "2026-11-28"`, `version: ""`).Replace(text)
	if _, err := consent.LoadPolicy(strings.NewReader(twice)); err == nil || !strings.Contains(err.Error(), "version is missing") || !strings.Contains(err.Error(), "adults") {
		t.Errorf("two mistakes: %v", err)
	}
}

func TestMatchLanguage(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"en": "en", "en-GB": "en", "pt": "pt-BR", "pt-PT": "pt-BR", "PT-br": "pt-BR", "es-419": "es", "uk-UA": "uk", "ru": "ru",
		"": "en", "de": "en", "-": "en", "rus": "en", "unknown-XX": "en",
	} {
		if got := consent.MatchLanguage(tag); got != want {
			t.Errorf("%q is read in %s, want %s", tag, got, want)
		}
	}
	text := consent.Text{"en": "hello", "de": "hallo", "pt-BR": "olá"}
	for tag, want := range map[string]string{"de": "hallo", "de-AT": "hallo", "pt": "olá", "fr": "hello"} {
		if got := text.In(tag); got != want {
			t.Errorf("%q reads %q, want %q", tag, got, want)
		}
	}
}

func TestSHA256NamesTheText(t *testing.T) {
	t.Parallel()
	text := policyText(t)
	a, err := consent.LoadPolicy(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := consent.LoadPolicy(strings.NewReader(text + "# a comment\n"))
	if err != nil {
		t.Fatal(err)
	}
	if a.SHA256() == b.SHA256() {
		t.Error("two files have one hash")
	}
	if a.Notice.Ref("en") == a.Notice.Ref("ru") || a.Notice.Ref("en") != b.Notice.Ref("en-GB") {
		t.Error("a notice's hash does not name its text")
	}
}
