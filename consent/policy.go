package consent

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed policy.yaml
var defaultPolicy []byte

// Languages are the languages that Candor itself speaks: those of its notices,
// offers and set phrases. The first is used where a text is missing.
var Languages = []string{"en", "pt-BR", "es", "uk", "ru"}

// Text is a text by language.
type Text map[string]string

// In returns the text in the language, or in a language of the same base
// ("pt" for "pt-BR"), or in English.
func (t Text) In(language string) string { return t[t.language(language)] }

// language returns the language of the text that In returns.
func (t Text) language(tag string) string {
	if _, ok := t[tag]; ok {
		return tag
	}
	return MatchLanguage(tag)
}

// MatchLanguage returns the language of Languages that is nearest to a BCP 47
// tag: the same, one of the same base language, or English.
func MatchLanguage(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	for _, l := range Languages {
		if strings.EqualFold(l, tag) {
			return l
		}
	}
	for _, l := range Languages {
		if b, _, _ := strings.Cut(strings.ToLower(l), "-"); b == base {
			return l
		}
	}
	return Languages[0]
}

// PurposeSpec describes a purpose.
type PurposeSpec struct {
	ID     Purpose  `yaml:"id"`
	DPV    []string `yaml:"dpv"`
	Fides  string   `yaml:"fides"`
	Label  Text     `yaml:"label"`  // "Answer my questions"
	Phrase Text     `yaml:"phrase"` // as it goes into a sentence: "answer your questions"
}

// CategorySpec describes a category of personal data.
type CategorySpec struct {
	ID          Category `yaml:"id"`
	DPV         []string `yaml:"dpv"`
	Fides       string   `yaml:"fides"`
	Label       Text     `yaml:"label"`  // "Orders"
	Phrase      Text     `yaml:"phrase"` // as it goes into a sentence: "orders" in "your orders"
	Description Text     `yaml:"description"`
	// SourceBasis says why the company has the data anyway.
	SourceBasis Text `yaml:"source_basis"`
	// Retention is how long a granted record is kept here; UnconsentedTTL how
	// long one that was never granted is.
	Retention      Days `yaml:"retention"`
	UnconsentedTTL Days `yaml:"unconsented_ttl"`
	// Cues are words of a question that suggest that the category would help,
	// by language. They decide offers, together with the question alone.
	Cues map[string][]string `yaml:"cues"`
}

// RecipientSpec describes a recipient.
type RecipientSpec struct {
	ID         Recipient `yaml:"id"`
	DPV        string    `yaml:"dpv"`
	ThirdParty bool      `yaml:"third_party"`
	Label      Text      `yaml:"label"`
	Only       Text      `yaml:"only"` // "Only {brand}'s own AI will see them."
}

// Use is a set of triples that exist.
type Use struct {
	Purpose    Purpose     `yaml:"purpose"`
	Categories []Category  `yaml:"categories"`
	Recipients []Recipient `yaml:"recipients"`
}

// Notice is the text a customer reads before choosing.
type Notice struct {
	ID      string `yaml:"id"`
	Version string `yaml:"version"`
	Text    Text   `yaml:"text"`
}

// Ref names the notice's text in a language.
func (n Notice) Ref(language string) NoticeRef {
	sum := sha256.Sum256([]byte(n.Text.In(language)))
	return NoticeRef{ID: n.ID, Version: n.Version, SHA256: hex.EncodeToString(sum[:])}
}

// Days is a duration in days, written "90d".
type Days int

// maxDays is a century: longer ones overflow a time.Duration before long.
const maxDays = 36_525

// UnmarshalYAML reads "90d".
func (d *Days) UnmarshalYAML(n *yaml.Node) error {
	s, ok := strings.CutSuffix(n.Value, "d")
	v, err := strconv.Atoi(s)
	if !ok || err != nil || v <= 0 || v > maxDays {
		return fmt.Errorf("line %d: %q is not a number of days such as 90d", n.Line, n.Value)
	}
	*d = Days(v)
	return nil
}

// Duration returns d in hours of 24 a day.
func (d Days) Duration() time.Duration { return time.Duration(d) * 24 * time.Hour }

// Policy names the purposes, categories and recipients, and the triples of them
// that exist. It is read-only once loaded.
type Policy struct {
	Version    string          `yaml:"version"`
	Audience   string          `yaml:"audience"` // general or children
	Purposes   []PurposeSpec   `yaml:"purposes"`
	Categories []CategorySpec  `yaml:"categories"`
	Recipients []RecipientSpec `yaml:"recipients"`
	Use        []Use           `yaml:"uses"`
	Notice     Notice          `yaml:"notice"`
	// ConversationRetention is how long messages are kept.
	ConversationRetention Days `yaml:"conversation_retention"`
	// DeferFor is how long "not now" keeps a category from being asked for.
	DeferFor Days `yaml:"defer_for"`

	text    []byte
	sha256  string
	triples []Triple
	exists  map[Triple]bool
	third   map[Recipient]bool
	notices map[string]NoticeRef // by language: the hash is too slow for every decision
}

// DefaultPolicy returns the policy that is used where none is configured.
func DefaultPolicy() *Policy {
	p, err := LoadPolicy(bytes.NewReader(defaultPolicy))
	if err != nil {
		panic("the embedded policy: " + err.Error()) // a test loads it
	}
	return p
}

// LoadPolicy reads and checks a policy. The error names everything that is
// wrong with it.
func LoadPolicy(r io.Reader) (*Policy, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	p := &Policy{}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	sum := sha256.Sum256(b)
	p.text = b
	p.sha256 = hex.EncodeToString(sum[:])
	p.exists = make(map[Triple]bool)
	p.third = make(map[Recipient]bool)
	p.notices = make(map[string]NoticeRef)
	for l := range p.Notice.Text {
		p.notices[l] = p.Notice.Ref(l)
	}
	for _, r := range p.Recipients {
		p.third[r.ID] = r.ThirdParty
	}
	for _, u := range p.Use {
		for _, c := range u.Categories {
			for _, r := range u.Recipients {
				t := Triple{u.Purpose, c, r}
				if !p.exists[t] {
					p.exists[t] = true
					p.triples = append(p.triples, t)
				}
			}
		}
	}
	return p, nil
}

func (p *Policy) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	texts := func(what string, t Text) {
		for _, l := range Languages {
			if strings.TrimSpace(t[l]) == "" {
				bad("%s has no text in %s", what, l)
			}
		}
	}
	if p.Version == "" {
		bad("version is missing")
	}
	if p.Audience != "general" && p.Audience != "children" {
		bad("audience %q is neither general nor children", p.Audience)
	}
	if p.ConversationRetention == 0 || p.DeferFor == 0 {
		bad("conversation_retention and defer_for are needed")
	}
	known := map[string]bool{}
	add := func(kind, id string) {
		if id == "" {
			bad("a %s has no id", kind)
		} else if known[kind+id] {
			bad("%s %q is defined twice", kind, id)
		}
		known[kind+id] = true
	}
	for _, x := range p.Purposes {
		add("purpose", string(x.ID))
		if !slices.Contains([]Purpose{Answers, AgentAssist, Insights, Improvement}, x.ID) {
			bad("purpose %q does not exist; there are answers, agent_assist, insights and improvement", x.ID)
		}
		texts("the label of purpose "+string(x.ID), x.Label)
		texts("the phrase of purpose "+string(x.ID), x.Phrase)
	}
	for _, x := range p.Categories {
		add("category", string(x.ID))
		if x.ID == Knowledge {
			bad("category knowledge is not personal and cannot be granted")
		}
		texts("the label of category "+string(x.ID), x.Label)
		texts("the phrase of category "+string(x.ID), x.Phrase)
		texts("the description of category "+string(x.ID), x.Description)
		texts("the source_basis of category "+string(x.ID), x.SourceBasis)
		if x.Retention == 0 || x.UnconsentedTTL == 0 {
			bad("category %q needs retention and unconsented_ttl", x.ID)
		}
	}
	for _, x := range p.Recipients {
		add("recipient", string(x.ID))
		texts("the label of recipient "+string(x.ID), x.Label)
		texts("the only-sentence of recipient "+string(x.ID), x.Only)
		if x.ID.Outside() && !x.ThirdParty {
			bad("recipient %q is outside the house, so third_party must be true", x.ID)
		}
	}
	for i, u := range p.Use {
		refer := func(kind, id string) {
			if !known[kind+id] {
				bad("uses[%d]: %s %q is not defined", i, kind, id)
			}
		}
		refer("purpose", string(u.Purpose))
		for _, c := range u.Categories {
			refer("category", string(c))
		}
		for _, r := range u.Recipients {
			refer("recipient", string(r))
		}
		if len(u.Categories) == 0 || len(u.Recipients) == 0 {
			bad("uses[%d] names no categories or no recipients; empty never means all", i)
		}
	}
	if p.Notice.ID == "" || p.Notice.Version == "" {
		bad("the notice needs an id and a version")
	}
	texts("the notice", p.Notice.Text)
	return errors.Join(errs...)
}

// SHA256 is the hash of the policy file, in hex.
func (p *Policy) SHA256() string { return p.sha256 }

// Text returns the text that the policy was loaded from.
func (p *Policy) Text() []byte { return p.text }

// Uses reports whether the triple exists at all.
func (p *Policy) Uses(t Triple) bool { return p.exists[t] }

// Triples returns every triple that exists, in the order of the file.
func (p *Policy) Triples() []Triple { return slices.Clone(p.triples) }

// ThirdParty reports whether the recipient is outside the house; an unknown one is.
func (p *Policy) ThirdParty(r Recipient) bool {
	third, known := p.third[r]
	return third || !known
}

// Category returns the description of a category.
func (p *Policy) Category(id Category) (CategorySpec, bool) {
	for _, c := range p.Categories {
		if c.ID == id {
			return c, true
		}
	}
	return CategorySpec{}, false
}

var conjunction = Text{"en": " and ", "pt-BR": " e ", "es": " y ", "uk": " та ", "ru": " и "}

// Phrase names categories as a sentence does, possessives included: "your
// orders, your invoices and your profile details". A category that the policy
// does not name is left out.
func (p *Policy) Phrase(language string, categories ...Category) string {
	var names []string
	for _, c := range categories {
		if spec, ok := p.Category(c); ok {
			names = append(names, spec.Phrase.In(language))
		}
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + conjunction.In(language) + names[last]
}

// Recipient returns the description of a recipient.
func (p *Policy) Recipient(id Recipient) (RecipientSpec, bool) {
	for _, r := range p.Recipients {
		if r.ID == id {
			return r, true
		}
	}
	return RecipientSpec{}, false
}

// Covers reports whether a choice made on the notice in the language still
// stands under this policy.
func (p *Policy) Covers(n NoticeRef, language string) bool {
	current, ok := p.notices[p.Notice.Text.language(language)]
	return ok && n == current
}
