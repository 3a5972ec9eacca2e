package store

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"

	"candor/retrieval"
)

// appendPassage appends the part of a passage that is sealed: as uvarints start, end,
// length, and how many terms there are; then, in order, each term's length, the term,
// and its frequency. A question opens all passages of its customer, so it is compact.
func appendPassage(b []byte, p retrieval.Passage) []byte {
	for _, n := range []int{p.Start, p.End, p.Length, len(p.Terms)} {
		b = binary.AppendUvarint(b, uint64(n)) //nolint:gosec // none is below 0
	}
	for _, t := range slices.Sorted(maps.Keys(p.Terms)) {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
		b = binary.AppendUvarint(b, uint64(p.Terms[t])) //nolint:gosec // as above
	}
	return b
}

var errPassage = errors.New("a sealed passage does not read")

// readPassage fills in what appendPassage wrote.
func readPassage(b []byte, p *retrieval.Passage) error {
	bad := false
	number := func() int {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxInt32 {
			bad = true
			return 0
		}
		b = b[n:]
		return int(v)
	}
	var terms int
	for _, to := range []*int{&p.Start, &p.End, &p.Length, &terms} {
		*to = number()
	}
	if terms > len(b)/2 {
		return errPassage
	}
	p.Terms = make(map[string]int, terms)
	for range terms {
		n := number()
		if bad || n > len(b) {
			return errPassage
		}
		t := string(b[:n])
		b = b[n:]
		p.Terms[t] = number()
	}
	if bad || len(b) > 0 {
		return errPassage
	}
	return nil
}
