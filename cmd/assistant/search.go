package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/analysis"
	"candor/retrieval/embedded"
	"candor/store"
)

func searchCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "search QUESTION", Short: "Search the company's knowledge as the assistant does", Args: cobra.MinimumNArgs(1),
		Long: "Search prints the passages that a question finds, best first. It sees what a visitor may see, or\n" +
			"with --staff what people at the desk may; never a customer's records. With --explain it\n" +
			"also shows how it understood the question, and what each of its terms adds to a score.",
	}
	addFlags(cmd.Flags(), append([]string{"data_dir", "database", "keys", "policy"}, embedderFlags...)...)
	cmd.Flags().String("site", "", "Site whose knowledge to search (default: the only one)")
	cmd.Flags().String("language", "", "Language of the question (default: found from its words)")
	limit := cmd.Flags().Int("limit", 5, "How many passages")
	staff := cmd.Flags().Bool("staff", false, "Search internal articles too")
	explain := cmd.Flags().Bool("explain", false, "Show how the question was understood and how each passage was scored")
	after := cmd.Flags().StringArray("after", nil, "What was asked before, for a question that follows it up (repeatable, the oldest first)")
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
			question := strings.Join(args, " ")
			intent := answer.UnderstandAfter(policy, question, *after, spoken(question, language))
			q := intent.Query(question, language, *after, time.Now())
			q.Explain = *explain
			found, err := searcher.Search(ctx, scope, q, *limit)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if *explain {
				printQuestion(out, found)
			}
			printHits(out, found.Hits)
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

// spoken is the language that the assistant takes a question to be in.
func spoken(question, language string) string {
	if language != "" {
		return language
	}
	return analysis.DetectLanguage(question)
}

// printQuestion shows how a question was understood.
func printQuestion(w io.Writer, found retrieval.Result) {
	q := found.Query
	line := func(name string, values ...string) {
		if len(values) > 0 {
			fmt.Fprintln(w, wrap(name+": ", "    ", values))
		}
	}
	line("language", cmp.Or(q.Language, "not told by its words"))
	line("terms", listed(q.Terms)...)
	line("terms of earlier questions", listed(q.Context)...)
	categories := make([]string, len(q.Prefer))
	for i, c := range q.Prefer {
		categories[i] = string(c)
	}
	line("about the customer's own", categories...)
	if q.Latest {
		line("of these", "the newest record alone")
	}
	if q.Period.Set() {
		until := "today"
		if !q.Period.To.IsZero() {
			until = q.Period.To.AddDate(0, 0, -1).Format(time.DateOnly)
		}
		line("collected", q.Period.From.Format(time.DateOnly)+" to "+until)
	}
	line("searched", howMeaning[found.Meaning])
	if found.Cause != nil {
		line("because", found.Cause.Error())
	}
	fmt.Fprintln(w)
}

// printHits shows what was found, and where it is explained, why.
func printHits(w io.Writer, hits []retrieval.Hit) {
	if len(hits) == 0 {
		fmt.Fprintln(w, "nothing found")
	}
	for i, h := range hits {
		fmt.Fprintf(w, "%d  %.3f  %s  %s\n", i+1, h.Score, h.PassageID, h.Record.Title)
		fmt.Fprintf(w, "   %s\n", shorten(strings.Join(strings.Fields(h.Text()), " "), 160))
		if len(h.Same) > 0 {
			fmt.Fprintln(w, wrap("   says the same as ", "      ", h.Same))
		}
		e := h.Explanation
		if e == nil {
			continue
		}
		fmt.Fprintf(w, "   words %.3f%s, cosine %.3f%s, together %.3f\n", h.Lexical, place(e.LexicalRank), h.Cosine, place(e.CosineRank), h.Score)
		terms := make([]string, len(e.Terms))
		for n, t := range e.Terms {
			terms[n] = fmt.Sprintf("%s %.3f", t.Term, t.Score)
		}
		if len(terms) > 0 {
			fmt.Fprintln(w, wrap("   ", "   ", terms))
		}
	}
}

func place(rank int) string {
	if rank == 0 {
		return ""
	}
	return fmt.Sprintf(" (rank %d)", rank)
}

// listed are terms by name, with how often they are there if more than once.
func listed(terms map[string]int) []string {
	out := slices.Sorted(maps.Keys(terms))
	for i, t := range out {
		if n := terms[t]; n > 1 {
			out[i] = fmt.Sprintf("%s x%d", t, n)
		}
	}
	return out
}

// width is that of a terminal, in characters.
const width = 80

// wrap lists values after a head, in lines that fit a terminal where the values do;
// those after the first are indented.
func wrap(head, indent string, values []string) string {
	var b strings.Builder
	b.WriteString(head)
	at := utf8.RuneCountInString(head)
	for i, v := range values {
		if i < len(values)-1 {
			v += ","
		}
		n := utf8.RuneCountInString(v)
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + indent)
			at = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(v)
		at += n
	}
	return b.String()
}

// shorten cuts a text after n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}
