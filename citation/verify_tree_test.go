package citation

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// checked returns what a check finds, without the words.
func (f *forest) checked(t *testing.T, leaves []string) []string {
	t.Helper()
	var out []string
	check := NewTreeCheck(Checkpoint{"log", f.size, f.root}, f.read, func(x Finding) error {
		out = append(out, fmt.Sprint(x.Kind, " ", x.Index, " ", x.Tile, " ", x.Hash))
		return nil
	})
	for _, leaf := range leaves {
		var err error
		if leaf == "" {
			err = check.Missing()
		} else {
			err = check.Leaf(leaf)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := check.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

func (f *forest) clone() *forest {
	out := &forest{f.size, f.root, make(map[[2]int64][]byte)}
	for k, v := range f.tiles {
		out.tiles[k] = bytes.Clone(v)
	}
	return out
}

// TestTreeCheck: whatever bit of a leaf, a tile or the root is flipped, it is that which
// is named.
func TestTreeCheck(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 2, 255, 256, 257, 700, 65536 + 256 + 3} {
		var log forest
		all := leaves("leaf", size)
		log.grow(t, all...)
		if got := log.checked(t, all); got != nil {
			t.Fatalf("%d leaves: %v", size, got)
		}
		if size == 0 {
			continue
		}
		last := size - 1
		for _, i := range []int{0, size / 2, last} {
			changed := slices.Clone(all)
			changed[i] += "x"
			want := []string{fmt.Sprintf("leaf %d  0", i)}
			if got := log.checked(t, changed); !slices.Equal(got, want) {
				t.Errorf("%d leaves, leaf %d changed: %v", size, i, got)
			}
			changed[i] = ""
			if got := log.checked(t, changed); !slices.Equal(got, want) {
				t.Errorf("%d leaves, leaf %d missing: %v", size, i, got)
			}
		}
		for place, hashes := range log.tiles {
			if size > 1000 && place[0] == 0 && place[1]%100 != 56 {
				continue // of a large tree not every one
			}
			for _, at := range []int{0, len(hashes)/tlog.HashSize - 1} {
				bad := log.clone()
				bad.tiles[place][at*tlog.HashSize] ^= 1
				want := fmt.Sprintf("tile -1 %s %d", tileName(int(place[0]), place[1]), at)
				if got := bad.checked(t, all); !slices.Equal(got, []string{want}) {
					t.Errorf("%d leaves, hash %d of tile %v: %v", size, at, place, got)
				}
			}
			bad := log.clone()
			delete(bad.tiles, place)
			want := fmt.Sprintf("tile -1 %s 0", tileName(int(place[0]), place[1]))
			if got := bad.checked(t, all); !slices.Equal(got, []string{want}) {
				t.Errorf("%d leaves, without tile %v: %v", size, place, got)
			}
		}
		bad := log.clone()
		bad.root[7] ^= 1
		if got := bad.checked(t, all); !slices.Equal(got, []string{"checkpoint -1  0"}) {
			t.Errorf("%d leaves, another root: %v", size, got)
		}
	}
}

// TestTreeCheckTogether: what was changed together is told too.
func TestTreeCheckTogether(t *testing.T) {
	t.Parallel()
	var log forest
	all := leaves("leaf", 70000)
	log.grow(t, all...)

	swapped := slices.Clone(all)
	swapped[3], swapped[9] = swapped[9], swapped[3]
	if got := log.checked(t, swapped); !slices.Equal(got, []string{"leaf 3  0", "leaf 9  0"}) {
		t.Errorf("two swapped: %v", got)
	}
	// A leaf with its hash in the tile: the next tile still has what was added.
	bad := log.clone()
	changed := slices.Clone(all)
	changed[300] = "forged"
	h := tlog.RecordHash([]byte("forged"))
	copy(bad.tiles[[2]int64{0, 1}][44*tlog.HashSize:], h[:])
	if got := bad.checked(t, changed); !slices.Equal(got, []string{"tile -1 0/001 0"}) {
		t.Errorf("a leaf and its tile: %v", got)
	}
	// A leaf here and a hash there.
	bad = log.clone()
	bad.tiles[[2]int64{0, 7}][5] ^= 1
	changed = slices.Clone(all)
	changed[300] = "forged"
	if got := bad.checked(t, changed); !slices.Equal(got, []string{"leaf 300  0", "tile -1 0/007 0"}) {
		t.Errorf("a leaf and another tile: %v", got)
	}
	// Two in one tile.
	bad = log.clone()
	bad.tiles[[2]int64{0, 1}][5] ^= 1
	if got := bad.checked(t, changed); !slices.Equal(got, []string{"tile 256 0/001 0", "tile 300 0/001 44"}) {
		t.Errorf("a leaf and its tile elsewhere: %v", got)
	}
	// All of it, with the tiles made anew: only the signature still knows.
	var other forest
	other.grow(t, changed...)
	other.root = log.root
	if got := other.checked(t, changed); !slices.Equal(got, []string{"checkpoint -1  0"}) {
		t.Errorf("all rewritten: %v", got)
	}
}

// TestContinues: what was changed of a log since does not make it another one than was
// kept, and what was rewritten does.
func TestContinues(t *testing.T) {
	t.Parallel()
	var log forest
	sizes := []int64{0, 1, 255, 256, 257, 700}
	all := leaves("leaf", 1000)
	var kept []Checkpoint
	for _, size := range append(sizes, 1000) {
		kept = append(kept, log.grow(t, all[log.size:size]...))
	}
	broken, changed := log.clone(), slices.Clone(all)
	broken.tiles[[2]int64{0, 0}][77] ^= 1
	delete(broken.tiles, [2]int64{0, 1})
	changed[3] = "forged"
	var other forest
	other.grow(t, changed...)
	for what, tt := range map[string]struct {
		log       *forest
		leaves    []string
		rewritten bool
	}{
		"as it was": {&log, all, false}, "a leaf was changed": {&log, changed, false}, "tiles were changed": {broken, all, false},
		"all was rewritten": {&other, changed, true},
	} {
		check := NewTreeCheck(Checkpoint{"log", tt.log.size, tt.log.root}, tt.log.read, func(Finding) error { return nil })
		for _, c := range kept {
			check.Remember(c.Size)
		}
		for _, leaf := range tt.leaves {
			if err := check.Leaf(leaf); err != nil {
				t.Fatal(err)
			}
		}
		if err := check.Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range kept {
			err := check.Continues(c)
			var bad *InconsistentError
			if want := tt.rewritten && c.Size > 3; errors.As(err, &bad) != want || !want && err != nil {
				t.Errorf("%s, since %d: %v", what, c.Size, err)
			}
			c.Root[0] ^= 1
			if err := check.Continues(c); c.Size > 0 && !errors.As(err, &bad) {
				t.Errorf("%s, since another %d: %v", what, c.Size, err)
			}
		}
		longer := Checkpoint{"log", 1001, log.root}
		var bad *InconsistentError
		if err := check.Continues(longer); !errors.As(err, &bad) || bad.RolledBack() != 1 {
			t.Errorf("%s, since a longer one: %v", what, err)
		}
	}
}
