package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/spf13/cobra"

	"candor/retrieval"
	"candor/retrieval/encoder"
	"candor/retrieval/vector"
)

// encoderFigures are the figures of `bench encoder`.
type encoderFigures struct {
	Model  string `json:"model"`
	Kernel string `json:"kernel"` // avx512, avx2 or go
	// Encode is by the number of tokens of a text, on one core.
	Encode map[string]encodeFigures `json:"encode_by_tokens"`
	// Scan is of a million vectors of 256 int8, against reading the same bytes.
	ScanMS    float64 `json:"scan_ms"`
	ReadMS    float64 `json:"read_ms"`
	ScanRatio float64 `json:"scan_to_read_ratio"`
}

type encodeFigures struct {
	MS       float64 `json:"ms"`
	Tokens   int     `json:"tokens"`
	PerToken float64 `json:"us_per_token"`
}

func benchEncoderCommand(std Stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use: "encoder", Short: "Measure the encoder: texts of some lengths, and the scan of a million vectors", Args: cobra.NoArgs,
		Long: "Encoder measures on one core. The scan is compared with a plain read of the same bytes in the\n" +
			"same rounds. The comparison with onnxruntime on the same model is tools/encoder/compare.py.",
	}
	addFlags(cmd.Flags(), "encoder")
	asJSON := cmd.Flags().Bool("json", false, "Print one JSON object")
	rounds := cmd.Flags().Int("rounds", 30, "How often each figure is measured; the median counts")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, std.Env)
		if err != nil {
			return err
		}
		c.Embedding = "builtin:"
		e, err := openEmbedder(c)
		if err != nil {
			return err
		}
		if *rounds < 1 {
			return fmt.Errorf("rounds is %d", *rounds)
		}
		report, err := measureEncoder(cmd.Context(), cmd.ErrOrStderr(), e.(*encoder.Encoder), *rounds)
		if err != nil {
			return err
		}
		return printReport(cmd.OutOrStdout(), report, *asJSON)
	}
	return cmd
}

func measureEncoder(ctx context.Context, progress io.Writer, e *encoder.Encoder, rounds int) (encoderFigures, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	report := encoderFigures{Model: e.Space().String(), Kernel: vector.Kernel(), Encode: make(map[string]encodeFigures)}
	for _, n := range []int{12, 128, 512} {
		fmt.Fprintf(progress, "%d tokens\n", n)
		text, tokens := textOf(e, n)
		took := make([]time.Duration, rounds)
		for i := -2; i < rounds; i++ { // the first two make the workspace and fill caches
			began := time.Now()
			if err := e.Encode(ctx, retrieval.PassageText, []string{text}, func(int, []float32) {}); err != nil {
				return report, err
			}
			if i >= 0 {
				took[i] = time.Since(began)
			}
		}
		ms := median(took)
		report.Encode[fmt.Sprint(n)] = encodeFigures{MS: ms, Tokens: tokens, PerToken: 1000 * ms / float64(tokens)}
	}
	fmt.Fprintln(progress, "a scan of 1,000,000 vectors")
	report.ScanMS, report.ReadMS = scanAndRead(rounds)
	report.ScanRatio = report.ScanMS / report.ReadMS
	return report, nil
}

// textOf is a text that is about n tokens to the encoder, and how many.
func textOf(e *encoder.Encoder, n int) (text string, tokens int) {
	words := strings.Fields(strings.Repeat("Where is the parcel that I ordered two weeks ago, and when will it be here? ", 1+n/8))
	for i := 1; i <= len(words); i++ {
		text = strings.Join(words[:i], " ")
		ids, _ := e.Tokens(nil, retrieval.PassageText, text)
		if tokens = len(ids); tokens >= n {
			break
		}
	}
	return text, tokens
}

// scanAndRead returns the median milliseconds of a scan of a million vectors of 256
// int8, and of adding up the same bytes as 64-bit words, by turns.
func scanAndRead(rounds int) (scan, read float64) {
	const rows, dimension = 1_000_000, 256
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // data of a benchmark
	words := make([]uint64, rows*dimension/8)
	for i := range words {
		words[i] = r.Uint64() &^ 0x8080808080808080 // no byte is -128
	}
	all := unsafe.Slice((*int8)(unsafe.Pointer(&words[0])), rows*dimension) //nolint:gosec // the same bytes
	query, dots := make([]int8, dimension), make([]int32, rows)
	for i := range query {
		query[i] = int8(r.IntN(255) - 127)
	}
	var scans, reads []time.Duration
	for range rounds {
		began := time.Now()
		vector.Scan(dots, query, all)
		scans = append(scans, time.Since(began))
		began = time.Now()
		runtime.KeepAlive(add(words)) // or the compiler leaves it out
		reads = append(reads, time.Since(began))
	}
	return median(scans), median(reads)
}

// add reads all words, as fast as Go can.
func add(words []uint64) uint64 {
	var a, b, c, d uint64
	for ; len(words) >= 8; words = words[8:] {
		a += words[0] + words[4]
		b += words[1] + words[5]
		c += words[2] + words[6]
		d += words[3] + words[7]
	}
	return a + b + c + d
}

func median(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}
