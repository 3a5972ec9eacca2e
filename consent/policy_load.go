package consent

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// PolicyFault is something wrong with a policy. Line counts from 1; 0 is the file as a
// whole.
type PolicyFault struct {
	Line int
	Text string
}

// PolicyErrors is everything that is wrong with a policy, in the order of its lines.
type PolicyErrors []PolicyFault

// Error names every fault with its line.
func (f PolicyErrors) Error() string {
	if len(f) == 1 {
		return "policy: " + f[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "policy: %d faults", len(f))
	for _, x := range f {
		b.WriteString("\n  " + x.String())
	}
	return b.String()
}

// String names the line.
func (f PolicyFault) String() string {
	if f.Line == 0 {
		return f.Text
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.Text)
}

// fault is an error of decoding; the rest is decoded all the same.
func fault(n *yaml.Node, format string, args ...any) error {
	return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: "+format, append([]any{n.Line}, args...)...)}}
}

// maxPolicy bounds a policy file, in bytes.
const maxPolicy = 4 << 20

// LoadPolicy reads and checks a policy. What is wrong with it is PolicyErrors: all of
// it, each with its line.
func LoadPolicy(r io.Reader) (*Policy, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxPolicy+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxPolicy {
		return nil, PolicyErrors{{Text: fmt.Sprintf("it is longer than %d bytes", maxPolicy)}}
	}
	p := &Policy{}
	faults, root := p.decode(b)
	if root != nil {
		known := make(map[int]bool) // a line that does not read is not blamed twice
		for _, f := range faults {
			known[f.Line] = true
		}
		for _, f := range p.check(root) {
			if !known[f.Line] {
				faults = append(faults, f)
			}
		}
	}
	if len(faults) > 0 {
		slices.SortStableFunc(faults, func(a, b PolicyFault) int { return cmp.Compare(a.Line, b.Line) })
		return nil, faults
	}
	p.prepare(b)
	return p, nil
}

// ReadPolicy reads the text of a policy that was in force. It was checked when it
// was loaded, by the rules of then; what it says that is not known now is left out.
func ReadPolicy(text []byte) (*Policy, error) {
	p := &Policy{}
	p.defaults()
	if err := yaml.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if p.Version == "" {
		return nil, errors.New("policy: it has no version")
	}
	p.prepare(text)
	return p, nil
}

// prepare makes what every decision needs.
func (p *Policy) prepare(b []byte) {
	p.text = b
	sum := sha256.Sum256(b)
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
		for t := range u.triples() {
			if p.exists[t] {
				continue
			}
			p.exists[t] = true
			p.triples = append(p.triples, t)
		}
	}
	type use struct {
		Purpose
		Category
	}
	recipients := make(map[use][]Recipient)
	for _, t := range p.triples {
		recipients[use{t.Purpose, t.Category}] = append(recipients[use{t.Purpose, t.Category}], t.Recipient)
	}
	p.uses = make(map[Purpose][]usedCategory)
	for _, purpose := range p.Purposes {
		for _, c := range p.Categories {
			if r := recipients[use{purpose.ID, c.ID}]; r != nil {
				p.uses[purpose.ID] = append(p.uses[purpose.ID], usedCategory{c.ID, r})
			}
		}
	}
}

var lineOf = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

// decode reads the file and returns what does not read, and its tree if there is one.
func (p *Policy) decode(b []byte) (PolicyErrors, *yaml.Node) {
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return PolicyErrors{decodeFault(err.Error())}, nil
	}
	if len(root.Content) == 0 {
		return PolicyErrors{{Text: "it is empty"}}, nil
	}
	p.defaults()
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	var faults PolicyErrors
	err := dec.Decode(p)
	var several *yaml.TypeError
	switch {
	case errors.As(err, &several):
		for _, e := range several.Errors {
			faults = append(faults, decodeFault(e))
		}
	case err != nil:
		faults = append(faults, decodeFault(err.Error()))
	case !errors.Is(dec.Decode(new(yaml.Node)), io.EOF):
		faults = append(faults, PolicyFault{Text: "it has more than one YAML document"})
	}
	return faults, root.Content[0]
}

// defaults is what a policy has that does not say otherwise.
func (p *Policy) defaults() {
	p.ProofRetention = defaultProofRetention
}

// defaultProofRetention is five years: claims about a consent are made late.
const defaultProofRetention Days = 1826

var goType = regexp.MustCompile(` (?:in type|into) \S+$`)

func decodeFault(text string) PolicyFault {
	f := PolicyFault{Text: text}
	if m := lineOf.FindStringSubmatch(text); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.Text = m[2]
	}
	if field, ok := strings.CutPrefix(f.Text, "field "); ok {
		name, _, _ := strings.Cut(field, " ")
		f.Text = fmt.Sprintf("there is no setting %q here", name)
	}
	f.Text = goType.ReplaceAllString(f.Text, " here")
	return f
}

// checker collects faults with the lines of what they are about.
type checker struct {
	root   *yaml.Node
	faults PolicyErrors
}

// at adds a fault about what a path of keys (string) and items (int) leads to, or
// about the last part of it that there is.
func (c *checker) at(path []any, format string, args ...any) {
	n := c.root
	line := n.Line
	for _, step := range path {
		var next *yaml.Node
		switch step := step.(type) {
		case string:
			for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next = n.Content[i+1]
					line = n.Content[i].Line
				}
			}
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				next = n.Content[step]
				line = next.Line
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	c.faults = append(c.faults, PolicyFault{line, fmt.Sprintf(format, args...)})
}

type path = []any

// texts wants a text in every language.
func (c *checker) texts(at path, what string, t Text) {
	for _, l := range Languages {
		if strings.TrimSpace(t[l]) == "" {
			c.at(append(slices.Clone(at), l), "%s has no text in %s", what, l)
		}
	}
}

// check returns what is wrong with a policy that reads.
func (p *Policy) check(root *yaml.Node) PolicyErrors {
	c := &checker{root: root}
	if p.Version == "" {
		c.at(path{"version"}, "version is missing")
	}
	if strings.ContainsFunc(p.Version, unprintable) {
		c.at(path{"version"}, "the version has a character that cannot be printed")
	}
	if p.Audience != "general" && p.Audience != "children" {
		c.at(path{"audience"}, "audience %q is neither general nor children", p.Audience)
	}
	for _, x := range []struct {
		name string
		days Days
	}{{"conversation_retention", p.ConversationRetention}, {"defer_for", p.DeferFor}} {
		if x.days == 0 {
			c.at(path{x.name}, "%s is missing, in days such as 30d", x.name)
		}
	}
	if u := p.Controller.URL; u != "" {
		if parsed, err := url.Parse(u); err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" {
			c.at(path{"controller", "url"}, "the controller's url is not the address of a page (https://…)")
		}
	}
	known := c.names(p)
	c.uses(p, known)
	if p.Notice.ID == "" || p.Notice.Version == "" {
		c.at(path{"notice"}, "the notice needs an id and a version")
	}
	if strings.ContainsFunc(p.Notice.ID+p.Notice.Version, unprintable) {
		c.at(path{"notice"}, "the notice's id or version has a character that cannot be printed")
	}
	c.texts(path{"notice", "text"}, "the notice", p.Notice.Text)
	c.jurisdictions(p)
	c.topics(p)
	c.changes(p, known)
	return c.faults
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// kind names what ids are of.
type kind string

const (
	aPurpose      kind = "purpose"
	aCategory     kind = "category"
	aRecipient    kind = "recipient"
	aJurisdiction kind = "jurisdiction"
	aTopic        kind = "topic"
)

type names map[kind]map[string]bool

func (n names) add(c *checker, k kind, id string, at path) {
	if n[k] == nil {
		n[k] = make(map[string]bool)
	}
	switch {
	case id == "":
		c.at(at, "a %s has no id", k)
	case !identifier.MatchString(id):
		c.at(at, "the %s id %q is not lower-case letters, digits and _ : . - (at most 48)", k, id)
	case n[k][id]:
		c.at(at, "%s %q is defined twice", k, id)
	}
	n[k][id] = true
}

// sensitive are the kinds of data, by their key in the Fides taxonomy, that a policy
// must name as such on purpose.
var sensitive = []string{"user.biometric", "user.childrens", "user.financial", "user.government_id", "user.health_and_medical"}

// names checks what the policy defines, and returns its ids.
func (c *checker) names(p *Policy) names {
	known := make(names)
	for i, x := range p.Purposes {
		at := path{"purposes", i}
		known.add(c, aPurpose, string(x.ID), at)
		if !slices.Contains([]Purpose{Answers, AgentAssist, Insights, Improvement}, x.ID) {
			c.at(append(at, "id"), "purpose %q does not exist; there are answers, agent_assist, insights and improvement", x.ID)
		}
		c.terms(at, "purpose "+string(x.ID), x.DPV...)
		c.texts(append(at, "label"), "the label of purpose "+string(x.ID), x.Label)
		c.texts(append(at, "phrase"), "the phrase of purpose "+string(x.ID), x.Phrase)
	}
	for i, x := range p.Categories {
		at, id := path{"categories", i}, string(x.ID)
		known.add(c, aCategory, id, at)
		if x.ID == Knowledge {
			c.at(append(at, "id"), "category knowledge is not personal and cannot be granted")
		}
		if blocked(x.Fides) && !x.Sensitive {
			c.at(append(at, "fides"), "category %q is of a special kind: leave it out, or say `sensitive: true` once its law was looked at", id)
		}
		c.terms(at, "category "+id, x.DPV...)
		c.texts(append(at, "label"), "the label of category "+id, x.Label)
		c.texts(append(at, "phrase"), "the phrase of category "+id, x.Phrase)
		c.texts(append(at, "description"), "the description of category "+id, x.Description)
		c.texts(append(at, "source_basis"), "the source_basis of category "+id, x.SourceBasis)
		if x.Retention == 0 || x.UnconsentedTTL == 0 {
			c.at(at, "category %q needs retention and unconsented_ttl", id)
		}
	}
	for i, x := range p.Recipients {
		at, id := path{"recipients", i}, string(x.ID)
		known.add(c, aRecipient, id, at)
		c.terms(at, "recipient "+id, x.DPV)
		c.texts(append(at, "label"), "the label of recipient "+id, x.Label)
		c.texts(append(at, "only"), "the only-sentence of recipient "+id, x.Only)
		if (x.ID.Outside() || x.ID.OutsideDesk() || x.ID.Webhook()) && !x.ThirdParty {
			c.at(append(at, "third_party"), "recipient %q is outside the house, so third_party must be true", id)
		}
		if _, name, _ := strings.Cut(id, ":"); (x.ID.OutsideDesk() || x.ID.Webhook()) && !outsideName.MatchString(name) {
			c.at(append(at, "id"), "recipient %q: what follows the colon is not 1 to 32 of a-z, 0-9 and -", id)
		}
	}
	return known
}

// outsideName is the name of a desk or a webhook outside, which settings have too.
var outsideName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func blocked(fides string) bool {
	return slices.ContainsFunc(sensitive, func(s string) bool { return fides == s || strings.HasPrefix(fides, s+".") })
}

// terms wants at least one term of the Data Privacy Vocabulary, each with a prefix.
func (c *checker) terms(at path, what string, terms ...string) {
	if len(terms) == 0 {
		c.at(append(at, "dpv"), "%s names no term of the Data Privacy Vocabulary (dpv)", what)
	}
	for _, t := range terms {
		if prefix, local, ok := strings.Cut(t, ":"); !ok || prefix == "" || local == "" {
			c.at(append(at, "dpv"), "%s: the dpv term %q is not of the form dpv:Term", what, t)
		}
	}
}

func (c *checker) uses(p *Policy, known names) {
	if len(p.Use) == 0 {
		c.at(path{"uses"}, "uses names nothing: no data could ever be used")
	}
	seen := make(map[Triple]int)
	for i, u := range p.Use {
		at := path{"uses", i}
		refer := func(k kind, id string, at path) {
			if !known[k][id] {
				c.at(at, "uses[%d]: %s %q is not defined", i, k, id)
			}
		}
		refer(aPurpose, string(u.Purpose), append(at, "purpose"))
		for _, x := range u.Categories {
			refer(aCategory, string(x), append(at, "categories"))
		}
		for _, x := range u.Recipients {
			refer(aRecipient, string(x), append(at, "recipients"))
			if (x.OutsideDesk() || x.Webhook()) && u.Purpose != AgentAssist {
				c.at(append(at, "recipients"), "uses[%d]: %s helps people at the desk, so it is for purpose agent_assist alone", i, x)
			}
		}
		if len(u.Categories) == 0 || len(u.Recipients) == 0 {
			c.at(at, "uses[%d] names no categories or no recipients; empty never means all", i)
		}
		if len(u.Categories) > len(p.Categories) || len(u.Recipients) > len(p.Recipients) {
			c.at(at, "uses[%d] names more categories or recipients than there are", i)
			continue // else their product may have no end
		}
		for t := range u.triples() {
			if first, twice := seen[t]; twice {
				c.at(at, "uses[%d]: purpose %s, category %s, recipient %s is in uses[%d] already", i, t.Purpose, t.Category, t.Recipient, first)
				continue
			}
			seen[t] = i
		}
	}
}

func (c *checker) jurisdictions(p *Policy) {
	known := make(names)
	for i, x := range p.Jurisdictions {
		at := path{"jurisdictions", i}
		known.add(c, aJurisdiction, x.ID, at)
		if x.Teens != TeensThemselves && x.Teens != TeensByGuardian {
			c.at(append(at, "teens"), "teens is neither self nor guardian: may somebody of 13 to 17 years agree for themselves?")
		}
		if x.AnswerWithin == (Term{}) {
			c.at(append(at, "answer_within"), "answer_within is missing: 1mo or 15d, the time to answer a customer's request")
		}
	}
}

// Limits of the topics, which every message is looked at for.
const (
	maxTopics   = 50
	maxCues     = 200 // of a topic in a language
	maxCueWords = 8
)

func (c *checker) topics(p *Policy) {
	if len(p.Topics) > maxTopics {
		c.at(path{"topics"}, "there are %d topics; at most %d are looked for", len(p.Topics), maxTopics)
	}
	known := make(names)
	for i, x := range p.Topics {
		at := path{"topics", i}
		known.add(c, aTopic, x.ID, at)
		c.texts(append(at, "label"), "the label of topic "+x.ID, x.Label)
		if x.Say != nil {
			c.texts(append(at, "say"), "what is said of topic "+x.ID, x.Say)
		}
		cues := 0
		for _, l := range slices.Sorted(maps.Keys(x.Cues)) {
			at := append(slices.Clone(at), "cues", l)
			if !slices.Contains(Languages, l) {
				c.at(at, "topic %q has cues in %s, which is none of %s", x.ID, l, strings.Join(Languages, ", "))
			}
			if len(x.Cues[l]) > maxCues {
				c.at(at, "topic %q has %d cues in %s; at most %d are looked for", x.ID, len(x.Cues[l]), l, maxCues)
			}
			cues += len(x.Cues[l])
			for j, cue := range x.Cues[l] {
				words := strings.FieldsFunc(cue, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
				switch {
				case len(strings.Join(words, "")) < 3:
					c.at(append(at, j), "topic %q: the cue %q is no word of at least three letters; it would touch everything", x.ID, cue)
				case len(words) > maxCueWords:
					c.at(append(at, j), "topic %q: the cue %q is longer than %d words", x.ID, cue, maxCueWords)
				}
			}
		}
		if cues == 0 {
			c.at(at, "topic %q has no cues: no message would touch it", x.ID)
		}
	}
}

func (c *checker) changes(p *Policy, known names) {
	seen := make(map[string]bool)
	for i, x := range p.Changes {
		at := path{"changes", i}
		switch {
		case x.From == "":
			c.at(at, "changes[%d] does not say which version it changes (from)", i)
		case x.From == p.Version:
			c.at(append(at, "from"), "changes[%d] is from this version itself", i)
		case seen[x.From]:
			c.at(append(at, "from"), "changes[%d]: version %q is there twice", i, x.From)
		}
		seen[x.From] = true
		if x.Touches == nil {
			c.at(at, "changes[%d] does not say what it touches; `touches: []` says that no text changed its meaning", i)
		}
		for j, s := range x.Touches {
			at := append(slices.Clone(at), "touches", j)
			refer := func(k kind, ids []string) {
				for _, id := range ids {
					if !known[k][id] {
						c.at(at, "changes[%d].touches[%d]: %s %q is not defined", i, j, k, id)
					}
				}
			}
			refer(aPurpose, strs(s.Purposes))
			refer(aCategory, strs(s.Categories))
			refer(aRecipient, strs(s.Recipients))
			for _, empty := range []bool{
				s.Purposes != nil && len(s.Purposes) == 0, s.Categories != nil && len(s.Categories) == 0, s.Recipients != nil && len(s.Recipients) == 0,
				s.Purposes == nil && s.Categories == nil && s.Recipients == nil,
			} {
				if empty {
					c.at(at, "changes[%d].touches[%d] has an empty list; leave out what does not matter, and name something", i, j)
				}
			}
		}
	}
}

func strs[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}
