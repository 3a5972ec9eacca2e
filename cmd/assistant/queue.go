package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"candor/agents"
	"candor/consent"
	"candor/store"
	"candor/web"
)

func queueCommand(std Stdio) *cobra.Command {
	group := &cobra.Command{Use: "queue", Short: "The queues of the desk: what they take, when they are served, how soon"}
	list := &cobra.Command{Use: "list", Short: "List the queues in the order in which they are tried", Args: cobra.NoArgs}
	addFlags(list.Flags(), storeFlags...)
	list.RunE = func(cmd *cobra.Command, _ []string) error {
		return withStore(cmd, std, func(ctx context.Context, _ Config, s *store.Store) error {
			queues, err := s.Queues(ctx)
			if err != nil {
				return err
			}
			return printQueues(cmd.OutOrStdout(), queues)
		})
	}
	set := &cobra.Command{
		Use: "set FILE", Short: "Add the queues of a JSON file, or change those of the same names",
		Long: "Set reads one queue, or a list of them, as /api/admin/queues has them, and stores each as a\n" +
			"whole. A running server takes them from its next ticket on.",
		Example: "  assistant queue set queues.json\n  echo '{\"name\":\"returns\",\"title\":\"Returns\",\"takes\":{\"topics\":[\"legal\"]}}' | assistant queue set -",
		Args:    cobra.ExactArgs(1),
	}
	addFlags(set.Flags(), storeFlags...)
	set.RunE = func(cmd *cobra.Command, args []string) error {
		queues, err := readQueues(args[0], std.In)
		if err != nil {
			return err
		}
		return withStore(cmd, std, func(ctx context.Context, _ Config, s *store.Store) error {
			for _, q := range queues {
				if err := setQueue(ctx, s, q); err != nil {
					return fmt.Errorf("queue %q: %w", q.Name, err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "set        %s\n", q.Name)
			}
			return nil
		})
	}
	remove := &cobra.Command{Use: "remove NAME", Short: "Remove a queue that nothing needs any more", Args: cobra.ExactArgs(1)}
	addFlags(remove.Flags(), storeFlags...)
	remove.RunE = func(cmd *cobra.Command, args []string) error {
		return withStore(cmd, std, func(ctx context.Context, _ Config, s *store.Store) error {
			if err := s.RemoveQueue(ctx, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "removed    %s\n", args[0])
			return nil
		})
	}
	group.AddCommand(list, set, remove)
	return group
}

// readQueues reads queues from a file, "-" from in.
func readQueues(path string, in io.Reader) ([]agents.Queue, error) {
	var b []byte
	var err error
	if path == "-" {
		b, err = io.ReadAll(in)
	} else {
		b, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the queues: %w", err)
	}
	var raw []json.RawMessage
	if b = bytes.TrimSpace(b); !bytes.HasPrefix(b, []byte("[")) {
		raw = []json.RawMessage{b}
	} else if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", path, err)
	}
	queues := make([]agents.Queue, len(raw))
	for i, one := range raw {
		queues[i].Priority = 1
		d := json.NewDecoder(bytes.NewReader(one))
		d.DisallowUnknownFields() // a name that is misspelt would say nothing
		if err := d.Decode(&queues[i]); err != nil {
			return nil, fmt.Errorf("queue %d of %s does not read: %w", i+1, path, err)
		}
	}
	return queues, nil
}

func setQueue(ctx context.Context, s *store.Store, q agents.Queue) error {
	p := consent.DefaultPolicy()
	version, err := s.PolicyVersion(ctx)
	if err != nil {
		return err
	}
	if version != "" {
		text, err := s.PolicyText(ctx, version)
		if err == nil {
			p, err = consent.ReadPolicy(text)
		}
		if err != nil {
			return err
		}
	}
	if err := web.NamesKnown(ctx, q, s, p); err != nil {
		return err
	}
	actor := "system"
	if u, err := user.Current(); err == nil {
		actor += ":" + u.Username
	}
	return s.SetQueue(ctx, q, actor)
}

func printQueues(out io.Writer, queues []agents.Queue) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ORDER\tNAME\tTITLE\tTAKES\tFIRST REPLY\tRESERVE\tQUIET\tREOPEN\tHOURS")
	for _, q := range queues {
		hours := "always"
		if q.Hours != nil {
			hours = q.Hours.Zone
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", q.Order, q.Name, q.Title, taken(q.Takes),
			never(q.Targets.FirstReply), never(q.Reserve), never(q.Quiet), never(q.Reopen), hours)
	}
	return w.Flush()
}

// taken is what a queue takes, in a line.
func taken(t agents.Takes) string {
	var parts []string
	for _, list := range []any{t.Sites, t.Languages, t.Reasons, t.Topics} {
		if s := strings.Trim(fmt.Sprint(list), "[]"); s != "" {
			parts = append(parts, strings.ReplaceAll(s, " ", ","))
		}
	}
	if len(parts) == 0 {
		return "all"
	}
	return strings.Join(parts, " ")
}

func never(s agents.Span) string {
	if s == 0 {
		return "-"
	}
	return time.Duration(s).String()
}
