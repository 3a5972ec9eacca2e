// Package liar is a language model that makes things up. The demo runs it to show what
// becomes of its sentences. It answers from its sources, as a model does, and adds claims
// that none of them holds, figures that are not theirs, and sources that say something
// else.
//
// It is a server of OpenAI's /v1/chat/completions and keeps nothing of what it is asked.
package liar

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"candor/answer/openai/server"
	"candor/retrieval/analysis"
)

// Name is what the model is called.
const Name = "makes-things-up"

// Handler serves the model. Pace is how long it takes for a word.
func Handler(pace time.Duration) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		if p, ok := server.Read(w, r); ok {
			server.Begin(w, r).SayAll(Lie(p.User), pace)
		}
	})
	return mux
}

var (
	begins   = regexp.MustCompile(`^SOURCE (\d+) `)
	asked    = regexp.MustCompile(`^QUESTION `)
	language = regexp.MustCompile(`(?m)^Answer in ([\pL ]+),`)
	figure   = regexp.MustCompile(`\d+`)
)

// source is a source of the prompt, by its number.
type source struct {
	number    int
	sentences []string
}

// Lie returns the answer to a prompt.
func Lie(user string) string {
	sources, question := read(user)
	says := claims["English"]
	if m := language.FindStringSubmatch(user); m != nil && claims[m[1]] != nil {
		says = claims[m[1]]
	}
	var out []string
	say := func(sentence string, n int) {
		sentence = strings.TrimRight(sentence, ".!?…: ")
		out = append(out, fmt.Sprintf("%s [%d].", sentence, n))
	}
	fact, n := best(sources, question)
	if fact == "" {
		return says[0] + " [1]. " + says[1] + "."
	}
	say(fact, n)
	if changed := tamper(fact); changed != fact {
		say(changed, n) // a figure that is not the source's
	}
	say(says[0], n)               // what no source says
	say(says[2], len(sources)+40) // a source that there is not
	for _, s := range sources {
		if s.number != n && len(s.sentences) > 1 {
			say(s.sentences[1], n) // the source of something else
			break
		}
	}
	return strings.Join(out, " ") + "\n\n" + says[1] + "." // no source at all
}

// read takes a prompt apart.
func read(user string) (sources []source, question string) {
	in := ""
	for line := range strings.SplitSeq(user, "\n") {
		if m := begins.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			sources, in = append(sources, source{number: n}), "source"
			continue
		}
		if asked.MatchString(line) {
			in = "question"
			continue
		}
		text, ok := strings.CutPrefix(line, "| ")
		switch {
		case !ok:
			in = ""
		case in == "question":
			question += " " + text
		case in == "source":
			s := &sources[len(sources)-1]
			for _, span := range analysis.Sentences(text) {
				s.sentences = append(s.sentences, analysis.Plain(span.Of(text)))
			}
		}
	}
	return sources, question
}

// best is the sentence that shares most of its words with the question.
func best(sources []source, question string) (sentence string, number int) {
	words := make(map[string]bool)
	language := analysis.DetectLanguage(question)
	for _, t := range analysis.Terms(question, language) {
		if !analysis.IsStop(t.Text, language) {
			words[t.Text] = true
		}
	}
	most := -1
	for _, s := range sources {
		for i, x := range s.sentences {
			if i == 0 && len(s.sentences) > 1 {
				continue // its title
			}
			n := 0
			for _, t := range analysis.Terms(x, language) {
				if words[t.Text] {
					n++
				}
			}
			if n > most {
				sentence, number, most = x, s.number, n
			}
		}
	}
	return sentence, number
}

// tamper changes the figures of a sentence.
func tamper(sentence string) string {
	return figure.ReplaceAllStringFunc(sentence, func(s string) string {
		n, err := strconv.Atoi(s)
		if err != nil {
			return s
		}
		return strconv.Itoa(n + n/2 + 1)
	})
}

// claims are what it makes up, in the languages of the prompt.
var claims = map[string][]string{
	"English": {
		"We refund the full price even after two years", "Our customers rate us as the best shop in Europe", "A courier can bring it within an hour for 3 €",
	},
	"Brazilian Portuguese": {
		"Devolvemos o valor total mesmo depois de dois anos", "Nossos clientes nos consideram a melhor loja da Europa", "Um entregador pode levar em uma hora por 3 €",
	},
	"Spanish": {
		"Devolvemos el importe completo incluso después de dos años", "Nuestros clientes nos consideran la mejor tienda de Europa", "Un mensajero puede llevarlo en una hora por 3 €",
	},
	"Ukrainian": {
		"Ми повертаємо повну вартість навіть через два роки", "Наші клієнти вважають нас найкращою крамницею Європи", "Кур’єр може привезти його за годину за 3 €",
	},
	"Russian": {
		"Мы возвращаем полную стоимость даже через два года", "Наши клиенты считают нас лучшим магазином Европы", "Курьер может привезти его за час за 3 €",
	},
}
