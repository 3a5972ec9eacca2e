package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

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
	root.SetArgs(args)
	root.SetIn(io.In)
	root.SetOut(io.Out)
	root.SetErr(io.Err)
	root.AddCommand(
		demoCommand(io), serveCommand(io), initCommand(io), siteCommand(io), staffCommand(io), queueCommand(io), keyCommand(io), policyCommand(io),
		receiptCommand(io), logCommand(io), eraseCommand(io), holdCommand(io),
		importCommand(io), searchCommand(io), indexCommand(io), migrateCommand(io), moveCommand(io), backupCommand(io), restoreCommand(io),
		evalCommand(io), benchCommand(io), versionCommand(),
	)
	return root.ExecuteContext(ctx)
}

func newLogger(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log_level %q is none of debug, info, warn, error", level)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}
