package citation

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// forest is the tiles of a log that grows, as a store keeps them.
type forest struct {
	size  int64
	root  tlog.Hash
	tiles map[[2]int64][]byte
}

func (f *forest) read(level int, n int64, width int) ([]byte, error) {
	data := f.tiles[[2]int64{int64(level), n}]
	if len(data) < width*tlog.HashSize {
		return nil, ErrNoTile
	}
	return data[:width*tlog.HashSize], nil
}

func (f *forest) grow(t *testing.T, leaves ...string) Checkpoint {
	t.Helper()
	tiles, root, err := Grow(f.size, leaves, f.read)
	if err != nil {
		t.Fatal(err)
	}
	if f.tiles == nil {
		f.tiles = make(map[[2]int64][]byte)
	}
	for _, x := range tiles {
		f.tiles[[2]int64{int64(x.Level), x.N}] = x.Hashes
	}
	f.size, f.root = f.size+int64(len(leaves)), root
	return Checkpoint{"log", f.size, root}
}

func leaves(name string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s %d", name, i)
	}
	return out
}

func TestProveConsistent(t *testing.T) {
	t.Parallel()
	var log, other forest
	checkpoints := []Checkpoint{{Origin: "log"}}
	for _, n := range []int{1, 2, 252, 1, 1, 300, 700} {
		checkpoints = append(checkpoints, log.grow(t, leaves(fmt.Sprint(log.size), n)...))
	}
	newest := checkpoints[len(checkpoints)-1]
	for _, c := range checkpoints {
		proof, err := ProveConsistent(log.read, c, newest)
		if err != nil {
			t.Errorf("%d is not the beginning of %d: %v", c.Size, newest.Size, err)
		}
		if trivial := c.Size == 0 || c.Size == newest.Size; trivial != (len(proof) == 0) {
			t.Errorf("from %d to %d the proof has %d hashes", c.Size, newest.Size, len(proof))
		}
	}

	second := checkpoints[2]
	foreign := second
	foreign.Origin = "another"
	rewritten := other.grow(t, leaves("forged", int(newest.Size))...)
	for what, tt := range map[string]struct {
		read         TileReader
		older, newer Checkpoint
		back         int64
		says         string
	}{
		"another log": {log.read, foreign, newest, 0, "the log is log, and was another: it is another one"},
		"rolled back": {log.read, newest, second, newest.Size - 3, "the log was rolled back by 1254: it had 1257 entries and has 3"},
		"rewritten":   {other.read, second, rewritten, 0, "the log was rewritten: its first 3 entries are not what they were"},
		"as many":     {other.read, newest, rewritten, 0, "the log was rewritten: it has 1257 entries as before, but they are not the same"},
	} {
		_, err := ProveConsistent(tt.read, tt.older, tt.newer)
		var bad *InconsistentError
		if !errors.As(err, &bad) || bad.RolledBack() != tt.back || err.Error() != tt.says {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Tiles that are not there are no rewrite.
	gone := func(int, int64, int) ([]byte, error) { return nil, ErrNoTile }
	var bad *InconsistentError
	if _, err := ProveConsistent(gone, second, newest); !errors.Is(err, ErrNoTile) || errors.As(err, &bad) {
		t.Errorf("tiles that are not there: %v", err)
	}
}
