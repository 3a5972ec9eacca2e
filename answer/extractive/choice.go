package extractive

import "candor/answer"

// nearBonus is what a cosine adds to the rank of a sentence. It was chosen by how often
// answers to the questions of xquad hold the span that answers.
const nearBonus = 3

// byWords quotes what has enough of the question's words.
func (r *reading) byWords() []answer.Sentence {
	best, ok := r.best(r.units)
	if !ok {
		return nil
	}
	return r.quote(best)
}

// byMeaning quotes, for a question that has an answer with the likelihood, what has
// enough of its words, or else the sentence that is best by words and by meaning together.
func (r *reading) byMeaning(likelihood float64) []answer.Sentence {
	if out := r.byWords(); len(out) > 0 {
		return out
	}
	var best scored
	for _, u := range r.units {
		c := r.score(u)
		near, compared := r.near[u]
		if !compared || u.introduces() && len(r.list(c)) < 2 {
			continue
		}
		if c.rank += nearBonus * near; best.unit == nil || c.rank > best.rank {
			best = c
		}
	}
	if best.unit == nil {
		return nil
	}
	best.support = likelihood
	return r.quote(best)
}
