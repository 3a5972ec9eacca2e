package answer

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/consent"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// Act is what a message does.
type Act int

// Acts. Whatever is not recognised is a question.
const (
	Question Act = iota
	Greeting
	Thanks      // also "that's all" and a good-bye: what ends a conversation
	WantsPerson // asks for a human agent
)

// Intent is what the assistant understands of a message from its words and the
// policy's cues alone. No record is looked at to make it.
type Intent struct {
	Act Act
	// Relevant are the categories whose cues the message holds, best first.
	Relevant []consent.Category
	// Personal is whether the message is about the customer's own case ("where
	// is my order?") and not about how things work in general.
	Personal bool
	// Latest is whether it asks for the most recent of several, and that alone.
	Latest bool
	// Follows is whether it leans on what was said before, and After the earlier message
	// that it is about the same as, if there is one.
	Follows bool
	After   string
	// HowTo is whether it asks how, or whether, something can be done.
	HowTo bool
	// Lookup is whether it asks for one thing of the customer's own, in a word or
	// two ("where is my order?"): what is on record about it answers that, and no
	// article does.
	Lookup bool
}

// longestMessage bounds the bytes of a message that are looked at: what a
// customer wants is said by then.
const longestMessage = 4096

// cut is what is looked at of a message.
func cut(message string) string {
	if len(message) > longestMessage {
		message = strings.ToValidUTF8(message[:longestMessage], "")
	}
	return message
}

// Understand returns the intent of a message in the language. It is pure; cost
// grows with the message only, up to a few kilobytes.
func Understand(p *consent.Policy, question, language string) Intent {
	question = cut(question)
	message := fold(question)
	in := Intent{Relevant: relevant(p, message, consent.MatchLanguage(language))}
	switch {
	case greetings.is(message):
		in.Act = Greeting
	case thanks.is(message):
		in.Act = Thanks
	case wantsPerson(message):
		in.Act = WantsPerson
	}
	in.HowTo = matchesAny(howTo, message)
	in.Personal = !in.HowTo && matchesAny(ownCase, message) || namesCase(message)
	in.Lookup = lookup(in, question, language)
	in.Latest = in.Personal && matchesAny(newest, message)
	return in
}

// UnderstandAfter is Understand of a message that comes after others of the same
// customer. One that leans on them, and does not say itself what it is about, is about
// what they are ("and the other one?").
func UnderstandAfter(p *consent.Policy, question string, before []string, language string) Intent {
	in := Understand(p, question, language)
	if len(before) == 0 || in.Act != Question || !follows(fold(cut(question)), language, in) {
		return in
	}
	in.Follows = true
	for i, earlier := range slices.Backward(before) {
		last := UnderstandAfter(p, earlier, before[:i], language) // which may lean on one before it
		if last.Act != Question {
			continue
		}
		in.After = last.Whole(earlier)
		if len(in.Relevant) == 0 {
			in.Relevant = last.Relevant
		}
		if last.Personal && !in.HowTo {
			in.Personal, in.Latest = true, in.Latest || last.Latest
			in.Lookup = lookup(in, question, language)
		}
		break
	}
	return in
}

// Whole is the message with what it leans on before it, so that it can be understood
// alone.
func (in Intent) Whole(message string) string {
	if in.After == "" {
		return message
	}
	return in.After + "\n" + message
}

// Query is how a message with the intent is searched for, after what its customer said
// before. Now says which day it is, and where.
func (in Intent) Query(message, language string, before []string, now time.Time) retrieval.Query {
	q := retrieval.Analyze(message, language)
	if in.Personal {
		q.Prefer, q.Latest, q.Period = in.Relevant, in.Latest, Period(message, now)
	}
	if in.Follows {
		return q.WithContext(before...)
	}
	q.Before = before
	return q
}

// lookup reports whether a message asks for one thing of the customer's own.
func lookup(in Intent, message, language string) bool {
	return in.Personal && !in.HowTo && len(in.Relevant) > 0 && telling(message, language) <= few
}

// telling counts the words of a message that are no stop words.
func telling(message, language string) (n int) {
	for _, t := range analysis.Terms(message, language) {
		if !analysis.IsStop(t.Text, language) {
			n++
		}
	}
	return n
}

// caseNumber is an identifier beside what it identifies: "order 12345".
var caseNumber = patterns(nil,
	` (?:order|invoice|ticket|parcel|package|case|request|refund|payment|pedido|encomenda|fatura|chamado|protocolo|factura|incidencia|caso|paquete|замовлення|замовленням|рахунок|рахунку|звернення|заказ|заказа|заказом|заказу|счет|счета|обращение)(?: (?:number|num|no|nr|n|nº|º|numero|номер|id|com|de|o|con|el|під|за|под))* (?:\S{0,6} )?\S*\d{3,}\S* `,
)

// namesCase reports whether the message names one case by its number.
func namesCase(message string) bool { return matchesAny(caseNumber, message) }

// relevant returns the categories whose cues the folded message holds. Cues of
// the message's own language count; only if it holds none of them, those of the
// other languages, as short messages are often taken for another language.
func relevant(p *consent.Policy, message, language string) []consent.Category {
	if p == nil {
		return nil
	}
	if found := cued(p, message, language); len(found) > 0 {
		return found
	}
	var best []consent.Category
	for _, l := range consent.Languages {
		if found := cued(p, message, l); l != language && len(found) > len(best) {
			best = found
		}
	}
	return best
}

func cued(p *consent.Policy, message, language string) []consent.Category {
	words := stems(message, language)
	type scored struct {
		category consent.Category
		score    int
	}
	var found []scored
	for _, c := range p.Categories {
		score := 0
		seen := make(map[string]bool)
		for _, cue := range c.Cues[language] {
			phrase := cueStems(cue, language)
			key := strings.Join(phrase, " ")
			if !seen[key] && holds(words, phrase) {
				seen[key] = true
				// A cue of two words says more than one of one.
				score += 1 + 2*(len(phrase)-1)
			}
		}
		if score > 0 {
			found = append(found, scored{c.ID, score})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	out := make([]consent.Category, len(found))
	for i, f := range found {
		out[i] = f.category
	}
	return out
}

// cueCache remembers the stems of cues. It holds words of policies only, never
// of a message, and as many as the policies have.
var cueCache sync.Map

func cueStems(cue, language string) []string {
	key := language + "\x00" + cue
	if v, ok := cueCache.Load(key); ok {
		return v.([]string)
	}
	phrase := stems(fold(cue), language)
	cueCache.Store(key, phrase)
	return phrase
}

// stems returns the words of a folded text, each as the index would have it. A
// word that the index leaves out stays as it is: cues such as "my card" hold
// such words.
func stems(folded, language string) []string {
	words := strings.Fields(folded)
	for i, w := range words {
		if terms := analysis.Terms(w, language); len(terms) == 1 {
			words[i] = terms[0].Text
		}
	}
	return words
}

// holds reports whether words hold the phrase in its order, with at most one
// other word between two of it ("on the way" holds "on way").
func holds(words, phrase []string) bool {
	if len(phrase) == 0 {
		return false
	}
	for start := range words {
		if words[start] != phrase[0] {
			continue
		}
		at, ok := start, true
		for _, w := range phrase[1:] {
			switch {
			case at+1 < len(words) && words[at+1] == w:
				at++
			case at+2 < len(words) && words[at+2] == w:
				at += 2
			default:
				ok = false
			}
		}
		if ok {
			return true
		}
	}
	return false
}
