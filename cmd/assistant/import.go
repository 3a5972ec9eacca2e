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
			"cannot be imported are named with the reason; the others are. What is there already as it\n" +
			"is stays untouched, so an import that was cut off goes on when it is run again.",
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
	p := progress{w: cmd.ErrOrStderr(), file: f, began: time.Now()}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		p.size = info.Size()
	}
	items := itemsOf(path, &p)
	return withStore(cmd, std, func(ctx context.Context, c Config, s *store.Store) error {
		site, err := chooseSite(ctx, cmd, s)
		if err != nil {
			return err
		}
		policy, err := loadPolicy(c)
		if err != nil {
			return err
		}
		im := &ingest.Importer{Store: s, Policy: func() *consent.Policy { return policy }, Now: time.Now, MostRejected: mostRefusals}
		s.GiveWay(serverPause)
		report, err := run(ctx, im, site, items, p.show)
		p.end()
		out := cmd.OutOrStdout()
		for _, r := range report.Rejected {
			fmt.Fprintf(out, "%s: %s\n", where(r.Index, r.Line), r.Error)
		}
		if report.Omitted > 0 {
			fmt.Fprintf(out, "… and %d more\n", report.Omitted)
		}
		if first := report.First; first != nil && report.Unchanged > 0 {
			fmt.Fprintf(out, "resumed at %s: what is before it was there already\n", where(first.Index, first.Line))
		}
		unchanged := ""
		if report.Unchanged > 0 {
			unchanged = fmt.Sprintf(" (%d of them were there already)", report.Unchanged)
		}
		fmt.Fprintf(out, "%d imported%s, %d refused\n", report.Accepted, unchanged, len(report.Rejected)+report.Omitted)
		switch {
		case errors.Is(err, context.Canceled):
			return errors.New("the import was stopped: what was imported stays; run it again to go on")
		case err != nil:
			return fmt.Errorf("the import was cut off: what was imported stays; put right what failed and run it again to go on: %w", err)
		case report.Accepted == 0:
			return errors.New("nothing was imported")
		}
		return nil
	})
}

// serverPause is how long an import leaves the database to a server after each of its
// commits: without it a customer's message waits for a second now and then.
const serverPause = 10 * time.Millisecond

// mostRefusals is how many refusals are printed.
const mostRefusals = 1000

// where says where an item stands in its file.
func where(index, line int) string {
	if line > 0 {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("item %d", index+1)
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

// progress reads a file, and shows how far an import has come.
type progress struct {
	w     io.Writer
	file  io.Reader
	size  int64 // 0: not known
	read  int64
	count int
	began time.Time
	last  time.Time
}

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	p.read += int64(n)
	return n, err
}

// show shows the count, on a terminal ten times a second in one line, elsewhere in a
// line every ten seconds.
func (p *progress) show(n int) {
	p.count = n
	every, end := 100*time.Millisecond, ""
	if !onTerminal(p.w) {
		every, end = 10*time.Second, "\n"
	}
	now := time.Now()
	if p.last.IsZero() {
		p.last = p.began
	}
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	begin := ""
	if end == "" {
		begin = "\r"
	}
	fmt.Fprintf(p.w, "%s%s%s", begin, p.line(now), end)
}

func (p *progress) line(now time.Time) string {
	passed := now.Sub(p.began)
	line := fmt.Sprintf("%d read, %.0f a second", p.count, float64(p.count)/passed.Seconds())
	if p.size > 0 && p.read > 0 {
		share := float64(p.read) / float64(p.size)
		left := time.Duration(float64(passed) * (1/share - 1)).Round(time.Second)
		line += fmt.Sprintf(", %.0f %%, %s left", 100*share, left)
	}
	return fmt.Sprintf("%-60s", line)
}

func (p *progress) end() {
	if onTerminal(p.w) {
		fmt.Fprintf(p.w, "\r%-60s\n", fmt.Sprintf("%d read in %s", p.count, time.Since(p.began).Round(time.Second)))
		return
	}
	fmt.Fprintf(p.w, "%d read in %s\n", p.count, time.Since(p.began).Round(time.Second))
}

// onTerminal reports whether what is written is seen at once.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTerminal(f)
}
