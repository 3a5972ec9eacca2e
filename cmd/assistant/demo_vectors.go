package main

import (
	"context"

	"candor/retrieval"
)

// demoVectors is what retrieval.SealVectors makes of the demo's articles, so that a
// demo need not wait for it. It is written by go test ./cmd/assistant -run
// TestDemoVectors -update.
type demoVectors struct {
	Space    string            `json:"space"`
	Articles map[string][]byte `json:"articles"` // by id
}

const demoVectorsFile = "vectors.json"

// seedVectors gives the demo's articles their vectors, as far as they are still those
// of their texts. embedAll sees to the others.
func seedVectors(ctx context.Context, a *app) error {
	made, err := readDemo[demoVectors](demoVectorsFile)
	if err != nil || a.embedder == nil {
		return err
	}
	space := a.embedder.Space()
	if made.Space != space.String() {
		return nil
	}
	articles, err := a.store.Unembedded(ctx, space, retrieval.Article{}, len(made.Articles))
	if err != nil {
		return err
	}
	var known []retrieval.ArticleVectors
	for _, x := range articles {
		b := made.Articles[x.ID]
		if retrieval.OpenVectors(b, space, x.Record, retrieval.Split(x.Record)) != nil {
			known = append(known, retrieval.ArticleVectors{Article: retrieval.Article{Site: x.Site, ID: x.ID}, Body: x.Body, Sealed: b})
		}
	}
	return a.store.PutVectors(ctx, space, known)
}
