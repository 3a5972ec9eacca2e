package multilingual_test

import (
	"fmt"
	"strings"
	"testing"

	"candor/retrieval"
	"candor/retrieval/encoder/multilingual"
)

// BenchmarkEncode encodes texts of some lengths, one at a time, on one core.
func BenchmarkEncode(b *testing.B) {
	e, err := multilingual.Encoder()
	if err != nil {
		b.Fatal(err)
	}
	words := strings.Fields(strings.Repeat("Where is the parcel that I ordered two weeks ago, and when will it be here? ", 40))
	for _, n := range []int{12, 128, 512} {
		text, tokens := "", 0
		for i := n / 2; tokens < n && i < len(words); i++ {
			text = strings.Join(words[:i], " ")
			ids, _ := e.Tokens(nil, retrieval.PassageText, text)
			tokens = len(ids)
		}
		b.Run(fmt.Sprintf("tokens=%d", tokens), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Encode(b.Context(), retrieval.PassageText, []string{text}, func(int, []float32) {}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(tokens), "us/token")
		})
	}
}
