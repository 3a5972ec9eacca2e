package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/eval"
	"candor/identity"
	"candor/review"
	"candor/store"
)

func evalAnswersCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "answers", Short: "Measure the check of sentences on answers that people have reviewed here",
		Long: "Answers takes the reviewed answers of this installation whose customers let answers be measured\n" +
			"at this moment (improvement), checks their sentences again, and prints how that agrees with\n" +
			"the reviewers. It prints no text. With --cases it also writes the answers, to be read only\n" +
			"by their owner. Either way it is recorded, and shows in the customers' usage.",
		Args: cobra.NoArgs,
	}
	addFlags(cmd.Flags(), storeFlags...)
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	path := cmd.Flags().String("cases", "", "File to write the answers to, which must not be there: a line of JSON each")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, std, func(ctx context.Context, c Config, s *store.Store) error {
			policy, err := loadPolicy(c)
			if err != nil {
				return err
			}
			write := func([]eval.ReviewedAnswer) error { return nil }
			if *path != "" { // before anything is opened
				if write, err = createCases(*path); err != nil {
					return err
				}
			}
			found, cases, err := (&reviewedAnswers{s, consent.NewGate(s, policy)}).read(ctx)
			if err != nil {
				cases = nil // a part of them is not written
			}
			if err := errors.Join(err, write(cases)); err != nil {
				return err
			}
			report, err := eval.Answers(ctx, &answer.Verifier{}, cases)
			if err != nil {
				return err
			}
			report.Reviewed, report.NotAllowed, report.Withheld, report.Gone = found.Reviewed, found.NotAllowed, found.Withheld, found.Gone
			return printReport(cmd.OutOrStdout(), report, *asJSON)
		})
	}
	return cmd
}

// reviewedAnswers are the answers of an installation that people have reviewed.
type reviewedAnswers struct {
	store *store.Store
	gate  *consent.Gate
}

// read returns those that may be measured, and how many may not be.
func (r *reviewedAnswers) read(ctx context.Context) (found eval.AnswersReport, cases []eval.ReviewedAnswer, err error) {
	err = r.store.Reviews().Reviewed(ctx, func(x review.Item) error {
		found.Reviewed++
		if x.Gone {
			found.Gone++
			return nil
		}
		a, count, err := r.open(ctx, x, &found)
		if err != nil {
			return fmt.Errorf("answer %s: %w", x.AnswerID, err)
		}
		if count == nil {
			cases = append(cases, a)
			return nil
		}
		*count++
		return nil
	})
	return found, cases, err
}

// open opens an answer, or returns as what it is counted instead.
//
// SECURITY: nothing is opened without a grant that holds in the transaction which records
// the look. What was made from records needs one for their category too.
func (r *reviewedAnswers) open(ctx context.Context, x review.Item, found *eval.AnswersReport) (a eval.ReviewedAnswer, count *int, err error) {
	stamp, ok, err := r.gate.Permitted(ctx, x.Customer, x.Conversation, review.Improvement)
	if errors.Is(err, consent.ErrUnknownCustomer) {
		return a, &found.Gone, nil
	}
	if err != nil || !ok {
		return a, &found.NotAllowed, err
	}
	look := consent.Access{
		Customer: x.Customer, Actor: (identity.Principal{Kind: identity.System}).Actor(), Kind: consent.LogAccess, Conversation: x.Conversation,
		Answer: x.AnswerID, Purpose: consent.Improvement, Reason: string(review.ForSample), Categories: []consent.Category{consent.Conversation}, Stamp: &stamp,
	}
	for _, c := range categoriesOf(x.Records) {
		_, ok, err := r.gate.Permitted(ctx, x.Customer, x.Conversation, consent.Triple{Purpose: consent.Improvement, Category: c, Recipient: consent.BrandAI})
		if err != nil || !ok {
			return a, &found.Withheld, err
		}
		look.Categories = append(look.Categories, c)
	}
	err = r.store.Accessed(ctx, look)
	if errors.Is(err, consent.ErrStale) || errors.Is(err, consent.ErrUnknownCustomer) {
		return a, &found.NotAllowed, nil // they chose otherwise at this moment
	}
	if err != nil {
		return a, nil, err
	}
	contents, err := r.store.Citations().Open(ctx, x.ID)
	if err != nil {
		return a, nil, err
	}
	c, ok := contents[x.ID]
	if !ok {
		return a, &found.Gone, nil
	}
	var said answer.Said
	if json.Unmarshal(c.Said, &said) != nil {
		return a, nil, errors.New("the sealed part of its entry does not read")
	}
	return eval.ReviewedAnswer{
		ID: x.AnswerID, Language: x.Language, Model: x.Model, Verdict: x.Verdict, Question: said.Question, Sentences: said.Sentences,
	}, nil, nil
}

// categoriesOf are those of customers' records among the uses.
func categoriesOf(uses []citation.Use) (out []consent.Category) {
	for _, u := range uses {
		if u.Category != consent.Knowledge && !slices.Contains(out, u.Category) {
			out = append(out, u.Category)
		}
	}
	return out
}

// createCases makes the file of the cases, which must not be there yet. The function
// writes and closes it; a file without cases is not left behind.
func createCases(path string) (write func([]eval.ReviewedAnswer) error, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the cases: %w", err)
	}
	return func(cases []eval.ReviewedAnswer) (err error) {
		lines := json.NewEncoder(f)
		for _, c := range cases {
			if err == nil {
				err = lines.Encode(c)
			}
		}
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil || len(cases) == 0 {
			err = errors.Join(err, os.Remove(path))
		}
		return err
	}, nil
}
