package extractive

import (
	"regexp"
	"slices"

	"candor/answer"
	"candor/retrieval/analysis"
)

// others matches what points to the rest of several that were never told apart.
var others = regexp.MustCompile(`(?i)(?:^|\PL)(?:others?|another|the rest|second one|outr[oa]s?|otr[oa]s?|інш\pL+|друг(?:ой|ая|ое|ие|ую|их|им))(?:\PL|$)`)

// adrift reports whether a question leaves open what it is about, whatever was found:
// it says nothing of its own, or only points to what nobody said. The customer's own
// records may tell what it means, and how something is done is told of anything.
func adrift(r answer.Request) bool {
	own, _ := apart(r.Hits)
	text := alone(r)
	if len(own) > 0 || r.Intent.Personal || r.Intent.HowTo {
		return false
	}
	says := len(content(text, analysis.Base(r.Language)))
	switch {
	case r.Intent.After != "":
		return says == 0 && others.MatchString(text)
	case answer.Points(text), denial[analysis.Base(r.Language)].MatchString(text):
		return says <= 1 // "it does not work", and where "it" need not be said
	}
	return says == 0
}

// open reports whether a question that nothing answers leaves open what it means.
func (r *reading) open() bool {
	return r.Evidence.Pointed > 0 || r.Intent.After == "" && answer.Points(r.alone.Question)
}

// manifold reports whether a question is one word that several articles are called by
// in part, and none alone.
func (r *reading) manifold() bool {
	terms := r.weights(analysis.Base(r.Language))
	if len(terms) != 1 || terms[0].text == "" || r.Intent.HowTo || len(wordPattern.FindAllString(r.alone.Question, -1)) > 2 {
		return false
	}
	var titles []string
	for _, u := range r.units {
		d := u.record
		if credit(terms[0].text, d.title) == 0 || slices.Contains(titles, d.ID) {
			continue
		}
		if r.about(d).general > .99 {
			return false
		}
		titles = append(titles, d.ID)
	}
	return len(titles) > 1
}
