package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"candor/citation"
	"candor/store"
)

const (
	// maxPrinted is how many differences are printed; the others are counted.
	maxPrinted = 100
	// maxListed is how many are in the JSON.
	maxListed = 10_000
)

// verifiedLog is what a check of a whole log found.
type verifiedLog struct {
	OK        bool               `json:"ok"`
	Log       string             `json:"log"`
	Leaves    int64              `json:"leaves"`
	Root      string             `json:"root"`
	Entries   *verifiedEntries   `json:"entries,omitempty"` // of this installation's own
	Witnesses []string           `json:"witnesses,omitempty"`
	Since     *relation          `json:"since,omitempty"` // of --checkpoint
	Different int64              `json:"different"`
	Findings  []citation.Finding `json:"findings"`
	out       io.Writer          // nil: nothing is printed as it is found
	bar       func(done, total int64)
}

// verifiedEntries counts the entries that were compared with their leaves.
type verifiedEntries struct {
	Compared int64 `json:"compared"`
	Bodies   int64 `json:"bodies"`  // with what was said
	Erased   int64 `json:"erased"`  // whose customer was erased
	Expired  int64 `json:"expired"` // whose body alone was deleted
	Pending  int64 `json:"pending"` // that have no place in the tree yet
}

func (v *logVerification) newReport(cmd *cobra.Command, std Stdio) *verifiedLog {
	r := &verifiedLog{Findings: []citation.Finding{}, bar: func(int64, int64) {}}
	if !v.json {
		r.out = cmd.OutOrStdout()
	}
	if onTerminal(std.Err) {
		var b *bar
		r.bar = func(done, total int64) {
			if b == nil {
				b = newBar(std.Err, int(total))
			}
			b.show(int(done))
		}
	}
	return r
}

// found takes a difference.
func (r *verifiedLog) found(f citation.Finding) error {
	r.Different++
	if r.out != nil && r.Different <= maxPrinted {
		fmt.Fprintln(r.out, plain(findingText(f)))
	}
	if len(r.Findings) < maxListed {
		r.Findings = append(r.Findings, f)
	}
	return nil
}

// findingText says what differs, and where.
func findingText(f citation.Finding) string {
	var where []string
	if f.Kind == citation.FoundEntry && f.Index >= 0 {
		where = append(where, fmt.Sprintf("leaf %d", f.Index))
	}
	if f.Entry != "" {
		where = append(where, "entry "+f.Entry)
	}
	if f.Answer != "" {
		where = append(where, "answer "+f.Answer)
	}
	text := f.Detail
	if f.Was != "" || f.Is != "" {
		text += fmt.Sprintf(": %s was %s and is %s", f.Field, orNone(f.Was), orNone(f.Is))
	} else if f.Field != "" {
		text += " (" + f.Field + ")"
	}
	if len(where) == 0 {
		return "DIFFERENT  " + text
	}
	return "DIFFERENT  " + strings.Join(where, ", ") + ": " + text
}

// own checks the log of this installation.
func (v *logVerification) own(ctx context.Context, cmd *cobra.Command, std Stdio, s *store.Store) error {
	tree := s.Transparency()
	key := tree.Verifier()
	r := v.newReport(cmd, std)
	if v.key != "" && v.key != key {
		return fmt.Errorf("the log of this installation has another key than --key: %s", key)
	}
	kept, err := v.keptCheckpoint(key)
	if err != nil {
		return err
	}
	report, err := tree.Verify(ctx, kept, r.bar, r.found)
	if err != nil {
		return err
	}
	r.Log, r.Leaves, r.Root = report.Checkpoint.Origin, report.Leaves, report.Checkpoint.Root.String()
	r.Entries = &verifiedEntries{report.Entries, report.Bodies, report.Erased, report.Expired, report.Pending}
	return v.finish(cmd, r, report.Signed, kept, report.Checkpoint, report.Continues)
}

// remote checks all that anybody can check of the log at --url.
func (v *logVerification) remote(cmd *cobra.Command, std Stdio) error {
	ctx := cmd.Context()
	log := newRemoteLog(v.url)
	r := v.newReport(cmd, std)
	key := v.key
	if key == "" {
		var err error
		if key, err = log.key(ctx); err != nil {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "The key is the one that this address names itself, "+plain(key)+
			": compare it with one that you have from elsewhere, or give that with --key.")
	}
	kept, err := v.keptCheckpoint(key)
	if err != nil {
		return err
	}
	signed, err := log.checkpoint(ctx)
	if err != nil {
		return err
	}
	c, err := citation.OpenCheckpoint(signed, key)
	if err != nil {
		return err
	}
	r.Log, r.Leaves, r.Root = c.Origin, c.Size, c.Root.String()
	check := citation.NewTreeCheck(c, log.tiles(ctx), r.found)
	if kept != nil {
		check.Remember(kept.Size)
	}
	if err := log.read(ctx, check, c.Size, r.bar, r.found); err != nil {
		return err
	}
	var continues error
	if kept != nil {
		continues = check.Continues(*kept)
	}
	return v.finish(cmd, r, signed, kept, c, continues)
}

// finish takes whether the log continues what was kept, and prints what was found.
func (v *logVerification) finish(cmd *cobra.Command, r *verifiedLog, signed []byte, kept *citation.Checkpoint, c citation.Checkpoint, continues error) error {
	if kept != nil {
		var err error
		if r.Since, err = newRelation(continues, *kept, c); err != nil {
			return err
		}
		if r.Since.bad() {
			if err := r.found(citation.Finding{Kind: citation.FoundCheckpoint, Index: -1, Detail: r.Since.Detail}); err != nil {
				return err
			}
		}
	}
	cosigned, err := v.cosigners(signed)
	if err != nil {
		if err := r.found(citation.Finding{Kind: citation.FoundCheckpoint, Index: -1, Detail: err.Error()}); err != nil {
			return err
		}
	}
	r.Witnesses = cosigned
	r.OK = r.Different == 0
	out := cmd.OutOrStdout()
	if v.json {
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	} else {
		r.print(out)
	}
	if !r.OK {
		return fmt.Errorf("the log is not as it was recorded: %s", counted(int(r.Different), "difference", "differences"))
	}
	return nil
}

func (r *verifiedLog) print(w io.Writer) {
	if more := r.Different - maxPrinted; more > 0 {
		fmt.Fprintf(w, "... and %d more; --json lists them\n", more)
	}
	if r.OK {
		fmt.Fprintln(w, "The log is as it was recorded: every entry, leaf and tile, up to the root that was signed.")
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-10s %s\n", name, plain(fmt.Sprintf(format, args...)))
	}
	line("log", "%s", r.Log)
	line("leaves", "%d, root %s", r.Leaves, r.Root)
	if e := r.Entries; e != nil {
		line("entries", "%d compared with their leaves: %d with what was said", e.Compared, e.Bodies)
		if e.Erased > 0 {
			line("", "%d whose customer was erased: what was said is gone, what stays was compared", e.Erased)
		}
		if e.Expired > 0 {
			line("", "%d whose body was deleted or is kept no longer: what stays was compared", e.Expired)
		}
		if e.Pending > 0 {
			line("", "%d that have no place in the tree yet", e.Pending)
		}
	}
	for _, name := range r.Witnesses {
		line("cosigned", "by %s", name)
	}
	if r.Since != nil && !r.Since.bad() {
		line("kept", "%s", r.Since.Detail)
	}
}
