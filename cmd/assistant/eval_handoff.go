package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/eval"
)

func evalHandoffCommand(Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "handoff", Short: "Measure whether it knows who wants a person: precision, recall, F1",
		Long: "Handoff reads messages and says how many of those that ask for a person are understood to, and\n" +
			"how many of the others are. --data is a file of messages (text, handoff, domain), of messages\n" +
			"that ask for something else (text, label), or of scenarios (scenario.reason_for_call,\n" +
			"expects_transfer_to_human); or a folder with any of them.",
	}
	policy := cmd.Flags().String("policy", "", "Policy whose topics go to a person; empty: the one that is built in")
	return suite(cmd, func(_ context.Context, data string, _ io.Writer) (_ any, err error) {
		p := consent.DefaultPolicy()
		if *policy != "" {
			if p, err = readPolicy(*policy); err != nil {
				return nil, err
			}
		}
		sets, err := eval.ReadHandoff(data)
		if err != nil {
			return nil, err
		}
		return eval.Handoff(p, sets)
	})
}
