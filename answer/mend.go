package answer

import "strings"

// askingWords are the words that a request for a person is made of and that are long
// enough to be told when they are mistyped.
var askingWords, isAsking = func() (words [][]rune, is map[string]bool) {
	is = make(map[string]bool)
	for w := range strings.FieldsSeq(
		"human person people someone somebody anyone agent representative operator manager supervisor assistant customer service support speak transfer connect " +
			"atendente humano pessoa operador representante gerente supervisor falar conversar transferir " +
			"persona alguien agente operadora encargado asesor hablar pasame comunicame " +
			"людина людину людиною оператор оператора оператором менеджер менеджера менеджером поговорити покличте переведіть консультант " +
			"человек человека человеком поговорить позовите переведите соедините консультанта сотрудник") {
		words, is[w] = append(words, []rune(w)), true
	}
	return words, is
}()

// shortSlips are mistyped words too short to be told by their shape.
var shortSlips = map[string]string{
	"tlak": "talk", "takl": "talk", "tallk": "talk", "talkk": "talk", "spek": "speak", "spaek": "speak", "speek": "speak", "speka": "speak",
	"humna": "human", "hman": "human", "huma": "human", "prson": "person", "persn": "person", "agnt": "agent", "agen": "agent", "rep": "representative",
	"sombody": "somebody", "somone": "someone", "smeone": "someone", "anyon": "anyone", "costumer": "customer", "falr": "falar", "hablr": "hablar",
}

// shortest is how many letters a word has at least to be mended by its shape: shorter
// ones are too often another word.
const shortest = 5

// mendPerson returns the folded message with the words that are one slip of a finger
// away from a word of askingWords put right: a letter left out, added, changed or
// swapped with its neighbour, but the first and last in place. "sneak" and "steak" are
// such words too, and ask for nobody when they are read as "speak".
func mendPerson(message string) string {
	words := strings.Fields(message)
	for i, w := range words {
		if right, ok := shortSlips[w]; ok {
			words[i] = right
			continue
		}
		typed := []rune(w)
		if len(typed) < shortest || isAsking[w] {
			continue
		}
		for _, known := range askingWords {
			if slipped(typed, known) {
				words[i] = string(known)
				break
			}
		}
	}
	return " " + strings.Join(words, " ") + " "
}

// slipped reports whether one slip inside makes typed of known (Damerau's: insertion,
// deletion, substitution, transposition; of ten letters and more two slips).
func slipped(typed, known []rune) bool {
	n, m := len(typed), len(known)
	slips := 1
	if m >= 10 {
		slips = 2
	}
	if n-m > slips || m-n > slips || typed[0] != known[0] || typed[n-1] != known[m-1] {
		return false
	}
	return editDistance(typed, known) <= slips
}

// editDistance is the optimal string alignment distance.
func editDistance(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row := rows[(i+2)%3], rows[i%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
