package tokenizer

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// trie maps strings to ids, a byte a step. Nodes are numbered breadth first, so
// that the children of a node are neighbours and one array of their labels is
// all that a step reads. It takes 9 bytes a node, and no string is kept.
type trie struct {
	labels []byte // of the step into each node
	nodes  []node // and one past the last
	depth  int    // bytes of the longest string
}

type node struct {
	first uint32 // the children are from here up to the first of the next node
	id    int32  // of the string that ends here, or none
}

const none = -1

// newTrie builds the trie of the words that are not empty and whose ids, which
// are their positions, are to be kept. Of equal words the last counts.
func newTrie(words []string, keep func(id int32) bool) *trie {
	sorted := order(words, keep)
	nodes := 1
	for i, id := range sorted {
		w := words[id]
		if i == 0 {
			nodes += len(w)
			continue
		}
		nodes += len(w) - commonLen(words[sorted[i-1]], w)
	}
	t := &trie{
		labels: make([]byte, 1, nodes),
		nodes:  make([]node, 0, nodes+1),
	}
	// The words below a node of the level at hand are sorted[from:to].
	type span struct{ from, to int32 }
	level, next := []span{{0, int32(len(sorted))}}, []span(nil)
	for depth := 0; len(level) > 0; depth++ {
		t.depth = max(t.depth, depth)
		next = next[:0]
		for _, s := range level {
			id := int32(none)
			for s.from < s.to && len(words[sorted[s.from]]) == depth {
				id = sorted[s.from]
				s.from++
			}
			t.nodes = append(t.nodes, node{uint32(len(t.labels)), id})
			for s.from < s.to {
				c := words[sorted[s.from]][depth]
				to := s.from + 1
				for to < s.to && words[sorted[to]][depth] == c {
					to++
				}
				t.labels = append(t.labels, c)
				next = append(next, span{s.from, to})
				s.from = to
			}
		}
		level, next = next, level
	}
	t.nodes = append(t.nodes, node{uint32(len(t.labels)), none})
	return t
}

// order returns the ids that are kept in the order of the words, then of the ids.
func order(words []string, keep func(id int32) bool) []int32 {
	// A radix sort by the first 8 bytes, as one number, leaves few words to compare.
	type entry struct {
		head uint64
		id   int32
	}
	entries := make([]entry, 0, len(words))
	var counts [8][256]int32
	for i, w := range words {
		if w == "" || !keep(int32(i)) {
			continue
		}
		var head [8]byte
		copy(head[:], w)
		for j, c := range head {
			counts[j][c]++
		}
		entries = append(entries, entry{binary.BigEndian.Uint64(head[:]), int32(i)})
	}
	sorted := make([]entry, len(entries))
	for j := 7; j >= 0; j-- {
		at := int32(0)
		for c, n := range counts[j] {
			counts[j][c] = at
			at += n
		}
		for _, e := range entries {
			c := byte(e.head >> (56 - 8*j))
			sorted[counts[j][c]] = e
			counts[j][c]++
		}
		entries, sorted = sorted, entries
	}
	for i := 0; i < len(entries); {
		end := i + 1
		for end < len(entries) && entries[end].head == entries[i].head {
			end++
		}
		slices.SortFunc(entries[i:end], func(a, b entry) int {
			return cmp.Or(cmp.Compare(words[a.id], words[b.id]), cmp.Compare(a.id, b.id))
		})
		i = end
	}
	ids := make([]int32, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	return ids
}

func commonLen(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// step returns the child of node n by the byte c, or none.
func (t *trie) step(n int, c byte) int {
	from, to := t.nodes[n].first, t.nodes[n+1].first
	if to-from <= 4 {
		for i := from; i < to; i++ {
			if t.labels[i] == c {
				return int(i)
			}
		}
		return none
	}
	i := bytes.IndexByte(t.labels[from:to], c)
	if i < 0 {
		return none
	}
	return int(from) + i
}
