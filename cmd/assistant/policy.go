package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/identity"
	"candor/store"
)

func policyCommand(io Stdio) *cobra.Command {
	group := &cobra.Command{Use: "policy", Short: "The policy: what data may be used for, and who may see it"}
	check := &cobra.Command{
		Use: "check FILE", Short: "Check a policy, and explain every error with its line", Args: cobra.ExactArgs(1),
	}
	check.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := readPolicy(args[0])
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is valid: version %s, for %s audience\n"+
			"  %d purposes, %d categories and %d recipients in %d uses; notice %s %s in %s\n  sha256 %s\n",
			args[0], p.Version, p.Audience, len(p.Purposes), len(p.Categories), len(p.Recipients), len(p.Triples()),
			p.Notice.ID, p.Notice.Version, strings.Join(p.Languages(), ", "), p.SHA256())
		if c := p.Controller; c.Name == "" || c.Address == "" || c.Contact == "" {
			fmt.Fprintln(cmd.OutOrStdout(), "  note: receipts should say who answers for the data: give controller a name, an address and a contact")
		}
		return nil
	}
	diff := &cobra.Command{
		Use: "diff OLD NEW", Short: "Say which changes are material, and what loading the new policy would suspend",
		Long: "Diff compares two policy files. A change is material to a use (a purpose, a category and a\n" +
			"recipient) if who agreed to the old policy has not agreed to it; their grants of that use\n" +
			"are suspended until they renew them. Where the old one is in force in the configured\n" +
			"database, the customers and grants are counted. Nothing is changed.",
		Example: "  assistant policy diff policy.yaml policy-next.yaml", Args: cobra.ExactArgs(2),
	}
	addFlags(diff.Flags(), storeFlags...)
	diff.RunE = func(cmd *cobra.Command, args []string) error {
		from, err := readPolicy(args[0])
		if err != nil {
			return err
		}
		to, err := readPolicy(args[1])
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		printDiff(out, from, to)
		c, err := loadConfig(cmd, io.Env)
		if err != nil {
			return err
		}
		if path := file(c.databaseURL()); path != "" && !exists(path) {
			fmt.Fprintf(out, "\nThere is no database at %s: customers and grants are not counted.\n", path)
			return nil
		}
		return withStore(cmd, io, func(ctx context.Context, _ Config, s *store.Store) error {
			return printSuspended(ctx, out, s, from, to)
		})
	}
	builtin := &cobra.Command{
		Use: "default", Short: "Print the policy that is used where none is configured, to start one's own from", Args: cobra.NoArgs,
	}
	builtin.RunE = func(cmd *cobra.Command, _ []string) error {
		_, err := cmd.OutOrStdout().Write(consent.DefaultPolicy().Text())
		return err
	}
	group.AddCommand(check, diff, builtin)
	return group
}

// readPolicy reads a policy file; its faults are named as file:line.
func readPolicy(name string) (*consent.Policy, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	p, err := consent.LoadPolicy(bytes.NewReader(b))
	var faults consent.PolicyErrors
	if !errors.As(err, &faults) {
		return p, err
	}
	lines := make([]string, len(faults))
	for i, f := range faults {
		if lines[i] = name + ": " + f.Text; f.Line > 0 {
			lines[i] = fmt.Sprintf("%s:%d: %s", name, f.Line, f.Text)
		}
	}
	return nil, fmt.Errorf("the policy has %s:\n%s", counted(len(faults), "fault", "faults"), strings.Join(lines, "\n"))
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// printDiff prints the material changes, each with the uses that it touches.
func printDiff(out io.Writer, from, to *consent.Policy) {
	type change struct {
		what, languages string
	}
	var order []change
	uses := make(map[change][]string)
	touched := make(map[consent.Triple]bool)
	for _, m := range consent.Diff(from, to) {
		c := change{m.What, ""}
		if m.Languages != nil && len(m.Languages) < len(from.Languages()) {
			c.languages = " (in " + strings.Join(m.Languages, ", ") + ")"
		}
		if !slices.Contains(order, c) {
			order = append(order, c)
		}
		uses[c] = append(uses[c], fmt.Sprintf("%s, %s, %s", m.Purpose, m.Category, m.Recipient))
		touched[m.Triple] = true
	}
	fmt.Fprintf(out, "from version %s to %s: ", from.Version, to.Version)
	if len(order) == 0 {
		fmt.Fprintln(out, "nothing material. No grant would be suspended.")
	} else {
		fmt.Fprintf(out, "%s, touching %d of %s\n", counted(len(order), "material change", "material changes"),
			len(touched), counted(len(from.Triples()), "use", "uses"))
	}
	for _, c := range order {
		fmt.Fprintf(out, "\n  %s%s:\n", c.what, c.languages)
		for _, u := range uses[c] {
			fmt.Fprintf(out, "    %s\n", u)
		}
	}
	var fresh []string
	for _, t := range to.Triples() {
		if !from.Uses(t) {
			fresh = append(fresh, fmt.Sprintf("%s, %s, %s", t.Purpose, t.Category, t.Recipient))
		}
	}
	if len(fresh) > 0 {
		fmt.Fprintf(out, "\n  new, and granted by nobody yet:\n    %s\n", strings.Join(fresh, "\n    "))
	}
}

// printSuspended counts what the step would suspend in a database where the old
// policy is in force.
func printSuspended(ctx context.Context, out io.Writer, s *store.Store, from, to *consent.Policy) error {
	versions, err := s.Policies(ctx)
	if err != nil {
		return err
	}
	if len(versions) == 0 || versions[len(versions)-1].Version != from.Version {
		fmt.Fprintf(out, "\nIn the database another policy is in force than %s: customers and grants are not counted.\n", from.Version)
		return nil
	}
	now, err := consent.Line(versions)
	if err != nil {
		return err
	}
	then, err := consent.Line(append(versions, consent.PolicyVersion{Version: to.Version, Text: to.Text()}))
	if err != nil {
		return err
	}
	before, after := now[len(now)-1], then[len(then)-1]
	standing, suspended := make(map[identity.CustomerID]int), make(map[identity.CustomerID]int)
	grants := 0
	err = s.Standing(ctx, func(e consent.Event) {
		if !before.Uses(e.Triple) || !before.Stands(e) {
			return
		}
		standing[e.Customer]++
		grants++
		if !after.Uses(e.Triple) || !after.Stands(e) {
			suspended[e.Customer]++
		}
	})
	if err != nil {
		return err
	}
	ends := 0
	for _, n := range suspended {
		ends += n
	}
	fmt.Fprintf(out, "\nOf %s of %s, loading it would suspend %s of %s until they renew them.\n",
		counted(grants, "grant", "grants"), counted(len(standing), "customer", "customers"),
		counted(ends, "grant", "grants"), counted(len(suspended), "customer", "customers"))
	return nil
}
