//go:build ignore

// Features writes what the verifier's classifier sees of each claim of some files, for
// train.py: first a line with the names, then one for each claim.
//
//	go run tools/verifier/features.go FILE... >features.jsonl
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"candor/answer"
	"candor/retrieval"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(files []string) error {
	out := json.NewEncoder(os.Stdout)
	names, grows := answer.FeatureNames()
	if err := out.Encode(map[string]any{"names": names, "grows": grows}); err != nil {
		return err
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			var x struct{ ID, Claim, Context, Title, Label string }
			if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			// Claims of one context are never on both sides of a fold.
			group := sha256.Sum256([]byte(x.Context))
			if err := out.Encode(map[string]any{
				"set": filepath.Base(name), "id": x.ID, "label": x.Label, "group": hex.EncodeToString(group[:8]),
				"features": answer.Features(x.Claim, retrieval.Record{Title: x.Title, Text: x.Context}),
			}); err != nil {
				return err
			}
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
