package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"candor/answer"
	"candor/answer/openai"
	"candor/answer/openai/openaitest"
	"candor/consent"
)

// maysOrder is in one of Maya's orders and nowhere else.
const maysOrder = "FH-20871"

// serveModel runs the demo with a model that quotes what it is given of Maya's order, or
// the first source.
func serveModel(t *testing.T, to consent.Recipient, b openaitest.Behaviour) (demoInfo, *openaitest.Server) {
	t.Helper()
	s := openaitest.New(t, b)
	m, err := openai.New(openai.Options{URL: s.URL, Model: "tester", Recipient: to})
	if err != nil {
		t.Fatal(err)
	}
	c := defaults()
	c.DataDir = t.TempDir()
	info, _ := serveDemo(t, c, t.Output(), func(a *app) { a.engine.Models = []answer.Answerer{m} })
	return info, s
}

// quoting is a model that says the first two lines of a source of its prompt, once each.
var quoting = openaitest.Replies(func(p openaitest.Prompt) string {
	var out []string
	n := 0
	for line := range strings.SplitSeq(p.User, "\n") {
		if strings.HasPrefix(line, "SOURCE ") {
			n++
		}
		text, ok := strings.CutPrefix(line, "| ")
		if ok && n > 0 && len(out) < 2 && strings.HasSuffix(text, ".") && (!strings.Contains(p.User, maysOrder) || strings.Contains(text, maysOrder)) {
			first, _, _ := strings.Cut(text, ". ")
			out = append(out, fmt.Sprintf("%s [%d].", strings.TrimSuffix(first, "."), n))
		}
	}
	return strings.Join(out, " ")
})

func sent(s *openaitest.Server, text string) bool {
	return slices.ContainsFunc(s.Prompts(), func(p openaitest.Prompt) bool { return strings.Contains(p.User+p.System, text) })
}

// triples are changes of what a customer allows.
func triples(granted bool, all ...string) (out []object) {
	for _, x := range all {
		p := strings.SplitN(x, "/", 3)
		out = append(out, change(p[0], p[1], p[2], granted))
	}
	return out
}

func used(a object) (out []string) {
	for _, u := range list(a, "used") {
		out = append(out, fmt.Sprint(u["category"], "/", u["recipient"]))
	}
	return out
}

func notGiven(a object) (out []string) {
	for _, n := range list(a, "not_searched") {
		if n["reason"] == "recipient_denied" {
			out = append(out, n["category"].(string))
		}
	}
	return out
}

// TestModelInHouse: a model of the company's own gets what search does, and no more.
func TestModelInHouse(t *testing.T) {
	t.Parallel()
	info, s := serveModel(t, consent.BrandAI, quoting)
	maya := customer(t, info, "maya")
	if a := maya.ask("Where is my order?"); a["status"] == "answered" || sent(s, maysOrder) {
		t.Errorf("without a consent: %v", a["text"])
	}
	maya.consent(triples(true, "answers/orders/brand_ai")...)
	a := maya.ask("Where is my order " + maysOrder + "?")
	if a["status"] != "answered" || !strings.Contains(a["text"].(string), maysOrder) || !sent(s, "| Order "+maysOrder) ||
		a["model"].(object)["name"] != "tester" || !slices.Contains(used(a), "orders/brand_ai") {
		t.Errorf("with it: %v %v by %v", a["status"], a["text"], a["model"])
	}
	before := len(s.Prompts())
	maya.consent(triples(false, "answers/orders/brand_ai")...)
	if a := maya.ask("Where is my order " + maysOrder + "?"); a["status"] == "answered" || slices.ContainsFunc(s.Prompts()[before:], func(p openaitest.Prompt) bool { return strings.Contains(p.User, "NTL7730412BE") }) {
		t.Errorf("when it was withdrawn: %v", a["text"])
	}
}

// TestModelOutside: another company's model gets the question and records only as far as
// each of them was allowed to go there; the rest is answered in house.
func TestModelOutside(t *testing.T) {
	t.Parallel()
	const outside = "ai_provider:openai"
	info, s := serveModel(t, outside, quoting)
	maya := customer(t, info, "maya")
	maya.consent(triples(true, "answers/orders/brand_ai", "answers/orders/"+outside)...)
	a := maya.ask("Where is my order " + maysOrder + "?")
	if len(s.Prompts()) > 0 || a["status"] != "answered" || a["model"].(object)["recipient"] != "brand_ai" {
		t.Errorf("it was asked without the customer's words: %v by %v", a["text"], a["model"])
	}
	maya.consent(triples(true, "answers/conversation/"+outside)...)
	a = maya.ask("Where is my order " + maysOrder + "?")
	if len(s.Prompts()) != 1 || !sent(s, "NTL7730412BE") || !slices.Equal(used(a), []string{"orders/" + outside}) || a["model"].(object)["recipient"] != outside {
		t.Errorf("with everything allowed: %v by %v, %v", a["text"], a["model"], used(a))
	}
	maya.consent(triples(false, "answers/orders/"+outside)...)
	before := len(s.Prompts())
	a = maya.ask("Where is my order " + maysOrder + "?")
	for _, p := range s.Prompts()[before:] {
		if strings.Contains(p.User, "NTL7730412BE") {
			t.Error("a record went to whom it may not go")
		}
	}
	if a["status"] != "answered" || !strings.Contains(a["text"].(string), maysOrder) || !slices.Equal(used(a), []string{"orders/brand_ai"}) ||
		!slices.Equal(notGiven(a), []string{"orders"}) {
		t.Errorf("in house: %v %v, %v, not given %v", a["status"], a["text"], used(a), notGiven(a))
	}
	before = len(s.Prompts())
	a = maya.ask("How long may I return a jacket?")
	if len(s.Prompts()) == before || a["status"] != "answered" || a["model"].(object)["recipient"] != outside {
		t.Errorf("knowledge: %v %v by %v", a["status"], a["text"], a["model"])
	}
	visitor := customer(t, info, "")
	before = len(s.Prompts())
	if a := visitor.ask("How long may I return a jacket?"); a["status"] != "answered" || len(s.Prompts()) != before {
		t.Errorf("a visitor who agreed to nothing: %v by %v", a["text"], a["model"])
	}
	visitor.consent(triples(true, "answers/conversation/"+outside)...)
	if a := visitor.ask("How long may I return a jacket?"); a["status"] != "answered" || len(s.Prompts()) == before {
		t.Errorf("a visitor who agreed: %v by %v", a["text"], a["model"])
	}
	signal := customer(t, info, "maya", "Sec-GPC", "1")
	before = len(s.Prompts())
	if a := signal.ask("How long may I return a jacket?"); len(s.Prompts()) != before || a["status"] != "answered" {
		t.Errorf("against the browser's signal: %v by %v", a["text"], a["model"])
	}
}

// TestModelFails: whatever becomes of the model, there is an answer.
func TestModelFails(t *testing.T) {
	t.Parallel()
	info, s := serveModel(t, consent.BrandAI, openaitest.Fails(http.StatusBadRequest))
	c := customer(t, info, "")
	for name, b := range map[string]openaitest.Behaviour{
		"is not well":                openaitest.Fails(http.StatusBadRequest),
		"says what nobody can check": openaitest.Says("Returns are free for ever. Trust me [1]. Or not [99]."),
		"breaks off": func(w http.ResponseWriter, r *http.Request, p openaitest.Prompt) {
			x := openaitest.Begin(w, r)
			lines := strings.Split(p.User, "\n")
			i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "SOURCE 1 ") })
			x.Say(strings.TrimPrefix(lines[i+2], "| ") + " [1]\n")
			x.Say("And then ")
			panic(http.ErrAbortHandler)
		},
	} {
		s.Behave(b)
		a := c.ask("How long may I return a jacket?")
		if a["status"] != "answered" || a["model"].(object)["name"] != "extractive" || !strings.Contains(a["text"].(string), "30 days") {
			t.Errorf("a model that %s: %v %v by %v", name, a["status"], a["text"], a["model"])
		}
	}
}
