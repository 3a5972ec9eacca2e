package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/store"
)

func receiptCommand(io Stdio) *cobra.Command {
	group := &cobra.Command{Use: "receipt", Short: "Receipts of consent, as customers keep them"}
	verify := &cobra.Command{
		Use: "verify FILE", Short: "Check a receipt, and say what it proves", Args: cobra.ExactArgs(1),
		Long: "Verify checks the signature of a receipt, and that it does not contradict itself, and\n" +
			"prints what it says. It needs no network and no installation. FILE may be - for standard\n" +
			"input. Without --key it checks with the key that the receipt names: anybody can make such\n" +
			"a receipt, so compare the key with the one that the company publishes, at\n" +
			"https://<the address of its chat>" + consent.KeyPath,
		Example: "  assistant receipt verify receipt.txt --key candor-receipts+1234abcd+AbC...",
	}
	key := verify.Flags().String("key", "", "The key that the company publishes")
	verify.RunE = func(cmd *cobra.Command, args []string) error {
		trusted := cmd.Flags().Changed("key")
		if trusted && *key == "" {
			return errors.New("--key is empty: give it the key, or leave it out")
		}
		file, err := readReceipt(args[0], io, consent.MaxReceipt)
		if err != nil {
			return err
		}
		r, err := consent.VerifyReceipt(file, strings.TrimSpace(*key))
		if err == nil {
			printReceipt(cmd.OutOrStdout(), r, trusted)
		}
		return err
	}
	show := &cobra.Command{
		Use: "key", Short: "Print the key that this installation's receipts are checked with", Args: cobra.NoArgs,
	}
	addFlags(show.Flags(), storeFlags...)
	show.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, io, func(_ context.Context, _ Config, s *store.Store) error {
			fmt.Fprintln(cmd.OutOrStdout(), s.ReceiptKey().Verifier())
			return nil
		})
	}
	group.AddCommand(verify, show)
	return group
}

// readReceipt reads a receipt that has at most so many bytes, and of anything else a
// little more than that.
func readReceipt(name string, std Stdio, most int64) ([]byte, error) {
	in := std.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the receipt: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fmt.Errorf("read the receipt: %w", err)
	}
	return b, nil
}

// states say what happened, to people.
var states = map[consent.State]string{
	consent.Requested: "asked for, not answered yet", consent.Deferred: "not now", consent.Refused: "no",
	consent.Given: "yes", consent.Renewed: "yes, again", consent.Withdrawn: "stopped by the customer",
	consent.Revoked: "stopped by somebody else", consent.Expired: "run out",
	consent.Invalidated: "no longer valid, since what was agreed to has changed",
}

var roles = map[string]string{
	"dpv:DataSubject": "the customer", "dpv:GuardianOfDataSubject": "a parent or guardian, as the site reported",
	"dpv:DataController": "the company or its site",
}

func printReceipt(w io.Writer, r consent.Receipt, trusted bool) {
	rec := r.Record
	p, e, n := rec.Process, rec.Event, rec.Notice
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", name, plain(fmt.Sprintf(format, args...)))
	}
	if trusted {
		fmt.Fprintln(w, "The receipt is genuine: it was signed with the key that you gave, and nothing in it was changed.")
	} else {
		fmt.Fprintln(w, "Nothing in the receipt was changed since it was signed.\n"+
			"WHO signed it was NOT checked: it names its key itself. Compare the key below with the one that\n"+
			"the company publishes, at https://<the address of its chat>"+consent.KeyPath+",\n"+
			"or give that one with --key.")
	}
	fmt.Fprintln(w)
	line("choice", "%s (%s)", states[r.State()], e.Type)
	line("who", "%s of %s", rec.Subject.ID, p.Service.Name)
	line("chosen by", "%s (%s), by way of %s", roles[e.By.Type], e.By.ID, e.Channel)
	line("when", "%s", utc(e.At))
	for _, u := range e.Until {
		if u.Time != nil {
			line("until", "%s", utc(*u.Time))
		} else {
			line("until", "%s", strings.TrimPrefix(u.Comment, "until "))
		}
	}
	line("to", "%s (%s)", p.Purpose.Title, p.Purpose.ID)
	line("with", "%s (%s)", p.Data.Title, p.Data.ID)
	line("seen by", "%s (%s)", p.Recipient.Title, p.Recipient.ID)
	if e.Outcome != "" {
		line("and", "what was held of it here was deleted")
	}
	line("company", "%s", rec.Controller.Name)
	if rec.Law != nil {
		line("law", "%s", rec.Law.Name)
	}
	line("notice", "%s, version %s, in %s; SHA-256 %s", n.ID, n.Version, n.Language, n.Written.Checksum.Value)
	if n.Shown != nil {
		line("", "%q", n.Shown.Text)
	} else {
		line("", "(its text is not in the receipt)")
	}
	if e.Evidence != "" {
		line("evidence", "%s", e.Evidence)
	}
	line("policy", "version %s", rec.Policy)
	line("receipt", "%s", r.ID)
	line("key", "%s", r.Key.Key)
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// plain keeps what could move a terminal's cursor, or turn the order of its text,
// out of what is printed: anybody may have written the receipt.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
