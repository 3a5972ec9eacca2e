package consent

import (
	"fmt"
	"maps"
	"slices"
)

// TextChange says what the texts of a policy change against those of an earlier
// version. Without one, every text that differs touches what it describes.
type TextChange struct {
	From string `yaml:"from"`
	// Touches selects the triples that the new texts change something for; an
	// empty list none: it was the wording.
	Touches []Selector `yaml:"touches"`
}

// Selector selects triples: those of its purposes, categories and recipients. What
// is left out does not matter.
type Selector struct {
	Purposes   []Purpose   `yaml:"purposes"`
	Categories []Category  `yaml:"categories"`
	Recipients []Recipient `yaml:"recipients"`
}

func (s Selector) selects(t Triple) bool {
	return (s.Purposes == nil || slices.Contains(s.Purposes, t.Purpose)) &&
		(s.Categories == nil || slices.Contains(s.Categories, t.Category)) &&
		(s.Recipients == nil || slices.Contains(s.Recipients, t.Recipient))
}

// Material is a difference between two policies that matters to a triple: who
// agreed under the old one has not agreed to it.
type Material struct {
	Triple
	// Languages are those whose readers it concerns; nil is all of them.
	Languages []string
	What      string // in English, for the operator
}

// Diff returns what a step from one policy to another changes for the triples of
// the earlier one, in their order.
func Diff(from, to *Policy) []Material {
	var out []Material
	for _, t := range from.triples {
		if !to.Uses(t) {
			out = append(out, Material{Triple: t, What: "this use ends: the new policy does not have it"})
			continue
		}
		for _, what := range facts(from, to, t) {
			out = append(out, Material{Triple: t, What: what})
		}
		out = append(out, texts(from, to, t)...)
	}
	return out
}

// facts compares what is so whatever the texts say.
func facts(from, to *Policy, t Triple) (out []string) {
	add := func(changed bool, format string, args ...any) {
		if changed {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(from.Notice.ID != to.Notice.ID, "another notice is shown: %s, not %s", to.Notice.ID, from.Notice.ID)
	if from.Controller.Name != "" {
		add(from.Controller.Name != to.Controller.Name, "another company answers for the data")
	}
	fp, _ := from.purpose(t.Purpose)
	tp, _ := to.purpose(t.Purpose)
	add(grows(fp.DPV, tp.DPV) || fp.Fides != tp.Fides, "the purpose %s means more, or something else", t.Purpose)
	fc, _ := from.Category(t.Category)
	tc, _ := to.Category(t.Category)
	add(grows(fc.DPV, tc.DPV) || fc.Fides != tc.Fides, "the category %s means more, or something else", t.Category)
	add(tc.Retention > fc.Retention, "records of %s are kept longer: %d days, not %d", t.Category, tc.Retention, fc.Retention)
	add(tc.Sensitive && !fc.Sensitive, "records of %s are of a special kind now", t.Category)
	add(t.Category == Conversation && to.SaidRetention() > from.SaidRetention(),
		"what was said is kept longer: %d days, not %d", to.SaidRetention(), from.SaidRetention())
	fr, _ := from.Recipient(t.Recipient)
	tr, _ := to.Recipient(t.Recipient)
	add(tr.ThirdParty && !fr.ThirdParty, "the recipient %s is outside the house now", t.Recipient)
	add(fr.DPV != tr.DPV, "the recipient %s is another kind of recipient: %s, not %s", t.Recipient, tr.DPV, fr.DPV)
	return out
}

// grows reports whether there is a term that was not there.
func grows(from, to []string) bool {
	return slices.ContainsFunc(to, func(term string) bool { return !slices.Contains(from, term) })
}

// texts compares what the customer reads.
func texts(from, to *Policy, t Triple) []Material {
	for _, c := range to.Changes {
		if c.From != from.Version {
			continue
		}
		if slices.ContainsFunc(c.Touches, func(s Selector) bool { return s.selects(t) }) {
			return []Material{{Triple: t, What: "the new policy says that its texts touch this"}}
		}
		return nil
	}
	fp, _ := from.purpose(t.Purpose)
	tp, _ := to.purpose(t.Purpose)
	fc, _ := from.Category(t.Category)
	tc, _ := to.Category(t.Category)
	fr, _ := from.Recipient(t.Recipient)
	tr, _ := to.Recipient(t.Recipient)
	var out []Material
	for _, x := range []struct {
		what     string
		from, to Text
	}{
		{"the notice", from.Notice.Text, to.Notice.Text},
		{"the label of the purpose", fp.Label, tp.Label},
		{"the phrase of the purpose", fp.Phrase, tp.Phrase},
		{"the label of the category", fc.Label, tc.Label},
		{"the phrase of the category", fc.Phrase, tc.Phrase},
		{"the description of the category", fc.Description, tc.Description},
		{"why the company has the data", fc.SourceBasis, tc.SourceBasis},
		{"the label of the recipient", fr.Label, tr.Label},
		{"the sentence about the recipient", fr.Only, tr.Only},
	} {
		var in []string
		for _, l := range from.Languages() {
			if x.from.In(l) != x.to.In(l) {
				in = append(in, l)
			}
		}
		if len(in) > 0 {
			out = append(out, Material{t, in, x.what + " reads differently"})
		}
	}
	return out
}

// Languages returns those that choices are made in, sorted.
func (p *Policy) Languages() []string { return slices.Sorted(maps.Keys(p.Notice.Text)) }

// past is what a policy leaves standing of an earlier one.
type past struct {
	notices map[string]NoticeRef
	// suspended are the triples, in the languages, that a step since then was
	// material to.
	suspended map[reading]bool
}

// reading is a triple as readers of a language know it.
type reading struct {
	Triple
	language string
}

// Following returns the policy as the last of a line: those that were in force
// before it, oldest first. A grant made under one of them stands while no step
// since then was material to it; one made under a policy that is not among them
// does not.
func (p *Policy) Following(earlier []*Policy) *Policy {
	out := *p
	out.earlier = make(map[string]past, len(earlier))
	line := append(slices.Clone(earlier), p)
	suspended := make(map[reading]bool)
	for i := len(earlier) - 1; i >= 0; i-- {
		for _, m := range Diff(line[i], line[i+1]) {
			languages := m.Languages
			if languages == nil {
				languages = line[i].Languages()
			}
			for _, l := range languages {
				suspended[reading{m.Triple, l}] = true
			}
		}
		out.earlier[line[i].Version] = past{line[i].notices, maps.Clone(suspended)}
	}
	return &out
}

// Line reads the policies that were in force one after the other, oldest first; each
// knows those before it (see Following). Of one that does not read nothing is left
// standing; if it is the last one that is an error.
func Line(versions []PolicyVersion) ([]*Policy, error) {
	var line, known []*Policy
	for i, v := range versions {
		p, err := ReadPolicy(v.Text)
		if err != nil && i == len(versions)-1 {
			return nil, err
		}
		if err != nil {
			known = nil
			continue
		}
		line = append(line, p.Following(known))
		known = append(known, p)
	}
	return line, nil
}

// followed reports whether the policy knows those before it.
func (p *Policy) followed() bool { return p.earlier != nil }

// Stands reports whether a choice still stands under this policy: it was made
// under it, or under an earlier one and on a text that nothing material has
// changed since.
func (p *Policy) Stands(e Event) bool {
	if e.Version == p.Version {
		current, ok := p.notices[e.Language]
		return ok && e.Notice == current
	}
	then, ok := p.earlier[e.Version]
	if !ok {
		return false
	}
	shown, ok := then.notices[e.Language]
	return ok && e.Notice == shown && !then.suspended[reading{e.Triple, e.Language}]
}

func (p *Policy) purpose(id Purpose) (PurposeSpec, bool) {
	for _, x := range p.Purposes {
		if x.ID == id {
			return x, true
		}
	}
	return PurposeSpec{}, false
}
