package retrieval

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"candor/consent"
)

// collapse leaves one hit of those that say the same: an article that was imported
// twice, a paragraph that several articles share, a record that came from two
// systems. The best stays; of the customer's own the newest, in the place of the
// best. Own records say the same only if their titles and fields do, too: two orders
// of one text are two orders.
func collapse(hits []Hit) []Hit {
	type saying struct {
		category consent.Category
		text     string
	}
	first := make(map[saying]int)
	out := hits[:0:0]
	for _, h := range hits {
		k := saying{h.Category, plain(h.Text())}
		if !h.Record.Knowledge() || k.text == "" {
			k.text += "\x00" + plain(PassageInput(h.Record, Passage{}))
		}
		i, seen := first[k]
		if !seen {
			first[k] = len(out)
			out = append(out, h)
			continue
		}
		kept := &out[i]
		if !h.Record.Knowledge() && h.Record.CollectedAt.After(kept.Record.CollectedAt) {
			h.Same = append(kept.Same, kept.RecordID)
			*kept = h
		} else {
			kept.Same = append(kept.Same, h.RecordID)
		}
	}
	return out
}

// preferredFirst leaves the newest of the preferred categories no more than their half of
// the limit at the front. The index was asked for more than the limit, so that it put
// more of them there; those take the place that their score gives them, if they have one.
func preferredFirst(hits []Hit, prefer []consent.Category, limit int) []Hit {
	front := 0
	for front < len(hits) && slices.Contains(prefer, hits[front].Category) {
		front++
	}
	half := (limit + 1) / 2
	if front <= half {
		return hits
	}
	rest := slices.DeleteFunc(hits[half:], func(h Hit) bool { return h.Score <= 0 })
	slices.SortStableFunc(rest, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits[:half+len(rest)]
}

// plain is a text without what its look is made of.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	}), " ")
}

// latest leaves the newest record of each of the categories, and all of others.
func latest(hits []Hit, categories []consent.Category) []Hit {
	newest := make(map[consent.Category]Record)
	for _, h := range hits {
		old, seen := newest[h.Category]
		if !h.Record.Knowledge() && slices.Contains(categories, h.Category) && (!seen || h.Record.CollectedAt.After(old.CollectedAt)) {
			newest[h.Category] = h.Record
		}
	}
	return slices.DeleteFunc(hits, func(h Hit) bool {
		r, of := newest[h.Category]
		return of && r.ID != h.Record.ID
	})
}
