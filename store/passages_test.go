package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/retrieval"
)

// TestPassage: what is sealed of a passage reads back, and anything else does not.
func TestPassage(t *testing.T) {
	for _, p := range []retrieval.Passage{
		{Terms: map[string]int{}},
		{Start: 3, End: 70_000, Length: 200, Terms: map[string]int{"parcel": 2, "": 1, "посилка": 300, "w\x00rd": 1}},
	} {
		b := appendPassage(nil, p)
		var got retrieval.Passage
		if err := readPassage(b, &got); err != nil || cmp.Diff(p, got) != "" {
			t.Errorf("%v: %s", err, cmp.Diff(p, got))
		}
		for n := range b {
			if err := readPassage(b[:n], &got); err == nil {
				t.Errorf("%d of %d bytes read", n, len(b))
			}
		}
		if err := readPassage(append(b, 0), &got); err == nil {
			t.Error("more than all reads")
		}
	}
}

// FuzzPassage: no bytes break it.
func FuzzPassage(f *testing.F) {
	f.Add(appendPassage(nil, retrieval.Passage{Start: 1, End: 2, Length: 3, Terms: map[string]int{"a": 1}}))
	f.Add([]byte(`{"s":0,"e":1,"n":1,"t":{"a":1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p retrieval.Passage
		if readPassage(b, &p) == nil {
			var again retrieval.Passage
			if err := readPassage(appendPassage(nil, p), &again); err != nil || cmp.Diff(p, again) != "" {
				t.Errorf("%v: %s", err, cmp.Diff(p, again))
			}
		}
	})
}
