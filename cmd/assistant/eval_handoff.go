package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"candor/consent"
	"candor/eval"
)

func evalHandoffCommand(Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "handoff", Short: "Measure whether it knows who wants a person: precision, recall, F1", Args: cobra.NoArgs,
		Long: "Handoff reads messages and says how many of those that ask for a person are understood to, and\n" +
			"how many of the others are. --data is a file of messages (text, handoff, domain), of messages\n" +
			"that ask for something else (text, label), or of scenarios (scenario.reason_for_call,\n" +
			"expects_transfer_to_human); or a folder with any of them. Without --data it reads the\n" +
			"evaluation data (CANDOR_DATA, else ../shared/data).",
	}
	path := cmd.Flags().String("data", "", "Folder or file of the data")
	policy := cmd.Flags().String("policy", "", "Policy whose topics go to a person; empty: the one that is built in")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		p := consent.DefaultPolicy()
		if *policy != "" {
			if p, err = readPolicy(*policy); err != nil {
				return err
			}
		}
		if *path == "" {
			if *path, err = eval.DataDir(); err != nil {
				return fmt.Errorf("name a folder or a file with --data: %w", err)
			}
		}
		sets, err := eval.ReadHandoff(*path)
		if err != nil {
			return err
		}
		report, err := eval.Handoff(p, sets)
		if err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), report, *asJSON)
	}
	return cmd
}
