package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/store"
)

func searchCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "search QUESTION", Short: "Search the company's knowledge as the assistant does", Args: cobra.MinimumNArgs(1),
		Long: "Search prints the passages that a question finds, best first. It sees what a visitor may see, or\n" +
			"with --staff what people at the desk may; never a customer's records.",
	}
	addFlags(cmd.Flags(), append([]string{"data_dir", "database", "keys", "policy"}, embedderFlags...)...)
	cmd.Flags().String("site", "", "Site whose knowledge to search (default: the only one)")
	cmd.Flags().String("language", "", "Language of the question (default: found from its words)")
	limit := cmd.Flags().Int("limit", 5, "How many passages")
	staff := cmd.Flags().Bool("staff", false, "Search internal articles too")
	explain := cmd.Flags().Bool("explain", false, "Show how each passage was scored")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withStore(cmd, std, func(ctx context.Context, c Config, s *store.Store) error {
			site, err := chooseSite(ctx, cmd, s)
			if err != nil {
				return err
			}
			policy, err := loadPolicy(c)
			if err != nil {
				return err
			}
			searcher, err := searcherOf(ctx, c, s)
			if err != nil {
				return err
			}
			who, purpose := identity.Principal{Kind: identity.Visitor, Site: site}, consent.Answers
			if *staff {
				who, purpose = identity.Principal{Kind: identity.Staff, Site: site, Roles: []identity.Role{identity.RoleAgent}}, consent.AgentAssist
			}
			scope, err := consent.NewGate(s, policy).Scope(ctx, who, purpose)
			if err != nil {
				return err
			}
			language, _ := cmd.Flags().GetString("language")
			q := retrieval.Analyze(strings.Join(args, " "), language)
			found, err := searcher.Search(ctx, scope, q, *limit)
			if err != nil {
				return err
			}
			printFound(cmd.OutOrStdout(), q, found, *explain)
			return nil
		})
	}
	return cmd
}

// searcherOf is the search of a configuration over a store that it does not
// change: an index in another space than the configuration's is searched by words.
func searcherOf(ctx context.Context, c Config, s *store.Store) (*retrieval.Searcher, error) {
	e, err := openEmbedder(c)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return retrieval.NewSearcher(embedded.New(s, embedded.Options{}), s), nil
	}
	index, err := s.Space(ctx)
	if err != nil {
		return nil, err
	}
	if index != e.Space() && index != (retrieval.Space{}) {
		return nil, errOtherSpace(index, e.Space())
	}
	return retrieval.NewSearcher(embedded.New(s, embedded.Options{Space: e.Space()}), s).ByMeaning(e, s), nil
}

// howMeaning says whether meaning took part, for people.
var howMeaning = map[retrieval.Meaning]string{
	retrieval.MeaningUsed:    "by words and by meaning",
	retrieval.MeaningOff:     "by words alone: embedding is none:",
	retrieval.MeaningUnknown: "by words alone: the encoder's vocabulary lacks the script of this question",
	retrieval.MeaningDenied:  "by words alone: the question may not go to the embedding server without consent",
	retrieval.MeaningAway:    "by words alone: the embedding server did not answer",
}

func printFound(w io.Writer, q retrieval.Query, found retrieval.Result, explain bool) {
	if len(found.Hits) == 0 {
		fmt.Fprintln(w, "nothing found")
	}
	for i, h := range found.Hits {
		fmt.Fprintf(w, "%d  %.3f  %s  %s\n", i+1, h.Score, h.PassageID, h.Record.Title)
		fmt.Fprintf(w, "   %s\n", shorten(strings.Join(strings.Fields(h.Text()), " "), 160))
		if explain {
			fmt.Fprintf(w, "   words %.3f, cosine %.3f\n", h.Lexical, h.Cosine)
		}
	}
	if explain {
		language := q.Language
		if language == "" {
			language = "not told by its words"
		}
		fmt.Fprintf(w, "language: %s\nsearched: %s\n", language, howMeaning[found.Meaning])
		if found.Cause != nil {
			fmt.Fprintf(w, "because: %v\n", found.Cause)
		}
	}
}

// shorten cuts a text after n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}
