package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/eval"
)

func evalVerificationCommand(_ Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verification", Short: "Measure the check of sentences against their sources", Args: cobra.NoArgs,
		Long: "Verification checks claims of files of JSON lines {id, claim, context, title, label}, where the\n" +
			"label is supported, unsupported or generic, the way a model's sentences are checked. For a\n" +
			"folder it prints an object by file name. Without --data it takes the evaluation data\n" +
			"(CANDOR_DATA, else ../shared/data).",
	}
	path := cmd.Flags().String("data", "", "File, or folder of files")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *path == "" {
			var err error
			if *path, err = eval.DataDir(); err != nil {
				return fmt.Errorf("name a file or folder with --data: %w", err)
			}
		}
		files, err := eval.VerificationFiles(*path)
		if err != nil {
			return err
		}
		reports := make(map[string]eval.VerificationReport)
		for _, file := range files {
			rows, err := eval.ReadJudged(file)
			if err != nil {
				return err
			}
			if reports[filepath.Base(file)], err = eval.Verification(cmd.Context(), &answer.Verifier{}, rows); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(file), err)
			}
		}
		if info, err := os.Stat(*path); err == nil && !info.IsDir() {
			return printReport(cmd.OutOrStdout(), reports[filepath.Base(*path)], *asJSON)
		}
		return printReport(cmd.OutOrStdout(), reports, *asJSON)
	}
	return cmd
}
