package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"candor/eval"
)

func evalPIICommand(Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "pii", Short: "Measure how personal data in messages is found, and what is hidden for nothing", Args: cobra.NoArgs,
		Long: "Pii finds personal data in texts and compares it with what people labelled: F1 of spans by type,\n" +
			"over the types that support needs, and over all; a span counts if it has the type and shares half\n" +
			"of its characters, exact_f1 if it is the same. Of texts without labels it says in how many\n" +
			"something would be hidden. --data is a file of texts (id, text, spans of start, end and type in\n" +
			"code points) or a folder of such files. Without --data it reads the evaluation data\n" +
			"(CANDOR_DATA, else ../shared/data).",
	}
	path := cmd.Flags().String("data", "", "Folder or file of the data")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if *path == "" {
			if *path, err = eval.DataDir(); err != nil {
				return fmt.Errorf("name a folder or a file with --data: %w", err)
			}
		}
		sets, one, err := eval.ReadPII(*path)
		if err != nil {
			return err
		}
		reports := make(map[string]eval.PIIReport)
		for name, texts := range sets {
			reports[name] = eval.PII(texts)
			if one {
				return printReport(cmd.OutOrStdout(), reports[name], *asJSON)
			}
		}
		return printReport(cmd.OutOrStdout(), reports, *asJSON)
	}
	return cmd
}
