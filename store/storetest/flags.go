package storetest

import (
	"reflect"

	"candor/citation"
	"candor/review"
)

// flagsAreSeen: the desk sees which answers of a conversation were flagged, and those
// of no other.
func flagsAreSeen(f *fixture) {
	f.agent("stf_1")
	f.logged(f.maya, "a1", 0.5)
	f.logged(f.maya, "a2", 0.5)
	f.logged(f.omar, "a3", 0.5, func(e *citation.Entry) { e.Conversation = "cnv_2" })
	for _, x := range []struct {
		id, conversation, answer string
		kind                     review.Verdict
	}{
		{"flg_1", "cnv_1", "a1", review.Tone}, {"flg_2", "cnv_1", "a1", review.Unsupported}, {"flg_3", "cnv_2", "a3", review.WrongSource},
	} {
		f.must(f.Reviews().AddFlag(f.Context(), x.conversation, review.Flag{
			ID: x.id, Answer: x.answer, Kind: x.kind, Note: "Look", By: review.Person{ID: "stf_1"},
		}))
	}
	for conversation, want := range map[string]map[string][]review.Verdict{
		"cnv_1": {"a1": {review.Tone, review.Unsupported}}, "cnv_2": {"a3": {review.WrongSource}}, "cnv_3": {},
	} {
		got, err := f.Reviews().Flagged(f.Context(), conversation)
		if err != nil || !reflect.DeepEqual(got, want) {
			f.Errorf("of %s are flagged %v (%v), want %v", conversation, got, err, want)
		}
	}
}
