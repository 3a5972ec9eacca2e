package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"candor/citation"
	"candor/citation/witness"
	"candor/store"
)

func logCommand(io Stdio) *cobra.Command {
	group := &cobra.Command{Use: "log", Short: "The public log of what the assistant said, and receipts of answers"}
	show := &cobra.Command{
		Use: "key", Short: "Print the key that this installation's log and receipts are checked with", Args: cobra.NoArgs,
	}
	addFlags(show.Flags(), storeFlags...)
	show.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, io, func(_ context.Context, _ Config, s *store.Store) error {
			fmt.Fprintln(cmd.OutOrStdout(), s.Transparency().Verifier())
			return nil
		})
	}
	checkpoint := &cobra.Command{
		Use: "checkpoint", Short: "Print the newest signed checkpoint of the log", Args: cobra.NoArgs,
		Long: "Checkpoint prints how many entries the log has and what they hash to, signed. Keep it\n" +
			"somewhere else, and compare the log with it later:\n" +
			"assistant log verify --checkpoint FILE",
	}
	addFlags(checkpoint.Flags(), storeFlags...)
	checkpoint.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, io, func(ctx context.Context, _ Config, s *store.Store) error {
			signed, err := s.Transparency().Newest(ctx)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(signed)
			}
			return err
		})
	}
	group.AddCommand(verifyLogCommand(io), checkpoint, show)
	return group
}

// logVerification is what log verify was told.
type logVerification struct {
	key, url, checkpoint string
	witnesses            []string
	json                 bool
}

func verifyLogCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify [RECEIPT]", Short: "Check a receipt of an answer, or the whole log", Args: cobra.MaximumNArgs(1),
		Long: "With a receipt, verify checks without any network that the answer is in the company's\n" +
			"log as the receipt has it, and prints what that proves. It needs --key: the key that the\n" +
			"company publishes at https://<the address of its chat>" + citation.LogKeyPath + ".\n" +
			"RECEIPT may be - for standard input.\n\n" +
			"Without one it checks the whole log of this installation: every entry against its leaf,\n" +
			"every leaf against its tile, every tile against the next, and the root against its\n" +
			"signature; with --url, all that anybody can check of the log at that address. With\n" +
			"--checkpoint it also checks that the log still begins with what it had then. It prints\n" +
			"whatever differs, and fails if anything does.",
		Example: "  assistant log verify receipt-ans_7.json --key candor-log-…+1234abcd+AbC…\n" +
			"  assistant log verify --checkpoint checkpoint.txt\n" +
			"  assistant log verify --url https://chat.example.com --key candor-log-…+1234abcd+AbC…",
	}
	var v logVerification
	addFlags(cmd.Flags(), storeFlags...)
	cmd.Flags().StringVar(&v.key, "key", "", "The log's key, as the company publishes it")
	cmd.Flags().StringVar(&v.url, "url", "", "Check the log at this address, such as https://chat.example.com")
	cmd.Flags().StringVar(&v.checkpoint, "checkpoint", "", "File of a checkpoint that was kept: the log must continue it")
	cmd.Flags().StringArrayVar(&v.witnesses, "witness", nil, "Key of a witness that must have cosigned; may be given several times")
	cmd.Flags().BoolVar(&v.json, "json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		v.key = strings.TrimSpace(v.key)
		if cmd.Flags().Changed("key") && v.key == "" {
			return errors.New("--key is empty: give it the key, or leave it out")
		}
		for _, key := range v.witnesses {
			if _, err := witness.NewVerifier(key); err != nil {
				return fmt.Errorf("--witness: %w", err)
			}
		}
		switch {
		case len(args) == 1 && v.checkpoint != "":
			return errors.New("a receipt is not compared with a checkpoint that was kept: give --checkpoint without a receipt, to check the whole log")
		case len(args) == 1:
			return v.receipt(cmd, args[0], std)
		case v.url != "":
			return v.remote(cmd, std)
		}
		return withStore(cmd, std, func(ctx context.Context, _ Config, s *store.Store) error {
			return v.own(ctx, cmd, std, s)
		})
	}
	return cmd
}

// keptCheckpoint is the checkpoint that --checkpoint names.
func (v *logVerification) keptCheckpoint(key string) (*citation.Checkpoint, error) {
	if v.checkpoint == "" {
		return nil, nil
	}
	signed, err := os.ReadFile(v.checkpoint)
	if err != nil {
		return nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	c, err := citation.OpenCheckpoint(signed, key)
	if err != nil {
		return nil, fmt.Errorf("the checkpoint in %s was not signed by this log: %w", v.checkpoint, err)
	}
	return &c, nil
}

// cosigners returns who has cosigned a checkpoint of those that it must be, and when. It
// fails where one has not.
func (v *logVerification) cosigners(signed []byte) ([]string, error) {
	var out []string
	for _, key := range v.witnesses {
		name, _, _ := strings.Cut(key, "+")
		at, err := witness.Cosigned(signed, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, fmt.Sprintf("%s, at %s", name, utc(at)))
	}
	return out, nil
}

// relation says how a log stands to a checkpoint that was kept.
type relation struct {
	Relation string `json:"relation"` // same, grown, rolled_back or rewritten
	Leaves   int64  `json:"leaves"`   // of the one that was kept
	By       int64  `json:"by,omitempty"`
	Detail   string `json:"detail"`
}

// newRelation is how a log stands to a checkpoint that was kept, by the error of having
// compared them. Its error means that they could not be.
func newRelation(err error, older, newer citation.Checkpoint) (*relation, error) {
	r := &relation{Leaves: older.Size, By: newer.Size - older.Size}
	var inconsistent *citation.InconsistentError
	switch {
	case errors.As(err, &inconsistent):
		r.Relation, r.By, r.Detail = "rewritten", inconsistent.RolledBack(), err.Error()
		if r.By > 0 {
			r.Relation = "rolled_back"
		}
	case err != nil:
		return nil, err
	case r.By == 0:
		r.Relation, r.Detail = "same", fmt.Sprintf("nothing was added since the checkpoint that was kept, of %d entries", older.Size)
	default:
		r.Relation = "grown"
		r.Detail = fmt.Sprintf("the log begins with the %s of the checkpoint that was kept, and has grown by %d since", counted(int(older.Size), "entry", "entries"), r.By)
	}
	return r, nil
}

func (r *relation) bad() bool { return r != nil && r.Relation != "same" && r.Relation != "grown" }

func orNone(s string) string { return cmp.Or(s, "(none)") }
