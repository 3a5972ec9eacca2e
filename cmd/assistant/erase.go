package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/identity"
	"candor/store"
)

func eraseCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "erase --site SITE --customer SUB | --id CUSTOMER",
		Short: "Delete everything about a customer, for ever",
		Long: "Erase ends every consent of a customer, destroys their keys and deletes what they sealed.\n" +
			"The proofs of their consents stay, under an id that leads to nobody, and what a legal\n" +
			"hold covers. With PostgreSQL it works while assistants run; with SQLite stop the\n" +
			"assistant, or use its API: DELETE /api/customers/{id} with the site's server key.",
		Args:    cobra.NoArgs,
		Example: "  assistant erase --site shop --customer 4711",
	}
	addFlags(cmd.Flags(), storeFlags...)
	site := cmd.Flags().String("site", "", "Site that the customer is of (default: the only one)")
	sub := cmd.Flags().String("customer", "", "The site's own id for the customer")
	id := cmd.Flags().String("id", "", "Candor's id for the customer, cus_...")
	yes := cmd.Flags().Bool("yes", false, "Do not ask")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if (*sub == "") == (*id == "") || *id != "" && *site != "" {
			return errors.New("name the customer with --site and --customer, or with --id")
		}
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		unlock, err := lockFiles(c)
		if err != nil {
			return fmt.Errorf("%w, or use its API: DELETE /api/customers/{id} with the site's server key", err)
		}
		defer func() { err = errors.Join(err, unlock()) }()
		return withStore(cmd, std, func(ctx context.Context, c Config, s *store.Store) error {
			who := identity.Principal{Kind: identity.System, Customer: identity.CustomerID(*id)}
			if *sub != "" {
				if who.Site, err = chooseSite(ctx, cmd, s); err != nil {
					return err
				}
				var known bool
				if who.Customer, known, err = s.FindCustomer(ctx, who.Site, *sub); err == nil && !known {
					err = fmt.Errorf("the site %s has no customer of that id", who.Site)
				}
			} else {
				who.Site, err = s.SiteOf(ctx, who.Customer)
			}
			if err != nil {
				return err
			}
			return eraseCustomer(ctx, cmd, c, s, who, *yes, std.In)
		})
	}
	return cmd
}

func eraseCustomer(ctx context.Context, cmd *cobra.Command, c Config, s *store.Store, who identity.Principal, yes bool, in io.Reader) error {
	out := cmd.OutOrStdout()
	preview, err := s.Erasable(ctx, who.Customer)
	var request *consent.Request
	switch {
	case errors.Is(err, consent.ErrUnknownCustomer):
		// Who was erased before: one that was cut off is ended.
	case err != nil:
		return err
	default:
		printErasable(out, preview)
		if !yes {
			if err := confirm(in, cmd.ErrOrStderr()); err != nil {
				return err
			}
		}
		policy, err := loadPolicy(c)
		if err != nil {
			return err
		}
		r, err := consent.NewGate(s, policy).NewRequest(ctx, who, consent.ErasureRequest, "")
		if err != nil {
			return err
		}
		request = &r
	}
	erases, end := eraserOf(ctx, c, s)
	defer end()
	e, err := erases.Erase(ctx, who.Customer, request)
	if err != nil && !e.At.IsZero() {
		err = fmt.Errorf("it has begun, and goes on at the next start of the assistant, or when this is run again with --id %s: %w", who.Customer, err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "erased     %s at %s\n", who.Customer, e.At.Format(time.RFC3339))
	for _, kind := range slices.Sorted(maps.Keys(e.Deleted)) {
		fmt.Fprintf(out, "deleted    %d %s\n", e.Deleted[kind], strings.ReplaceAll(kind, "_", " "))
	}
	printHolds(out, e.Held)
	return nil
}

func printErasable(w io.Writer, e consent.Erasable) {
	for _, g := range e.Goes {
		what := strings.ReplaceAll(g.What, "_", " ")
		if g.Category != "" {
			what += " of " + string(g.Category)
		}
		fmt.Fprintf(w, "goes       %d %s\n", g.Count, what)
	}
	for _, t := range e.Tickets {
		fmt.Fprintf(w, "open       ticket %s, since %s\n", t.ID, t.Since.Format(time.RFC3339))
	}
	printHolds(w, e.Held)
}

func printHolds(w io.Writer, holds []consent.Hold) {
	for _, h := range holds {
		names := make([]string, len(h.Categories))
		for i, c := range h.Categories {
			names[i] = string(c)
		}
		fmt.Fprintf(w, "held       %s until %s: %s (%s)\n", strings.Join(names, ", "), h.Until.Format(time.DateOnly), h.ID, h.Reason)
	}
}

// confirm asks whoever sits at a terminal.
func confirm(in io.Reader, w io.Writer) error {
	if f, ok := in.(*os.File); !ok || !isTerminal(f) {
		return errors.New("nothing was erased: say --yes where nobody can be asked")
	}
	fmt.Fprint(w, "This cannot be undone. Type yes to go on: ")
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" || strings.TrimSpace(line) != "yes" {
		return errors.New("nothing was erased")
	}
	return nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
