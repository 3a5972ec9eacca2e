//go:build ignore

// Timing encodes texts as it is told, one JSON line a text, and answers with
// how long each time took, so that compare.py can take turns with another encoder.
//
//	timing MODEL
//	{"kind": "query", "text": "Where is my order?", "times": 20}
//
// It reads the standard input to its end and writes nothing but its answers.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"candor/retrieval"
	"candor/retrieval/encoder"
	"candor/retrieval/vector"
)

// question asks for a text to be encoded once, for its vector, and then some times.
type question struct {
	Kind  retrieval.TextKind `json:"kind"`
	Text  string             `json:"text"`
	Times int                `json:"times"`
}

// answer has the ids that the model saw, the vector of length one, or null where the
// vocabulary knows too little of the text, and the nanoseconds of each time.
type answer struct {
	Kernel      string    `json:"kernel"`
	IDs         []int32   `json:"ids"`
	Vector      []float32 `json:"vector"`
	Nanoseconds []int64   `json:"nanoseconds"`
}

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "timing:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("want one argument, the model file")
	}
	e, err := encoder.OpenFile(args[0])
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	for questions := json.NewDecoder(in); ; {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		a := answer{Kernel: vector.Kernel()}
		a.IDs, _ = e.Tokens(nil, q.Kind, q.Text)
		texts := []string{q.Text}
		keep := func(_ int, v []float32) { a.Vector = append(a.Vector, v...) }
		if err := e.Encode(ctx, q.Kind, texts, keep); err != nil {
			return err
		}
		for range q.Times {
			start := time.Now()
			if err := e.Encode(ctx, q.Kind, texts, func(int, []float32) {}); err != nil {
				return err
			}
			a.Nanoseconds = append(a.Nanoseconds, time.Since(start).Nanoseconds())
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}
