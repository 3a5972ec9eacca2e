package answer

import "candor/retrieval"

// Guarded, AskedBy and About are for the tests that read the evaluation data.
func Guarded(question string, found []retrieval.Hit) func(Sentence) error {
	return newGuard(told{}, question, found).check
}

func AskedBy(sentence string) bool { return askingOf(sentence) == query }

func About(text, language string) []string { return contentOf(text, language) }
