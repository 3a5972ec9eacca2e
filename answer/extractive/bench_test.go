package extractive

import (
	"slices"
	"testing"
	"time"

	"candor/answer"
	"candor/retrieval/encoder/multilingual"
)

// requests are the questions of visitors to the sample shop in a language, searched by
// words and by meaning.
func requests(t testing.TB) []answer.Request {
	t.Helper()
	search := shopSearch(t)
	var out []answer.Request
	for _, set := range visited {
		for _, q := range set.questions {
			out = append(out, search(q.text, set.language))
		}
	}
	return out
}

// BenchmarkJudge judges each question of the sample shop once where no sentence was seen
// before, and Warm where all were; Answer writes the answer after that.
func BenchmarkJudge(b *testing.B) {
	e, err := multilingual.Encoder()
	if err != nil {
		b.Fatal(err)
	}
	list := requests(b)
	measure := func(name string, each func(answer.Request)) {
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			for i := range b.N {
				began := time.Now()
				each(list[i%len(list)])
				times = append(times, time.Since(began))
			}
			slices.Sort(times)
			b.ReportMetric(times[len(times)/2].Seconds()*1e3, "p50-ms")
			b.ReportMetric(times[len(times)*99/100].Seconds()*1e3, "p99-ms")
		})
	}
	warm := New(e)
	for _, r := range list {
		warm.Judge(b.Context(), r)
	}
	measure("cold", func(r answer.Request) { New(e).Judge(b.Context(), r) })
	measure("warm", func(r answer.Request) { warm.Judge(b.Context(), r) })
	measure("words", func(r answer.Request) { Answerer{}.Judge(b.Context(), r) })
	measure("answer", func(r answer.Request) {
		if err := warm.Answer(b.Context(), r, func(answer.Sentence) error { return nil }); err != nil {
			b.Fatal(err)
		}
	})
}
