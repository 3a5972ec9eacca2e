package storetest

import (
	"slices"

	"candor/agents"
)

// cannedReplies are kept by their ids, and listed by title.
func cannedReplies(f *fixture) {
	a := agents.Canned{ID: "b", Title: "Anything else?", Text: "Is that all, {{customer}}?", Language: "en", Queue: "support"}
	b := agents.Canned{ID: "a", Title: "Hello", Text: "Hello"}
	f.must(f.PutCanned(f.Context(), "stf_1", b))
	f.must(f.PutCanned(f.Context(), "stf_1", a))
	list := func(what string, want ...agents.Canned) {
		f.Helper()
		got, err := f.Canned(f.Context())
		if err != nil || !slices.Equal(got, want) {
			f.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	list("both", a, b)
	b.Text = "Hello there"
	f.must(f.PutCanned(f.Context(), "stf_2", b))
	list("changed", a, b)
	f.must(f.RemoveCanned(f.Context(), "a"))
	f.is("removed twice", f.RemoveCanned(f.Context(), "a"), agents.ErrUnknownCanned)
	list("one", a)
}
