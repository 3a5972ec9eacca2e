package histories

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"candor/consent"
)

// outsider is a recipient outside the house.
const outsider consent.Recipient = "ai_provider:openai"

// categories are those that the histories are about.
var categories = [...]consent.Category{"orders", "billing", "profile"}

// questions asks for each category, of one's own and in general, so that the records of
// all are found and only its own answers.
var questions = [...][2]string{
	{"What is the word for my order?", "Is there a word for orders?"},
	{"What is the word for my invoice?", "Is there a word for invoices?"},
	{"What is the word in my profile?", "Is there a word in the profile?"},
}

// triples are the choices that the histories make: each category for answers from
// the company's own AI, for answers from an outside one, and for people; and, last,
// that the outside one may have the customer's own words.
var triples = func() (all [3*len(categories) + 1]consent.Triple) {
	all[ownWords] = consent.Triple{Purpose: consent.Answers, Category: consent.Conversation, Recipient: outsider}
	for i, c := range categories {
		all[inHouse(i)] = consent.Triple{Purpose: consent.Answers, Category: c, Recipient: consent.BrandAI}
		all[outOfHouse(i)] = consent.Triple{Purpose: consent.Answers, Category: c, Recipient: outsider}
		all[toPeople(i)] = consent.Triple{Purpose: consent.AgentAssist, Category: c, Recipient: consent.HumanAgents}
	}
	return all
}()

// The places of a category's choices among triples.

func inHouse(category int) int    { return category }
func outOfHouse(category int) int { return len(categories) + category }
func toPeople(category int) int   { return 2*len(categories) + category }

const ownWords = 3 * len(categories)

// categoryOf returns which of categories a triple is about; ok is false for the
// customer's own words, of which there is no record.
func categoryOf(triple int) (category int, ok bool) {
	return triple % len(categories), triple != ownWords
}

// document is a policy as it is written.
type document map[string]any

// firstPolicy is the default policy with no more categories than the histories
// use.
func firstPolicy() document {
	var d document
	if err := yaml.Unmarshal(consent.DefaultPolicy().Text(), &d); err != nil {
		panic(err) // the product loads it
	}
	kept := func(category any) bool {
		return category == string(consent.Conversation) || slices.ContainsFunc(categories[:], func(c consent.Category) bool { return category == string(c) })
	}
	d["categories"] = slices.DeleteFunc(d.list("categories"), func(c any) bool { return !kept(c.(document)["id"]) })
	var uses []any
	for _, u := range d.list("uses") {
		use := u.(document)
		use["categories"] = slices.DeleteFunc(use.list("categories"), func(c any) bool { return !kept(c) })
		if len(use.list("categories")) > 0 {
			uses = append(uses, use)
		}
	}
	d["uses"] = uses
	return d
}

func (d document) list(key string) []any { return d[key].([]any) }

// named returns the entry of a list that has the id.
func (d document) named(list, id string) document {
	i := slices.IndexFunc(d.list(list), func(x any) bool { return x.(document)["id"] == id })
	return d.list(list)[i].(document)
}

// says puts a word of the version at the end of a text in every language.
func (d document) says(text string, version int) {
	for l := range d[text].(document) {
		d[text].(document)[l] = fmt.Sprintf("%v (%d)", d[text].(document)[l], version)
	}
}

// clone returns a copy that shares nothing.
func (d document) clone() (out document) {
	b, err := yaml.Marshal(d)
	if err == nil {
		err = yaml.Unmarshal(b, &out)
	}
	if err != nil {
		panic(err) // it was read from YAML
	}
	return out
}

func (d document) load() (*consent.Policy, error) {
	b, err := yaml.Marshal(d)
	if err != nil {
		return nil, err
	}
	return consent.LoadPolicy(bytes.NewReader(b))
}

// edition is a way in which a policy changes.
type edition struct {
	name string
	// edit makes the change in the policy of a version.
	edit func(d document, before, version string, n int)
	// touches says to which choices it is material: by the design, not by the
	// product.
	touches func(consent.Triple) bool
}

func everything(consent.Triple) bool { return true }
func nothing(consent.Triple) bool    { return false }

func rewordNotice(d document, n int) {
	notice := d["notice"].(document)
	notice.says("text", n)
	notice["version"] = fmt.Sprint("h", n)
}

// declare says what the texts of a policy touch.
func declare(d document, before string, touches ...any) {
	d["changes"] = []any{document{"from": before, "touches": touches}}
}

var editions = []edition{
	{"a new version and nothing else", func(document, string, string, int) {}, nothing},
	{"another notice", func(d document, _, _ string, n int) { rewordNotice(d, n) }, everything},
	{"the notice in other words", func(d document, before, _ string, n int) {
		rewordNotice(d, n)
		declare(d, before)
	}, nothing},
	{"a notice that touches orders", func(d document, before, _ string, n int) {
		rewordNotice(d, n)
		declare(d, before, document{"categories": []any{"orders"}})
	}, func(t consent.Triple) bool { return t.Category == "orders" }},
	{"another label of billing", func(d document, _, _ string, n int) {
		d.named("categories", "billing").says("label", n)
	}, func(t consent.Triple) bool { return t.Category == "billing" }},
	{"another sentence about the outsider", func(d document, _, _ string, n int) {
		d.named("recipients", string(outsider)).says("only", n)
	}, func(t consent.Triple) bool { return t.Recipient == outsider }},
	{"a profile that is kept longer, whatever its texts say", func(d document, before, _ string, n int) {
		d.named("categories", "profile")["retention"] = fmt.Sprint(400+n, "d")
		declare(d, before)
	}, func(t consent.Triple) bool { return t.Category == "profile" }},
}
