package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/store"
)

func holdCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{Use: "hold", Short: "What legal holds keep from being destroyed"}
	export := &cobra.Command{
		Use:   "export ID --out FILE",
		Short: "Write what a legal hold keeps to a file, for the legal department",
		Long: "Export writes everything that a hold has kept, in plain text, to a new file. What the hold\n" +
			"covers and nobody has deleted is not in it: it is where it always was. Who does this is\n" +
			"logged. Holds are made and released at /api/admin/holds.",
		Args:    cobra.ExactArgs(1),
		Example: "  assistant hold export hol_... --out /secure/case-17.json",
	}
	addFlags(export.Flags(), storeFlags...)
	path := export.Flags().String("out", "", "File to write, which must not be there")
	export.RunE = func(cmd *cobra.Command, args []string) error {
		if *path == "" {
			return errors.New("name the file to write with --out")
		}
		return withStore(cmd, std, func(ctx context.Context, _ Config, s *store.Store) error {
			h, err := s.LegalHold(ctx, args[0])
			if err != nil {
				return err
			}
			n, err := exportHeld(ctx, s, h, *path)
			if err != nil {
				return err
			}
			name := "unknown"
			if u, err := user.Current(); err == nil {
				name = u.Username
			}
			slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)).Warn("what a legal hold keeps was exported", "hold", h.ID, "customer", h.Customer, "items", n, "by", name)
			fmt.Fprintf(cmd.OutOrStdout(), "exported   %d items to %s\n", n, *path)
			return nil
		})
	}
	group.AddCommand(export)
	return group
}

// heldFile is the file of an export: the hold, and a line for each thing kept.
type heldFile struct {
	Hold       string             `json:"hold"`
	Customer   string             `json:"customer"`
	Categories []consent.Category `json:"categories"`
	Reason     string             `json:"reason"`
	Until      time.Time          `json:"until"`
	By         string             `json:"by"`
	At         time.Time          `json:"at"`
}

type heldLine struct {
	At time.Time       `json:"held_at"`
	Is json.RawMessage `json:"item"`
}

// exportHeld writes lines of JSON: the hold first. A file that was begun and not
// finished is removed.
func exportHeld(ctx context.Context, s *store.Store, h consent.Hold, path string) (n int, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, fmt.Errorf("write the export: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	lines := json.NewEncoder(f)
	err = lines.Encode(heldFile{h.ID, string(h.Customer), h.Categories, h.Reason, h.Until, h.Actor, h.At})
	if err == nil {
		err = s.Held(ctx, h.ID, func(at time.Time, body json.RawMessage) error {
			n++
			return lines.Encode(heldLine{at, body})
		})
	}
	return n, errors.Join(err, f.Sync(), f.Close())
}
