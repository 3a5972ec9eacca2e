package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/store"
)

func importCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{
		Use: "import", Short: "Import knowledge or records from a file",
		Long: "Import reads lines of JSON, a JSON array, or CSV with a header line (.csv). Lines that\n" +
			"cannot be imported are named with the reason; the others are.",
	}
	knowledge := &cobra.Command{
		Use: "knowledge FILE", Short: "Import company knowledge: id, title, text, url, language, visibility", Args: cobra.ExactArgs(1),
	}
	visibility := knowledge.Flags().String("visibility", "public", "Visibility of articles that state none: public or internal")
	records := &cobra.Command{
		Use: "records FILE", Short: "Import customers' records: customer, category, title, text, source, collected_at", Args: cobra.ExactArgs(1),
	}
	for _, cmd := range []*cobra.Command{knowledge, records} {
		addFlags(cmd.Flags(), storeFlags...)
		cmd.Flags().String("site", "", "Site to import into (default: the only one)")
		group.AddCommand(cmd)
	}
	knowledge.RunE = func(cmd *cobra.Command, args []string) error {
		v := retrieval.Visibility(*visibility)
		if v != retrieval.PublicKnowledge && v != retrieval.InternalKnowledge {
			return fmt.Errorf("visibility %q is neither public nor internal", v)
		}
		return importFile(cmd, std, args[0], func(ctx context.Context, im *ingest.Importer, site identity.SiteID, items iter.Seq[ingest.Entry], progress func(int)) (ingest.Report, error) {
			return im.Knowledge(ctx, site, items, v, progress)
		})
	}
	records.RunE = func(cmd *cobra.Command, args []string) error {
		return importFile(cmd, std, args[0], func(ctx context.Context, im *ingest.Importer, site identity.SiteID, items iter.Seq[ingest.Entry], progress func(int)) (ingest.Report, error) {
			return im.Records(ctx, site, items, progress)
		})
	}
	return group
}

type importFunc func(context.Context, *ingest.Importer, identity.SiteID, iter.Seq[ingest.Entry], func(int)) (ingest.Report, error)

func importFile(cmd *cobra.Command, std Stdio, path string, run importFunc) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	items := itemsOf(path, f)
	return withStore(cmd, std, func(ctx context.Context, c Config, s *store.Store) error {
		site, err := chooseSite(ctx, cmd, s)
		if err != nil {
			return err
		}
		policy, err := loadPolicy(c)
		if err != nil {
			return err
		}
		im := &ingest.Importer{Store: s, Policy: func() *consent.Policy { return policy }, Now: time.Now}
		report, err := run(ctx, im, site, items, showProgress(cmd.ErrOrStderr()))
		fmt.Fprintf(cmd.ErrOrStderr(), "\r%d read\n", report.Accepted+len(report.Rejected))
		for _, r := range report.Rejected {
			where := fmt.Sprintf("item %d", r.Index+1)
			if r.Line > 0 {
				where = fmt.Sprintf("line %d", r.Line)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", where, r.Error)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d imported, %d refused\n", report.Accepted, len(report.Rejected))
		if err == nil && report.Accepted == 0 {
			err = errors.New("nothing was imported")
		}
		return err
	})
}

func itemsOf(path string, r io.Reader) iter.Seq[ingest.Entry] {
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		return ingest.CSV(r)
	}
	return ingest.JSON(r)
}

func chooseSite(ctx context.Context, cmd *cobra.Command, s *store.Store) (identity.SiteID, error) {
	id, _ := cmd.Flags().GetString("site")
	sites, err := s.Sites(ctx)
	if err != nil {
		return "", err
	}
	for _, x := range sites {
		if id == string(x.ID) || id == "" && len(sites) == 1 {
			return x.ID, nil
		}
	}
	switch {
	case len(sites) == 0:
		return "", errors.New("there is no site yet: assistant site add")
	case id == "":
		return "", errors.New("there are several sites: name one with --site")
	}
	return "", fmt.Errorf("there is no site %q", id)
}

// showProgress shows a count that moves, at most ten times a second.
func showProgress(w io.Writer) func(int) {
	var last time.Time
	return func(n int) {
		if now := time.Now(); now.Sub(last) > 100*time.Millisecond {
			last = now
			fmt.Fprintf(w, "\r%d read", n)
		}
	}
}
