package liar_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"candor/answer"
	"candor/answer/openai"
	"candor/answer/openai/liar"
	"candor/consent"
	"candor/retrieval"
)

// TestLiar: it answers as models do, and lies in each of the ways that it is there for.
func TestLiar(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(liar.Handler(0))
	defer s.Close()
	a, err := openai.New(openai.Options{URL: s.URL + "/v1", Model: liar.Name, Recipient: consent.BrandAI})
	if err != nil {
		t.Fatal(err)
	}
	hit := func(id, title, text string) retrieval.Hit {
		h := retrieval.Hit{Record: retrieval.Record{ID: id, Title: title, Text: text}}
		h.RecordID, h.PassageID, h.End = id, id+"#0", len(text)
		return h
	}
	for _, language := range consent.Languages {
		r := answer.Request{Question: "How many days do I have to return it?", Language: language, Hits: []retrieval.Hit{
			hit("r1", "Shipping", "It takes two days. It costs nothing."), hit("r2", "Returns", "You have 30 days to return it. It has to be unworn."),
		}}
		var all []string
		fine, wrong := 0, make(map[string]int)
		err := a.Answer(t.Context(), r, func(x answer.Sentence) error {
			all = append(all, x.Text)
			if err := verify(x, r.Hits); err != nil {
				wrong[answer.RemovalReason(err)]++
			} else {
				fine++
			}
			return nil
		})
		if err != nil || fine != 1 || len(wrong) < 3 || wrong["no_citation"] != 1 || wrong["unknown_source"] != 1 {
			t.Errorf("%s: %d are true, wrong are %v of %q, %v", language, fine, wrong, strings.Join(all, " "), err)
		}
	}
	if got := liar.Lie("nothing that reads"); got == "" {
		t.Error("without sources it says nothing")
	}
}

func verify(s answer.Sentence, hits []retrieval.Hit) error {
	_, err := answer.Verify(s, hits)
	return err
}
