package answer

import (
	"slices"
	"strings"
)

// item is a value or a content word of a claim in the order of a text.
type item struct {
	at    int
	word  int32  // -1: a value
	value string // its first key
	keys  []string
}

func (i item) is(o item) bool {
	if i.word >= 0 || o.word >= 0 {
		return i.word == o.word
	}
	return slices.ContainsFunc(i.keys, func(k string) bool { return slices.Contains(o.keys, k) })
}

// kind is what sort of value it is ("days", "money eur"): values of one kind can be
// taken for each other.
func (i item) kind() string {
	at := strings.LastIndexByte(i.value, ' ')
	return i.value[:max(at, 0)]
}

// binds reports whether a value of a claim is said of the same thing by the evidence.
// Where a unit is near to the claim and holds, with its neighbours, no other value of
// the kind it is; else the unit must be about as near as the nearest one, and a word or value must stand
// beside it in both that stands beside no other value of the kind.
func (e *evidence) binds(c claim, which int, in spread, most float64) bool {
	const near, asNear = 0.4, 0.8
	mine := c.items()
	at := slices.IndexFunc(mine, func(i item) bool { return i.word < 0 && i.at == c.values[which].at })
	v := mine[at]
	for _, u := range in.units {
		covered := covers(c, in.terms[u], in.values[u])
		if in.values[u]&(1<<min(which, 63)) == 0 || covered < near*most {
			continue
		}
		theirs := e.items(c, u)
		others := func(i item) bool { return i.word < 0 && i.kind() == v.kind() && !i.is(v) }
		if !slices.ContainsFunc(theirs, others) {
			return true
		}
		if covered < asNear*most {
			continue
		}
		for _, side := range []int{-1, 1} {
			if at+side < 0 || at+side >= len(mine) {
				continue
			}
			beside, found, confusing := mine[at+side], false, false
			for k, i := range theirs {
				if k+side < 0 || k+side >= len(theirs) || !theirs[k+side].is(beside) {
					continue
				}
				if i.is(v) {
					found = true
				} else if others(i) {
					confusing = true
				}
			}
			if found && !confusing {
				return true
			}
		}
	}
	return false
}

// items are the values and the matched words of a claim.
func (c claim) items() (out []item) {
	for _, t := range c.terms {
		if t.match > 0 {
			out = append(out, item{at: t.end, word: t.id})
		}
	}
	return inOrder(out, c.values, 0)
}

// items are the values of a unit and those around it, and what they have of the words of
// a claim.
func (e *evidence) items(c claim, at int32) (out []item) {
	offset := 0
	for n := max(0, at-1); n <= min(at+1, int32(len(e.units))-1); n++ {
		u := e.units[n]
		var here []item
		for k, w := range u.words {
			if slices.ContainsFunc(c.terms, func(t claimTerm) bool { return t.match > 0 && t.id == w }) {
				here = append(here, item{at: offset + u.ends[k], word: w})
			}
		}
		out = append(out, inOrder(here, u.values, offset)...)
		offset += len(u.text)
	}
	return out
}

func inOrder(words []item, values []value, offset int) []item {
	for _, v := range values {
		// A word that is a part of a value is no word beside it.
		from, to := offset+v.at, offset+v.at+len(v.shown)
		words = slices.DeleteFunc(words, func(i item) bool { return i.word >= 0 && i.at > from && i.at <= to })
		words = append(words, item{at: from, word: -1, value: v.keys[0], keys: v.keys})
	}
	slices.SortStableFunc(words, func(a, b item) int { return a.at - b.at })
	return words
}
