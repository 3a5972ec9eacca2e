package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/answer/extractive"
	"candor/consent"
	"candor/eval"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/retrieval/embedded"
)

func evalRefusalCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "refusal", Short: "Measure whether it knows what it cannot answer", Args: cobra.NoArgs,
		Long: "Refusal asks questions of which some have no answer, and measures how many of these are not\n" +
			"answered, and how many of the others are. --data is a folder with corpus.jsonl and queries.jsonl\n" +
			"(id, text, history, answerability); a file of utterances (id, text, label, split, out_of_scope),\n" +
			"of which articles are made, one for each label; or a folder with any of both. Without --data it\n" +
			"reads the evaluation data (CANDOR_DATA, else ../shared/data).",
	}
	addFlags(cmd.Flags(), embedderFlags...)
	path := cmd.Flags().String("data", "", "Folder or file of the data")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		e, err := openEmbedder(c)
		if err != nil {
			return err
		}
		if *path == "" {
			if *path, err = eval.DataDir(); err != nil {
				return fmt.Errorf("name a folder or a file with --data: %w", err)
			}
		}
		sets, err := eval.ReadRefusal(*path)
		if err != nil {
			return err
		}
		var run eval.RefusalRun
		for _, set := range sets {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d articles, %d questions\n", set.Name, len(set.Documents), len(set.Questions))
			if err := evalRefusal(cmd.Context(), e, set, &run, cmd.ErrOrStderr()); err != nil {
				return fmt.Errorf("%s: %w", set.Name, err)
			}
		}
		return printReport(cmd.OutOrStdout(), run.Report(), *asJSON)
	}
	return cmd
}

// evalRefusal asks the questions of a set as a visitor of a site that has its documents,
// by the search, the judge and the answerer that production uses.
func evalRefusal(ctx context.Context, e retrieval.Embedder, set eval.RefusalSet, run *eval.RefusalRun, progress io.Writer) (err error) {
	tmp, err := os.MkdirTemp("", "candor-eval-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	s, err := openStore(ctx, Config{DataDir: tmp, Database: "sqlite:", Keys: "sqlite:"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.AddSite(ctx, identity.Site{ID: evalSite, Name: "eval", Secret: []byte("eval")}, identity.NewSecret("sk")); err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, d := range set.Documents {
		if err := json.NewEncoder(&lines).Encode(d); err != nil {
			return err
		}
	}
	policy := consent.DefaultPolicy()
	im := &ingest.Importer{Store: s, Policy: func() *consent.Policy { return policy }, Now: time.Now}
	imported, err := im.Knowledge(ctx, evalSite, ingest.JSON(&lines), retrieval.PublicKnowledge, func(int) {})
	if err != nil {
		return err
	}
	if len(imported.Rejected) > 0 {
		r := imported.Rejected[0]
		return fmt.Errorf("document %d: %s", r.Line, r.Error)
	}
	scope, err := consent.NewGate(s, policy).Scope(ctx, identity.Principal{Kind: identity.Visitor, Site: evalSite}, consent.Answers)
	if err != nil {
		return err
	}
	searcher := retrieval.NewSearcher(embedded.New(s, embedded.Options{}), s)
	if e != nil {
		if err := enterSpace(ctx, s, e); err != nil {
			return err
		}
		if err := rebuild(ctx, progress, progress, s, e); err != nil {
			return err
		}
		searcher = retrieval.NewSearcher(embedded.New(s, embedded.Options{Space: e.Space()}), s).ByMeaning(e, s)
	}
	answerer := extractive.New(e)
	return run.Ask(ctx, set, func(ctx context.Context, q eval.RefusalQuestion) (eval.RefusalResponse, error) {
		language := consent.MatchLanguage("")
		intent := answer.UnderstandAfter(policy, q.Text, q.Before, language)
		found, err := searcher.Search(ctx, scope, intent.Query(q.Text, "", q.Before, time.Time{}), evalHits)
		if err != nil {
			return eval.RefusalResponse{}, err
		}
		return respond(ctx, answerer, answer.Request{Question: q.Text, Language: language, Intent: intent, Hits: found.Hits})
	})
}

// evalHits is how many passages an answer is made from, as in production.
const evalHits = 24

// respond judges what was found, and answers from it as the engine does: together with
// what the question leans on, and if that says nothing alone.
func respond(ctx context.Context, a extractive.Answerer, r answer.Request) (out eval.RefusalResponse, err error) {
	began := time.Now()
	defer func() { out.Took = time.Since(began) }()
	support, score := a.Judge(ctx, r)
	out.Score, out.Clarified = score, support == answer.Unclear
	if support != answer.Supported {
		return out, ctx.Err()
	}
	for _, r.Question = range []string{r.Intent.Whole(r.Question), r.Question} {
		err := a.Answer(ctx, r, func(s answer.Sentence) error {
			_, err := answer.Verify(s, r.Hits)
			out.Answered = out.Answered || err == nil
			return nil
		})
		if err != nil || out.Answered {
			return out, err
		}
	}
	return out, nil
}
