package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/eval"
	"candor/identity"
	"candor/retrieval"
)

const evalSite identity.SiteID = "eval"

func evalCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{Use: "eval", Short: "Measure quality on data of your own"}
	group.AddCommand(
		evalAnswersCommand(std), evalHandoffCommand(std), evalInjectionCommand(std), evalPIICommand(std), evalRefusalCommand(std), evalRetrievalCommand(std), evalVerificationCommand(std),
	)
	return group
}

func evalRetrievalCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "retrieval", Short: "Measure search: nDCG@10, recall@10, recall@100, MRR@10, time per query",
		Long: "Retrieval imports a folder with corpus.jsonl (id, title, text, visibility), queries.jsonl (id,\n" +
			"text) and qrels.tsv (query-id, corpus-id, score) into a temporary store and searches it as\n" +
			"staff, the way the assistant does; or each such folder below retrieval, as the evaluation\n" +
			"data has them.",
	}
	addFlags(cmd.Flags(), embedderFlags...)
	return suite(cmd, func(ctx context.Context, data string, progress io.Writer) (any, error) {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return nil, err
		}
		if exists(filepath.Join(data, "corpus.jsonl")) {
			return evalRetrieval(ctx, c, data, progress)
		}
		corpora, err := filepath.Glob(filepath.Join(data, "retrieval", "*", "corpus.jsonl"))
		if err != nil || len(corpora) == 0 {
			return nil, errors.Join(fmt.Errorf("%s: there is neither corpus.jsonl nor a folder retrieval of folders that have one", data), err)
		}
		out := make(map[string]eval.RetrievalReport)
		for _, corpus := range corpora {
			name := filepath.Base(filepath.Dir(corpus))
			fmt.Fprintln(progress, name)
			if out[name], err = evalRetrieval(ctx, c, filepath.Dir(corpus), progress); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		return out, nil
	})
}

func printReport(w io.Writer, report any, asJSON bool) error {
	b, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if asJSON {
		_, err = fmt.Fprintln(w, string(b))
		return err
	}
	var figures map[string]any
	if err := json.Unmarshal(b, &figures); err != nil {
		return err
	}
	b, err = json.MarshalIndent(figures, "", "  ")
	if err == nil {
		_, err = fmt.Fprintln(w, string(b))
	}
	return err
}

// evalRetrieval measures the search that production uses.
func evalRetrieval(ctx context.Context, c Config, dir string, progress io.Writer) (report eval.RetrievalReport, err error) {
	dataset, err := eval.ReadDataset(dir)
	if err != nil {
		return report, err
	}
	f, err := os.Open(filepath.Join(dir, "corpus.jsonl"))
	if err != nil {
		return report, err
	}
	defer f.Close()
	err = onTrial(ctx, c, func(t trial) error {
		if err := t.addSite(ctx, evalSite); err != nil {
			return err
		}
		if err := t.addKnowledge(ctx, evalSite, f); err != nil {
			return fmt.Errorf("corpus.jsonl, %w", err)
		}
		if err := t.makeSearchable(ctx, progress, evalSite); err != nil {
			return err
		}
		who := identity.Principal{Kind: identity.Staff, Site: evalSite, Roles: []identity.Role{identity.RoleAdmin}}
		scope, err := t.gate.Scope(ctx, who, consent.AgentAssist)
		if err != nil {
			return err
		}
		report, err = eval.Retrieval(ctx, func(ctx context.Context, query string, limit int) ([]string, error) {
			found, err := t.engine.Search.Search(ctx, scope, retrieval.Analyze(query, ""), limit)
			return eval.Records(found.Hits), err
		}, dataset)
		return err
	})
	return report, err
}
