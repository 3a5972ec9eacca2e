package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/eval"
	"candor/identity"
	"candor/retrieval/analysis"
)

func evalRefusalCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "refusal", Short: "Measure whether it knows what it cannot answer",
		Long: "Refusal asks questions of which some have no answer, and measures how many of these are not\n" +
			"answered, and how many of the others are. --data is a folder with corpus.jsonl and queries.jsonl\n" +
			"(id, text, history, answerability); a file of utterances (id, text, label, split, out_of_scope),\n" +
			"of which articles are made, one for each label; or a folder with any of both.",
	}
	addFlags(cmd.Flags(), embedderFlags...)
	every := cmd.Flags().Int("every", 1, "Ask only each so many-th question of a kind")
	return suite(cmd, func(ctx context.Context, data string, progress io.Writer) (any, error) {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return nil, err
		}
		if *every < 1 {
			return nil, fmt.Errorf("--every %d: it is at least 1", *every)
		}
		sets, err := eval.ReadRefusal(data)
		if err != nil {
			return nil, err
		}
		for i := range sets {
			sets[i] = sets[i].Every(*every)
		}
		return evalRefusal(ctx, c, sets, progress)
	})
}

// evalRefusal asks the questions of each set as a visitor of a site that has its documents.
func evalRefusal(ctx context.Context, c Config, sets []eval.RefusalSet, progress io.Writer) (report eval.RefusalReport, err error) {
	var run eval.RefusalRun
	err = onTrial(ctx, c, func(t trial) error {
		var sites []identity.SiteID
		for _, set := range sets {
			var articles bytes.Buffer
			for _, d := range set.Documents {
				if err := json.NewEncoder(&articles).Encode(d); err != nil {
					return err
				}
			}
			site := identity.SiteID(set.Name)
			sites = append(sites, site)
			if err := t.addSite(ctx, site); err != nil {
				return err
			}
			if err := t.addKnowledge(ctx, site, &articles); err != nil {
				return fmt.Errorf("%s: document, %w", set.Name, err)
			}
		}
		if err := t.makeSearchable(ctx, progress, sites...); err != nil {
			return err
		}
		for i, set := range sets {
			_, _ = fmt.Fprintf(progress, "%s: %d articles, %d questions\n", set.Name, len(set.Documents), len(set.Questions))
			err := run.Ask(ctx, set, func(ctx context.Context, q eval.RefusalQuestion) (eval.RefusalResponse, error) {
				return t.refuses(ctx, sites[i], q)
			})
			if err != nil {
				return fmt.Errorf("%s: %w", set.Name, err)
			}
		}
		return nil
	})
	return run.Report(), err
}

// refuses asks the engine of production.
func (t trial) refuses(ctx context.Context, site identity.SiteID, q eval.RefusalQuestion) (out eval.RefusalResponse, err error) {
	who, err := t.visitor(ctx, site)
	if err != nil {
		return out, err
	}
	engine := *t.engine
	judged := &judging{Answerer: engine.Extractive, judge: engine.Judge}
	engine.Extractive, engine.Judge = judged, judged
	a, err := t.ask(ctx, &engine, who, q.Text, analysis.DetectLanguage(q.Text), q.Before...)
	if err != nil {
		return out, err
	}
	out = eval.RefusalResponse{Score: judged.score, Took: judged.took, Clarified: a.Status == answer.Clarify}
	out.Answered = slices.ContainsFunc(a.Sentences, func(s answer.Sentence) bool { return len(s.Citations) > 0 })
	return out, nil
}

// judging notes how likely an answer was taken for, and how long judging and quoting took.
type judging struct {
	answer.Answerer
	judge answer.Judge

	mu    sync.Mutex
	score float64
	took  time.Duration
}

func (j *judging) Judge(ctx context.Context, r answer.Request) (answer.Support, float64) {
	began := time.Now()
	support, score := j.judge.Judge(ctx, r)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.score, j.took = max(j.score, score), j.took+time.Since(began)
	return support, score
}

func (j *judging) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	if support, _ := j.Judge(ctx, r); support != answer.Supported {
		return ctx.Err() // it would say nothing
	}
	return j.Answerer.Answer(ctx, r, yield)
}
