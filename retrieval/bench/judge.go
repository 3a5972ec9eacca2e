package main

import (
	"cmp"
	"context"
	"slices"
)

// first is how many of what was found are looked at.
const first = 10

// judge tells how many of the first ten that an engine found are among the first ten
// that are right: by meaning the exact nearest within the filter, of vectors that are
// not rounded; by words what Candor finds, as others weigh words in other ways. Candor
// finds fewer than ten by meaning where no more are near.
func judge(ctx context.Context, results []result, z sizes, asked []int, questions int) error {
	var vectors [][]float32
	for i := range z.knowledge {
		if a := article(i); !a.internal {
			vectors = append(vectors, embed(a.input()))
		} else {
			vectors = append(vectors, nil)
		}
	}
	for n := range questions {
		customer := asked[n%len(asked)]
		var mine [][]float32
		for i := range z.passages {
			if o := own(customer, i); slices.Contains(allowed, o.category) {
				mine = append(mine, embed(o.input()))
			} else {
				mine = append(mine, nil)
			}
		}
		var reference []found
		for i := range results {
			r := &results[i]
			if r.task.words && r.task.meaning {
				continue // how both are made one is each one's own
			}
			got, _, err := r.task.ask(ctx, r.engine, n, customer)
			if err != nil {
				return err
			}
			got = got[:min(first, len(got))]
			if i == 0 || results[i-1].task != r.task {
				switch reference = got; {
				case r.task.meaning && r.task.own:
					reference = nearest(mine, embed(question(n)))
				case r.task.meaning:
					reference = nearest(vectors, embed(question(n)))
				}
			}
			for _, f := range got {
				if slices.Contains(reference, f) {
					r.same++
				}
			}
			r.of += len(got)
		}
	}
	return nil
}

// nearest are the first of the vectors that are there, by their cosine with v.
func nearest(vectors [][]float32, v []float32) []found {
	type near struct {
		found  found
		cosine float32
	}
	var all []near
	for i, w := range vectors {
		if w == nil {
			continue
		}
		var dot float32
		for j := range w {
			dot += w[j] * v[j]
		}
		all = append(all, near{found(i), dot})
	}
	slices.SortFunc(all, func(a, b near) int { return cmp.Compare(b.cosine, a.cosine) })
	var out []found
	for _, n := range all[:min(first, len(all))] {
		out = append(out, n.found)
	}
	return out
}
