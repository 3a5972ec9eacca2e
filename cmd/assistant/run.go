package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// Stdio is the world of a run, so that tests can be it.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) (string, bool)
}

// Run runs one command until it is done or ctx ends.
func Run(ctx context.Context, args []string, io Stdio) error {
	root := rootCommand(io)
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// rootCommand is the command that has all the others.
func rootCommand(io Stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "assistant",
		Short: "A customer-service assistant that answers only from what the customer agreed to share",
		Long: "Candor answers customers' questions from company knowledge and from the data each customer\n" +
			"agreed to share, shows what every answer used and under which consent, and hands the\n" +
			"conversation to a person whenever the customer wants one.\n\n" +
			"Try it:  assistant demo",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(io.In)
	root.SetOut(io.Out)
	root.SetErr(io.Err)
	root.AddCommand(
		demoCommand(io), serveCommand(io), initCommand(io), siteCommand(io), staffCommand(io), queueCommand(io), keyCommand(io), policyCommand(io),
		receiptCommand(io), logCommand(io), eraseCommand(io), holdCommand(io),
		importCommand(io), searchCommand(io), indexCommand(io), migrateCommand(io), moveCommand(io), backupCommand(io), restoreCommand(io),
		evalCommand(io), benchCommand(io), versionCommand(),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	refuseUnknown(root)
	return root
}

// refuseUnknown makes a group of commands, and those in it, refuse a name that is none
// of theirs: without it cobra prints the help, and a script that mistypes goes on.
func refuseUnknown(cmd *cobra.Command) {
	if !cmd.HasSubCommands() {
		return
	}
	cmd.Args, cmd.RunE = knownCommand, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.DisableFlagsInUseLine = true
	cmd.SuggestionsMinimumDistance = 2
	for _, sub := range cmd.Commands() {
		refuseUnknown(sub)
	}
}

// knownCommand refuses what is no command of a group, with those that may be meant.
func knownCommand(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	meant := ""
	if near := group.SuggestionsFor(args[0]); len(near) > 0 {
		meant = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("unknown command %q for %q%s", args[0], group.CommandPath(), meant)
}

func newLogger(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log_level %q is none of debug, info, warn, error", level)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}
