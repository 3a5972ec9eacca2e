package eval_test

import (
	"testing"

	"candor/answer"
	"candor/eval"
	"candor/review"
)

// TestReviewedAnswers measures a verifier against what people found: precision, recall and
// agreement are those of the four cells, and what says nothing about support is in none.
func TestReviewedAnswers(t *testing.T) {
	t.Parallel()
	const quote = "Returns are free for 30 days after delivery."
	says := func(id string, v review.Verdict, model, text string) eval.ReviewedAnswer {
		return eval.ReviewedAnswer{ID: id, Verdict: v, Model: model, Language: "en", Sentences: []answer.Sentence{
			{Text: "Hello!"}, {Text: text, Citations: []answer.Citation{{RecordID: "k1", PassageID: "k1#0", Quote: quote}}},
		}}
	}
	const wrong = "Returns are free for 60 days after delivery."
	cases := []eval.ReviewedAnswer{
		says("both", review.Correct, "m", quote),
		says("both, said badly", review.Tone, "m", quote),
		says("only people", review.Correct, "n", wrong),
		says("only the verifier", review.Unsupported, "n", quote),
		says("neither", review.Unsupported, "n", wrong),
		says("another matter", review.WrongSource, "m", wrong),
		says("another matter", review.ShouldNotHaveBeenUsed, "m", quote),
		{ID: "claims nothing", Verdict: review.Correct, Model: "m", Sentences: []answer.Sentence{{Text: "Hello!"}}},
	}
	r, err := eval.Answers(t.Context(), &answer.Verifier{}, cases)
	if err != nil {
		t.Fatal(err)
	}
	want := eval.Agreement{Compared: 5, Supported: 3, Passed: 3, Agreed: 3, Agreement: .6, Precision: 2. / 3, Recall: 2. / 3}
	if r.Agreement != want || r.Answers != 8 || r.Sentences != 7 || r.Verdicts[review.Correct] != 3 {
		t.Errorf("%+v, want %+v", r, want)
	}
	if m := *r.ByModel["m"]; m != (eval.Agreement{Compared: 2, Supported: 2, Passed: 2, Agreed: 2, Agreement: 1, Precision: 1, Recall: 1}) {
		t.Errorf("one model's: %+v", m)
	}
	if none, err := eval.Answers(t.Context(), &answer.Verifier{}, nil); err != nil || none.Compared != 0 || none.Precision != 0 {
		t.Errorf("of nothing: %+v, %v", none, err)
	}
}
