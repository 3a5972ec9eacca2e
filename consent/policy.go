package consent

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"iter"
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

// In returns the text in the language, or in one of the same base ("pt-BR" for
// "pt-PT"), or in English.
func (t Text) In(language string) string { return t[t.language(language)] }

// language returns the language of the text that In returns.
func (t Text) language(tag string) string {
	if _, ok := t[tag]; ok {
		return tag
	}
	if l := MatchLanguage(tag); l != Languages[0] {
		return l
	}
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if _, ok := t[base]; ok {
		return base
	}
	return Languages[0]
}

// speaks reports whether there is a text in the language of a tag, or in one of the
// same base. No tag is the first language, as it is shown.
func (t Text) speaks(tag string) bool {
	l := t.language(tag)
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	have, _, _ := strings.Cut(strings.ToLower(l), "-")
	return t[l] != "" && (tag == "" || base == have)
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
	// Sensitive is whether it is of a special kind (health, biometrics, ...), which
	// a policy must say on purpose.
	Sensitive bool `yaml:"sensitive"`
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

func (u Use) triples() iter.Seq[Triple] {
	return func(yield func(Triple) bool) {
		for _, c := range u.Categories {
			for _, r := range u.Recipients {
				if !yield(Triple{u.Purpose, c, r}) {
					return
				}
			}
		}
	}
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
	v, ok := count(n.Value, "d")
	if !ok {
		return fault(n, "%q is not a number of days such as 90d", n.Value)
	}
	*d = Days(v)
	return nil
}

// count reads a positive number before a unit.
func count(s, unit string) (int, bool) {
	number, ok := strings.CutSuffix(s, unit)
	v, err := strconv.Atoi(number)
	return v, ok && err == nil && v > 0 && v <= maxDays
}

// Duration returns d in hours of 24 a day.
func (d Days) Duration() time.Duration { return time.Duration(d) * 24 * time.Hour }

// Policy names the purposes, categories and recipients, and the triples of them
// that exist. It is read-only once loaded.
type Policy struct {
	Version  string `yaml:"version"`
	Audience string `yaml:"audience"` // general or children
	// Controller is who answers for the data; the site's name where it is empty.
	Controller Controller      `yaml:"controller"`
	Purposes   []PurposeSpec   `yaml:"purposes"`
	Categories []CategorySpec  `yaml:"categories"`
	Recipients []RecipientSpec `yaml:"recipients"`
	Use        []Use           `yaml:"uses"`
	Notice     Notice          `yaml:"notice"`
	// Topics are what a person answers for. They are no use of data: a change of them
	// suspends nothing.
	Topics []Topic `yaml:"topics"`
	// ConversationRetention is how long messages are kept.
	ConversationRetention Days `yaml:"conversation_retention"`
	// LogRetention is how long the citation log keeps what was said in a conversation
	// that is gone; 0: as long as messages.
	LogRetention Days `yaml:"log_retention"`
	// DeferFor is how long "not now" keeps a category from being asked for.
	DeferFor Days `yaml:"defer_for"`
	// ProofRetention is how long the proofs of consent of somebody who was erased
	// are kept.
	ProofRetention Days `yaml:"proof_retention"`
	// Jurisdictions are the profiles of law; the first is used where none is named.
	Jurisdictions []Profile `yaml:"jurisdictions"`
	// Changes says what the texts of this policy change against earlier ones.
	Changes []TextChange `yaml:"changes"`

	text    []byte
	sha256  string
	triples []Triple
	exists  map[Triple]bool
	uses    map[Purpose][]usedCategory // categories in the order of the file
	third   map[Recipient]bool
	notices map[string]NoticeRef // by language: the hash is too slow for every decision
	// earlier is what this policy leaves standing of the choices made under those
	// before it, by their version; nil until they are known (see Following).
	earlier map[string]past
}

// usedCategory is a category that a purpose uses, with the recipients of it.
type usedCategory struct {
	category   Category
	recipients []Recipient
}

// Topic is a subject that a person answers for and the assistant does not: a message
// that touches it goes to the desk at once.
type Topic struct {
	ID    string `yaml:"id"`
	Label Text   `yaml:"label"` // "Legal action"
	// Cues are words of a message that touch the topic, by language; those of one cue
	// come in their order, with at most one other word between two.
	Cues map[string][]string `yaml:"cues"`
	// Say is what the customer reads besides that a person comes, such as where to
	// find help right now; it may be empty.
	Say Text `yaml:"say"`
}

// Controller is the company that answers for the data.
type Controller struct {
	Name    string `yaml:"name"`
	Address string `yaml:"address"`
	Contact string `yaml:"contact"` // an e-mail address or a phone number
	URL     string `yaml:"url"`     // of its privacy notice
}

// DefaultPolicy returns the policy that is used where none is configured.
func DefaultPolicy() *Policy {
	p, err := LoadPolicy(bytes.NewReader(defaultPolicy))
	if err != nil {
		panic("the embedded policy: " + err.Error()) // a test loads it
	}
	return p
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

// SaidRetention is how long what was said is kept, whether as a message or by the
// citation log: customers are told it.
func (p *Policy) SaidRetention() Days { return max(p.ConversationRetention, p.LogRetention) }
