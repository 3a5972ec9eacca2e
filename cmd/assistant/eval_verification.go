package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"candor/answer"
	"candor/eval"
)

func evalVerificationCommand(Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "verification", Short: "Measure the check of sentences against their sources",
		Long: "Verification checks claims of files of JSON lines {id, claim, context, title, label}, where the\n" +
			"label is supported, unsupported or generic, the way a model's sentences are checked. For a\n" +
			"folder it prints an object by file name.",
	}
	return suite(cmd, func(ctx context.Context, data string, _ io.Writer) (any, error) {
		files, err := eval.VerificationFiles(data)
		if err != nil {
			return nil, err
		}
		reports := make(map[string]eval.VerificationReport)
		for _, file := range files {
			rows, err := eval.ReadJudged(file)
			if err != nil {
				return nil, err
			}
			name := filepath.Base(file)
			if reports[name], err = eval.Verification(ctx, &answer.Verifier{}, rows); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if file == data {
				return reports[name], nil
			}
		}
		return reports, nil
	})
}
