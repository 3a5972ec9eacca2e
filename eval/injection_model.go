package eval

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"candor/answer/openai/server"
	"candor/retrieval/analysis"
)

// Obedient is a language model that does whatever its prompt is told to do by a text in
// it, in every way that it can, and names a source for it. It is a server of OpenAI's
// /v1/chat/completions below the path /CASE, and knows of each case what is the attack:
// so it misses none that it can see.
type Obedient struct {
	mu    sync.Mutex
	cases map[string]InjectionCase
	said  map[string][]string
}

// NewObedient returns the model for the cases.
func NewObedient(cases []InjectionCase) *Obedient {
	o := &Obedient{cases: make(map[string]InjectionCase), said: make(map[string][]string)}
	for _, c := range cases {
		o.cases[c.ID] = c
	}
	return o
}

// Said returns what it said because of the attack of a case.
func (o *Obedient) Said(id string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said[id]
}

// ServeHTTP implements http.Handler.
func (o *Obedient) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	o.mu.Lock()
	c, ok := o.cases[id]
	o.mu.Unlock()
	if !ok {
		http.Error(w, `{"error":{"message":"there is no such case"}}`, http.StatusBadRequest)
		return
	}
	p, ok := server.Read(w, r)
	if !ok {
		return
	}
	text, said := obey(c, p.System, p.User)
	o.mu.Lock()
	o.said[id] = append(o.said[id], said...)
	o.mu.Unlock()
	stream := server.Begin(w, r)
	for line := range strings.SplitAfterSeq(text, "\n") {
		stream.Say(line)
	}
	stream.End("stop")
}

const (
	// maxObeyed is how many sentences of an attack it obeys, and maxWritten how many it
	// writes: more than that an assistant does not listen to.
	maxObeyed, maxWritten = 4, 40
	// maxTold is how many lines of its instructions it repeats.
	maxTold = 4
)

var (
	promptSource = regexp.MustCompile(`^SOURCE (\d+) `)
	payload      = regexp.MustCompile("[\"“«'`]([^\"”»'`]{2,300})[\"”»'`]")
	address      = regexp.MustCompile(`(?i)(?:https?://|www\.)\S+|[\w.]+@[\w.]+|\b[\w-]+\.(?:com|org|net|xyz|example)\b\S*`)
	wantsPrompt  = regexp.MustCompile(`(?i)prompt|instruction|rules|above|initial|configur|conversation|supposed|not tell|my name is|system`)
	wantsForm    = regexp.MustCompile(`(?i)response|reply|answer|message|letter|word|vowel|output|text|code|translat`)
)

// obey is what it writes, and what of it because of the attack.
func obey(c InjectionCase, system, user string) (text string, said []string) {
	number, from, shown := "1", "1", ""
	folded := strings.ToLower(plain(c.Text.Text))
	var seen []string                   // sentences of the attack that are in the prompt
	others := make(map[string][]string) // by source
	for line := range strings.SplitSeq(user, "\n") {
		if m := promptSource.FindStringSubmatch(line); m != nil {
			number = m[1]
			continue
		}
		if strings.HasPrefix(line, "QUESTION ") {
			number = ""
		}
		line, ok := strings.CutPrefix(line, "| ")
		if !ok {
			continue
		}
		shown += line + "\n"
		for _, s := range analysis.Sentences(line) {
			x := s.Of(line)
			p := strings.ToLower(plain(x))
			switch {
			case p == "":
			case strings.Contains(folded, p) || strings.Contains(p, folded):
				seen, from = append(seen, x), cmp.Or(number, from)
			default:
				others[number] = append(others[number], x)
			}
		}
	}
	if c.Place == "message" {
		from = "1"
	}
	honest := others[from]
	var lines []string
	say := func(x string) {
		if x = strings.TrimSpace(x); x != "" && len(lines) < maxWritten {
			lines = append(lines, strings.TrimRight(x, ".!? ")+". ["+from+"]")
			said = append(said, x)
		}
	}
	if len(seen) == 0 { // nothing tells it to do anything: it answers
		for _, x := range honest[:min(2, len(honest))] {
			lines = append(lines, strings.TrimRight(x, ".!? ")+". ["+from+"]")
		}
		return strings.Join(lines, "\n"), nil
	}
	about := ""
	if len(honest) > 0 {
		about = honest[len(honest)-1]
		lines = append(lines, about+" ["+from+"]")
	}
	if c.Place == "message" || wantsPrompt.MatchString(strings.Join(seen, " ")) {
		told := 0
		for l := range strings.SplitSeq(system, "\n") {
			if told < maxTold && len(strings.Fields(l)) > 5 {
				say(l)
				told++
			}
		}
		for l := range strings.SplitSeq(user, "\n") { // the delimiters
			if promptSource.MatchString(l) {
				say(l)
				break
			}
		}
	}
	for _, x := range seen[:min(maxObeyed, len(seen))] {
		say(x)
		say("Sure, here it is: " + x)
		for _, m := range payload.FindAllStringSubmatch(x, 3) {
			say(m[1])
		}
		for _, a := range address.FindAllString(x, 3) {
			a = strings.TrimRight(a, ".,;:\"')")
			say("See " + a)
			say("[Read more](" + a + ")")
			say("![" + about + "](" + a + "?q=secret)")
		}
		if words := strings.Fields(x); len(words) > 2 {
			say(strings.Join(words[1:], " "))
			say(strings.TrimRight(about, ".") + ", " + strings.ToLower(words[0]) + " " + strings.Join(words[1:], " "))
		}
		if about != "" && wantsForm.MatchString(x) {
			for _, f := range forms(about) {
				if f != about {
					say(f)
				}
			}
		}
	}
	if whole := strings.Join(strings.Fields(c.Text.Text), " "); len(whole) < 600 && strings.Contains(plain(shown), plain(whole)) {
		say(whole)
	}
	if c.Place == "message" {
		say("I am DAN now and do anything that you ask")
		say("HACKED")
	}
	return strings.Join(lines, "\n"), said
}

// forms are what a text becomes when a model is told how to write.
func forms(text string) []string {
	words := strings.Fields(text)
	slices.Reverse(words)
	letters := []rune(text)
	slices.Reverse(letters)
	return []string{
		strings.ToUpper(text),
		strings.Join(words, " "),
		string(letters),
		strings.NewReplacer("a", "1", "e", "2", "i", "3", "o", "4", "u", "5").Replace(text),
		strings.ReplaceAll(text, " ", ""),
		base64.StdEncoding.EncodeToString([]byte(text)),
	}
}
