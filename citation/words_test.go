package citation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		texts []string
		want  []string
	}{
		{"nothing", nil, nil},
		{"empty texts", []string{"", "  "}, nil},
		{"punctuation", []string{"?! … — %"}, nil},
		{"lower case, sorted, once", []string{"Where is my Order? WHERE?", "my order"}, []string{"is", "my", "order", "where"}},
		{"a number as it is written", []string{"Order FH-20871, €318.00"}, []string{"00", "20871", "318", "fh", "order"}},
		{"one code point is no word", []string{"a я 5 I"}, nil},
		{"two are", []string{"на ok 42"}, []string{"42", "ok", "на"}},
		{"Cyrillic", []string{"Где мой ЗАКАЗ"}, []string{"где", "заказ", "мой"}},
		{"an accent of its own stays in its word", []string{"cafe\u0301 tem"}, []string{"cafe\u0301", "tem"}},
		{"an apostrophe divides", []string{"maya's"}, []string{"maya"}},
		{"invalid UTF-8 divides", []string{"ab\xffcd"}, []string{"ab", "cd"}},
	} {
		if got := Words(tt.texts...); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestWordsAreBounded: a long text makes no long entry, and its beginning is
// what it can be found by.
func TestWordsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 3 * maxWords {
		fmt.Fprintf(&b, "word%05d ", i)
	}
	got := Words(b.String(), "later")
	if len(got) != maxWords || got[0] != "word00000" || got[maxWords-1] != fmt.Sprintf("word%05d", maxWords-1) {
		t.Errorf("%d words, from %s to %s", len(got), got[0], got[len(got)-1])
	}
}
