package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"candor/eval"
)

func evalPIICommand(Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "pii", Short: "Measure how personal data in messages is found, and what is hidden for nothing",
		Long: "Pii finds personal data in texts and compares it with what people labelled: F1 of spans by type,\n" +
			"over the types that support needs, and over all; a span counts if it has the type and shares half\n" +
			"of its characters, exact_f1 if it is the same. Of texts without labels it says in how many\n" +
			"something would be hidden. --data is a file of texts (id, text, spans of start, end and type in\n" +
			"code points) or a folder of such files.",
	}
	return suite(cmd, func(_ context.Context, data string, _ io.Writer) (any, error) {
		sets, one, err := eval.ReadPII(data)
		if err != nil {
			return nil, err
		}
		reports := make(map[string]eval.PIIReport)
		for name, texts := range sets {
			reports[name] = eval.PII(texts)
			if one {
				return reports[name], nil
			}
		}
		return reports, nil
	})
}
