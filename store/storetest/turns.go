package storetest

import (
	"slices"

	"candor/conversation"
	"candor/identity"
)

// turnsBefore: what the customer said before a question, in this conversation, and
// nobody else.
func turnsBefore(f *fixture) {
	conv, other := f.talk(f.maya), f.talk(f.maya)
	first := f.ask(conv, "Where is my order?")
	f.ask(other, "Elsewhere.")
	second := f.ask(conv, "And the other one?")
	if _, err := f.Post(f.Context(), conv, message(conversation.FromSystem, "A notice."), "en"); err != nil {
		f.Error(err)
	}
	third := f.ask(conv, "When will it be here?")
	for _, tt := range []struct {
		answer string
		n      int
		want   []string
	}{
		{first.ID, 5, nil},
		{second.ID, 5, []string{"Where is my order?"}},
		{third.ID, 5, []string{"Where is my order?", "And the other one?"}},
		{third.ID, 1, []string{"And the other one?"}},
		{third.ID, 0, nil},
	} {
		got, err := f.Before(f.Context(), tt.answer, tt.n)
		f.must(err)
		if !slices.Equal(got, tt.want) {
			f.Errorf("before %s: %q, want %q", tt.answer, got, tt.want)
		}
	}
	if got, err := f.Before(f.Context(), identity.NewID("ans"), 5); err == nil {
		f.Errorf("before no answer: %q", got)
	}
}
