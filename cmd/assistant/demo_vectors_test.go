package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"candor/consent"
	"candor/ingest"
	"candor/retrieval"
)

// TestDemoVectors: the vectors in the program are those that its encoder gives the
// demo's articles, but for what processors round in their own ways.
func TestDemoVectors(t *testing.T) {
	t.Parallel()
	e, err := openEmbedder(defaults())
	if err != nil {
		t.Fatal(err)
	}
	space := e.Space()
	b, err := demoData.ReadFile("demodata/knowledge.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	fresh := demoVectors{Space: space.String(), Articles: make(map[string][]byte)}
	vectors := make(map[string][]retrieval.Vector)
	records := make(map[string]retrieval.Record)
	for entry := range ingest.JSON(bytes.NewReader(b)) {
		if entry.Err != nil {
			t.Fatal(entry.Err)
		}
		it := entry.Item
		r := retrieval.Record{
			ID: it.ID, Site: demoSite, Category: consent.Knowledge, Title: it.Title, Text: it.Text, Fields: it.Fields, Language: it.Language,
		}
		passages := retrieval.Split(r)
		var texts []string
		for _, p := range passages {
			texts = append(texts, retrieval.PassageInput(r, p))
		}
		if vectors[r.ID], err = e.Embed(t.Context(), retrieval.PassageText, texts); err != nil {
			t.Fatal(err)
		}
		fresh.Articles[r.ID], records[r.ID] = retrieval.SealVectors(space, r, passages, vectors[r.ID]), r
	}
	if *update {
		out, err := json.MarshalIndent(fresh, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("demodata/"+demoVectorsFile, append(out, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	const again = "write them again: go test ./cmd/assistant -run TestDemoVectors -update"
	made, err := readDemo[demoVectors](demoVectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if made.Space != fresh.Space || !slices.Equal(slices.Sorted(maps.Keys(made.Articles)), slices.Sorted(maps.Keys(fresh.Articles))) {
		t.Fatalf("vectors of %q, of %d articles: %s", made.Space, len(made.Articles), again)
	}
	for id, r := range records {
		old := retrieval.OpenVectors(made.Articles[id], space, r, retrieval.Split(r))
		if len(old) != len(vectors[id]) {
			t.Errorf("%s: its text has changed: %s", id, again)
			continue
		}
		for i, v := range old {
			if c := v.Cosine(vectors[id][i]); c < .998 {
				t.Errorf("%s: passage %d: cosine %v: %s", id, i, c, again)
			}
		}
	}
}
