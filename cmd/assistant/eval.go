package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/eval"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/retrieval/embedded"
)

const evalSite identity.SiteID = "eval"

func evalCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{Use: "eval", Short: "Measure quality on data of your own"}
	cmd := &cobra.Command{
		Use: "retrieval", Short: "Measure search: nDCG@10, recall@10, recall@100, MRR@10, time per query", Args: cobra.NoArgs,
		Long: "Retrieval imports a folder with corpus.jsonl (id, title, text, visibility), queries.jsonl (id,\n" +
			"text) and qrels.tsv (query-id, corpus-id, score) into a temporary store and searches it as\n" +
			"staff, the way the assistant does. Without --data it does so with every such folder of the\n" +
			"evaluation data (CANDOR_DATA, else ../shared/data).",
	}
	addFlags(cmd.Flags(), embedderFlags...)
	dir := cmd.Flags().String("data", "", "Folder of the data")
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
		var report any
		if *dir == "" {
			report, err = evalAll(cmd.Context(), e, cmd.ErrOrStderr())
		} else {
			report, err = evalRetrieval(cmd.Context(), e, *dir, cmd.ErrOrStderr())
		}
		if err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), report, *asJSON)
	}
	group.AddCommand(cmd)
	group.AddCommand(evalHandoffCommand(std))
	group.AddCommand(evalInjectionCommand(std))
	group.AddCommand(evalPIICommand(std))
	group.AddCommand(evalRefusalCommand(std))
	group.AddCommand(evalVerificationCommand(std))
	return group
}

// evalAll measures on every folder of the evaluation data.
func evalAll(ctx context.Context, e retrieval.Embedder, progress io.Writer) (map[string]eval.RetrievalReport, error) {
	data, err := eval.DataDir()
	if err != nil {
		return nil, fmt.Errorf("name a folder with --data: %w", err)
	}
	corpora, err := filepath.Glob(filepath.Join(data, "retrieval", "*", "corpus.jsonl"))
	if err != nil || len(corpora) == 0 {
		return nil, errors.Join(errors.New("name a folder with --data: there is none of the evaluation data"), err)
	}
	out := make(map[string]eval.RetrievalReport)
	for _, corpus := range corpora {
		name := filepath.Base(filepath.Dir(corpus))
		fmt.Fprintln(progress, name)
		if out[name], err = evalRetrieval(ctx, e, filepath.Dir(corpus), progress); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
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

// evalRetrieval measures the search that production uses, on a store of its
// own.
func evalRetrieval(ctx context.Context, e retrieval.Embedder, dir string, progress io.Writer) (report eval.RetrievalReport, err error) {
	dataset, err := eval.ReadDataset(dir)
	if err != nil {
		return report, err
	}
	tmp, err := os.MkdirTemp("", "candor-eval-")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	policy := consent.DefaultPolicy()
	s, err := openStore(ctx, Config{DataDir: tmp, Database: "sqlite:", Keys: "sqlite:"})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.AddSite(ctx, identity.Site{ID: evalSite, Name: "eval", Secret: []byte("eval")}, identity.NewSecret("sk")); err != nil {
		return report, err
	}
	f, err := os.Open(filepath.Join(dir, "corpus.jsonl"))
	if err != nil {
		return report, err
	}
	defer f.Close()
	im := &ingest.Importer{Store: s, Policy: func() *consent.Policy { return policy }, Now: time.Now}
	imported, err := im.Knowledge(ctx, evalSite, ingest.JSON(f), retrieval.PublicKnowledge, func(int) {})
	if err != nil {
		return report, err
	}
	if len(imported.Rejected) > 0 {
		r := imported.Rejected[0]
		return report, fmt.Errorf("corpus.jsonl, line %d: %s", r.Line, r.Error)
	}
	who := identity.Principal{Kind: identity.Staff, Site: evalSite, Roles: []identity.Role{identity.RoleAdmin}}
	scope, err := consent.NewGate(s, policy).Scope(ctx, who, consent.AgentAssist)
	if err != nil {
		return report, err
	}
	searcher := retrieval.NewSearcher(embedded.New(s, embedded.Options{}), s)
	if e != nil {
		if err := enterSpace(ctx, s, e); err != nil {
			return report, err
		}
		if err := rebuild(ctx, progress, progress, s, e); err != nil {
			return report, err
		}
		searcher = retrieval.NewSearcher(embedded.New(s, embedded.Options{Space: e.Space()}), s).ByMeaning(e, s)
	}
	search := func(ctx context.Context, query string, limit int) ([]string, error) {
		found, err := searcher.Search(ctx, scope, retrieval.Analyze(query, ""), limit)
		return eval.Records(found.Hits), err
	}
	return eval.Retrieval(ctx, search, dataset)
}
