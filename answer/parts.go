package answer

import (
	"regexp"
	"strings"
)

// joint is where a message goes on with another question: after a question mark, or at
// an "and" before a word that begins a question.
var joint = regexp.MustCompile(`(?i)\?+\s+|,?\s+(?:and(?: also)?|e(?: também)?|y(?: también)?|та|і|й|и|а также)\s+(` +
	`what|how|when|where|who|which|why|do|does|did|can|could|may|is|are|will|would|` +
	`qual|quais|como|quando|onde|quem|quanto|quantos|vocês|posso|tem|têm|é possível|` +
	`qué|cuál|cuáles|cómo|cuándo|dónde|quién|cuánto|cuántos|puedo|tienen|hacen|envían|` +
	`що|як|коли|де|хто|скільки|який|яка|яке|які|чи|` +
	`что|как|когда|где|кто|сколько|какой|какая|какое|какие|можно|есть ли)\s`)

// maxParts bounds the questions of one message that are looked at by themselves.
const maxParts = 3

// Parts returns the questions that a message asks, in their order, if it asks two or
// three that each say what they are about; else nil. It looks at the words alone. Where
// Judge supports some of them and not others, an answer is Partial.
func Parts(message, language string) []string {
	message = cut(message)
	var parts []string
	start := 0
	for _, m := range joint.FindAllStringSubmatchIndex(message, -1) {
		next := m[1]
		if m[2] >= 0 {
			next = m[2] // the word belongs to the question that it begins
		}
		parts = append(parts, strings.TrimSpace(message[start:m[0]]))
		start = next
	}
	parts = append(parts, strings.TrimSpace(message[start:]))
	if len(parts) < 2 || len(parts) > maxParts {
		return nil
	}
	for _, p := range parts {
		if telling(p, language) == 0 || Points(p) {
			return nil // it leans on the others
		}
	}
	return parts
}
