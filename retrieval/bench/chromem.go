package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/philippgille/chromem-go"
)

// chromemEngine is chromem-go in memory. Its filter is for equal values, so a set of
// categories is a query for each; a customer is a collection of their own, as one with
// a million documents is walked whole for every question.
type chromemEngine struct {
	filter    bool // by metadata; else public articles are a collection of their own
	articles  *chromem.Collection
	customers []*chromem.Collection
}

// newChromem returns one that filters knowledge by metadata, and one that shares all
// else with it and does not have to.
func newChromem(ctx context.Context, z sizes, say func(string)) ([]engine, error) {
	db := chromem.NewDB()
	collection := func(name string) (*chromem.Collection, error) {
		return db.CreateCollection(name, nil, func(context.Context, string) ([]float32, error) { return nil, errCannot })
	}
	filtered, err := collection("knowledge")
	if err != nil {
		return nil, err
	}
	public, err := collection("public")
	if err != nil {
		return nil, err
	}
	err = many(z.knowledge, "chromem-go, knowledge", say, func(i int) error {
		a := article(i)
		d := chromem.Document{ID: strconv.Itoa(i), Metadata: map[string]string{"visibility": a.visibility()}, Embedding: embed(a.input()), Content: a.input()}
		if !a.internal {
			if err := public.AddDocument(ctx, d); err != nil {
				return err
			}
		}
		return filtered.AddDocument(ctx, d)
	})
	if err != nil {
		return nil, err
	}
	customers := make([]*chromem.Collection, z.customers)
	err = many(z.customers, "chromem-go, customers", say, func(i int) error {
		if customers[i], err = collection(fmt.Sprint("customer ", i)); err != nil {
			return err
		}
		for n := range z.passages {
			o := own(i, n)
			err := customers[i].AddDocument(ctx, chromem.Document{
				ID: strconv.Itoa(n), Metadata: map[string]string{"category": o.category}, Embedding: embed(o.input()), Content: o.input(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return []engine{&chromemEngine{true, filtered, customers}, &chromemEngine{false, public, nil}}, err
}

func (e *chromemEngine) name() string {
	if e.filter {
		return "chromem-go, metadata filter"
	}
	return "chromem-go, public ones apart"
}

func (e *chromemEngine) close() error { return nil }

func (e *chromemEngine) knowledge(ctx context.Context, text string, vector []float32) ([]found, error) {
	if text != "" || vector == nil {
		return nil, errCannot
	}
	var where map[string]string
	if e.filter {
		where = map[string]string{"visibility": "public"}
	}
	results, err := e.articles.QueryEmbedding(ctx, vector, min(limit, e.articles.Count()), where, nil)
	return numbers(results), err
}

func (e *chromemEngine) own(ctx context.Context, customer int, text string, vector []float32) ([]found, error) {
	if text != "" || vector == nil || e.customers == nil {
		return nil, errCannot
	}
	var all []chromem.Result
	c := e.customers[customer]
	for _, category := range allowed {
		some, err := c.QueryEmbedding(ctx, vector, min(limit, c.Count()), map[string]string{"category": category}, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b chromem.Result) int {
		switch {
		case a.Similarity > b.Similarity:
			return -1
		case a.Similarity < b.Similarity:
			return 1
		}
		return 0
	})
	return numbers(all[:min(limit, len(all))]), nil
}

func numbers(results []chromem.Result) []found {
	out := make([]found, len(results))
	for i, r := range results {
		n, _ := strconv.Atoi(r.ID) // it is one
		out[i] = found(n)
	}
	return out
}
