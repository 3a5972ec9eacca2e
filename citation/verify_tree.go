package citation

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// FindingKind is what a Finding is about.
type FindingKind string

// Finding kinds.
const (
	FoundEntry      FindingKind = "entry"      // an entry is not what its leaf commits to
	FoundLeaf       FindingKind = "leaf"       // a leaf is not the one that was added, or is missing
	FoundTile       FindingKind = "tile"       // a hash of a tile is not what lies below it
	FoundCheckpoint FindingKind = "checkpoint" // the tree is not the one that was signed
)

// Finding is something of a log that is not as it was recorded.
type Finding struct {
	Kind FindingKind `json:"kind"`
	// Index is the leaf's place in the tree; -1 if it is about no leaf.
	Index int64 `json:"index"`
	// Entry and Answer are ids; empty if they are not known.
	Entry  string `json:"entry,omitempty"`
	Answer string `json:"answer_id,omitempty"`
	// Tile is the tile's path below tile/, and Hash which of its hashes it is.
	Tile string `json:"tile,omitempty"`
	Hash int    `json:"hash,omitempty"`
	// Field is the field of an entry that differs; Was and Is are JSON.
	Field string `json:"field,omitempty"`
	Was   string `json:"was,omitempty"`
	Is    string `json:"is,omitempty"`
	// Detail says what is wrong, for people.
	Detail string `json:"detail"`
}

// TreeCheck compares the leaves of a log with its tiles, and these with its checkpoint.
// What differs is told apart by what lies above it: where a leaf and its tile disagree,
// the hash that the next tile has of the two, or the signed root, says which of them was
// changed. It keeps one tile of each level in memory.
type TreeCheck struct {
	signed Checkpoint
	read   TileReader
	found  func(Finding) error
	size   int64
	levels []checkedLevel
	cached map[int]cachedTile  // the last tile that was read of a level
	roots  map[int64]tlog.Hash // what the first leaves make, of the sizes to remember
}

// checkedLevel is the last tile of a level, as what lies below makes it.
type checkedLevel struct {
	n       int64
	hashes  []tlog.Hash
	missing map[int]bool // where nothing lies below
}

type cachedTile struct {
	n      int64
	hashes []tlog.Hash
}

// NewTreeCheck returns a check of a log with a checkpoint whose signature was checked.
// Found is called with what is found; its error ends the check.
func NewTreeCheck(signed Checkpoint, read TileReader, found func(Finding) error) *TreeCheck {
	return &TreeCheck{signed: signed, read: read, found: found, cached: make(map[int]cachedTile), roots: make(map[int64]tlog.Hash)}
}

// Remember has the check remember what the first leaves make, for Continues.
func (t *TreeCheck) Remember(size int64) { t.roots[size] = tlog.Hash{} }

// Continues reports whether the tree continues an older one, whose size it was told to
// remember: nil, or an *InconsistentError. It holds what the leaves make against what the
// tiles do, so that one that was changed since does not speak against the others.
func (t *TreeCheck) Continues(older Checkpoint) error {
	_, err := ProveConsistent(t.read, older, t.signed)
	if err == nil {
		return nil
	}
	inconsistent := &InconsistentError{older, t.signed}
	if older.Origin == t.signed.Origin && older.Size < t.signed.Size && t.roots[older.Size] == older.Root && t.root() == t.signed.Root {
		return nil
	}
	if errors.As(err, &inconsistent) || errors.Is(err, ErrNoTile) {
		return inconsistent
	}
	return err
}

// Leaf takes the next leaf, in the order of their indexes.
func (t *TreeCheck) Leaf(leaf string) error {
	return t.add(0, tlog.RecordHash([]byte(leaf)), false)
}

// Missing takes the place of the next leaf where there is none.
func (t *TreeCheck) Missing() error {
	if err := t.found(Finding{Kind: FoundLeaf, Index: t.size, Detail: fmt.Sprintf("leaf %d is missing", t.size)}); err != nil {
		return err
	}
	return t.add(0, tlog.Hash{}, true)
}

func (t *TreeCheck) add(level int, h tlog.Hash, missing bool) error {
	if level == 0 {
		t.size++
	}
	if level == len(t.levels) {
		t.levels = append(t.levels, checkedLevel{})
	}
	l := &t.levels[level]
	if missing {
		if l.missing == nil {
			l.missing = make(map[int]bool)
		}
		l.missing[len(l.hashes)] = true
	}
	l.hashes = append(l.hashes, h)
	if _, ok := t.roots[t.size]; ok && level == 0 {
		t.roots[t.size] = t.root()
	}
	if len(l.hashes) < TileWidth {
		return nil
	}
	up, unknown, err := t.full(level, l)
	if err != nil {
		return err
	}
	l = &t.levels[level]
	l.n, l.hashes, l.missing = l.n+1, l.hashes[:0], nil
	return t.add(level+1, up, unknown)
}

// full compares a full tile with the one that is stored, and returns the hash of the one
// of the two that the level above has.
func (t *TreeCheck) full(level int, l *checkedLevel) (up tlog.Hash, unknown bool, err error) {
	stored, err := t.tile(level, l.n)
	if err != nil {
		return up, false, err
	}
	differ := l.compare(stored)
	made := fold(l.hashes)
	if stored != nil && len(differ) == 0 {
		return made, false, nil
	}
	above, err := t.tile(level+1, l.n/TileWidth)
	if err != nil {
		return up, false, err
	}
	at := int(l.n % TileWidth)
	known := at < len(above)
	switch {
	case known && len(l.missing) == 0 && made == above[at]:
		return made, false, t.tileChanged(level, l.n, differ, stored == nil)
	case stored != nil && known && fold(stored) == above[at]:
		return above[at], false, t.belowChanged(level, l, differ, stored)
	case known:
		return above[at], false, t.neither(level, l.n, differ, stored == nil)
	}
	return made, len(l.missing) > 0, t.neither(level, l.n, differ, stored == nil)
}

// compare returns where a tile differs from the one that is stored, nil: there is none.
// What is missing is taken from it.
func (l *checkedLevel) compare(stored []tlog.Hash) (differ []int) {
	if stored == nil {
		return nil
	}
	for i, h := range l.hashes {
		switch {
		case l.missing[i]:
			l.hashes[i] = stored[i]
		case h != stored[i]:
			differ = append(differ, i)
		}
	}
	if len(l.missing) > 0 {
		l.missing = nil
	}
	return differ
}

// root is the hash of all leaves so far.
func (t *TreeCheck) root() tlog.Hash {
	var peaks []tlog.Hash
	for _, l := range slices.Backward(t.levels) {
		peaks = append(peaks, peaksOf(l.hashes)...)
	}
	return joined(peaks)
}

// Close compares what is left with the signed root, once every leaf was taken.
func (t *TreeCheck) Close() error {
	if t.size != t.signed.Size {
		return fmt.Errorf("the log has %d leaves, and %d were checked", t.signed.Size, t.size)
	}
	type open struct {
		level  int
		l      *checkedLevel
		stored []tlog.Hash
		differ []int
	}
	var tiles []open
	var unsure []int // of tiles, that are not what is stored
	for level := range t.levels {
		l := &t.levels[level]
		if len(l.hashes) == 0 {
			continue
		}
		stored, err := t.tile(level, l.n)
		if err != nil {
			return err
		}
		o := open{level, l, stored, l.compare(stored)}
		if stored == nil || len(o.differ) > 0 {
			unsure = append(unsure, len(tiles))
		}
		tiles = append(tiles, o)
	}
	// Of each of them what was stored or what was made may be right: one combination is
	// what was signed.
	for mask := range 1 << len(unsure) {
		takeStored := make(map[int]bool, len(unsure))
		possible := true
		for bit, i := range unsure {
			takeStored[i] = mask>>bit&1 == 1
			possible = possible && (!takeStored[i] || tiles[i].stored != nil)
		}
		if !possible {
			continue
		}
		var peaks []tlog.Hash
		for i := len(tiles) - 1; i >= 0; i-- {
			if takeStored[i] {
				peaks = append(peaks, peaksOf(tiles[i].stored)...)
			} else {
				peaks = append(peaks, peaksOf(tiles[i].l.hashes)...)
			}
		}
		if joined(peaks) != t.signed.Root {
			continue
		}
		for _, i := range unsure {
			o := tiles[i]
			var err error
			if takeStored[i] {
				err = t.belowChanged(o.level, o.l, o.differ, o.stored)
			} else {
				err = t.tileChanged(o.level, o.l.n, o.differ, o.stored == nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range unsure {
		if err := t.neither(tiles[i].level, tiles[i].l.n, tiles[i].differ, tiles[i].stored == nil); err != nil {
			return err
		}
	}
	return t.found(Finding{Kind: FoundCheckpoint, Index: -1, Detail: fmt.Sprintf(
		"the hash of the tree of %d leaves is not the one that was signed: the log was rewritten, or the checkpoint was", t.size)})
}

// tile reads a tile as it is stored; nil if there is none, or less than the tree has.
func (t *TreeCheck) tile(level int, n int64) ([]tlog.Hash, error) {
	if c, ok := t.cached[level]; ok && c.n == n {
		return c.hashes, nil
	}
	width := TileWidthAt(t.signed.Size, level, n)
	if width == 0 {
		return nil, nil
	}
	data, err := t.read(level, n, width)
	if errors.Is(err, ErrNoTile) || err == nil && len(data) != width*tlog.HashSize {
		data, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	var hashes []tlog.Hash
	for b := range slices.Chunk(data, tlog.HashSize) {
		hashes = append(hashes, tlog.Hash(b))
	}
	t.cached[level] = cachedTile{n, hashes}
	return hashes, nil
}

func tileName(level int, n int64) string { return TilePlace{level, n, TileWidth}.Path() }

// tileChanged tells of hashes of a tile that are not what lies below, which is right.
func (t *TreeCheck) tileChanged(level int, n int64, differ []int, gone bool) error {
	name := tileName(level, n)
	if gone {
		return t.found(Finding{Kind: FoundTile, Index: -1, Tile: name, Detail: fmt.Sprintf("tile %s is missing or cut off", name)})
	}
	for _, i := range differ {
		if err := t.found(Finding{Kind: FoundTile, Index: -1, Tile: name, Hash: i, Detail: fmt.Sprintf(
			"hash %d of tile %s was changed; what lies below it is as it was", i, name)}); err != nil {
			return err
		}
	}
	return nil
}

// belowChanged tells of what lies below hashes of a tile that are right.
func (t *TreeCheck) belowChanged(level int, l *checkedLevel, differ []int, stored []tlog.Hash) error {
	for _, i := range differ {
		n := l.n*TileWidth + int64(i)
		f := Finding{Kind: FoundLeaf, Index: n, Detail: fmt.Sprintf("leaf %d is not the one that was added", n)}
		if level > 0 {
			name := tileName(level-1, n)
			f = Finding{Kind: FoundTile, Index: -1, Tile: name, Detail: fmt.Sprintf(
				"tile %s and everything below it were rewritten: they agree with each other, but are not what was added", name)}
		} else if other := slices.Index(stored, l.hashes[i]); other >= 0 {
			f.Detail += fmt.Sprintf(": it is that of %d", l.n*TileWidth+int64(other))
		}
		if err := t.found(f); err != nil {
			return err
		}
	}
	return nil
}

// neither tells of a tile that is not what lies below it, where what lies above is
// neither of the two.
func (t *TreeCheck) neither(level int, n int64, differ []int, gone bool) error {
	if gone {
		return t.tileChanged(level, n, differ, gone)
	}
	name := tileName(level, n)
	for _, i := range differ {
		f := Finding{Kind: FoundTile, Index: -1, Tile: name, Hash: i, Detail: fmt.Sprintf(
			"hash %d of tile %s is not what lies below it, and neither is what lies above", i, name)}
		if level == 0 {
			f.Index = n*TileWidth + int64(i)
			f.Detail = fmt.Sprintf("leaf %d is not what tile %s has of it, and the tree has neither", f.Index, name)
		}
		if err := t.found(f); err != nil {
			return err
		}
	}
	return nil
}

// fold is the hash of the full tree over as many hashes as a full tile has.
func fold(hashes []tlog.Hash) tlog.Hash { return joined(peaksOf(hashes)) }

// peaksOf returns the roots of the largest full trees over hashes, from the left.
func peaksOf(hashes []tlog.Hash) (peaks []tlog.Hash) {
	for size := TileWidth; size > 0; size /= 2 {
		if len(hashes) < size {
			continue
		}
		nodes := slices.Clone(hashes[:size])
		for ; len(nodes) > 1; nodes = nodes[:len(nodes)/2] {
			for i := range len(nodes) / 2 {
				nodes[i] = tlog.NodeHash(nodes[2*i], nodes[2*i+1])
			}
		}
		peaks, hashes = append(peaks, nodes[0]), hashes[size:]
	}
	return peaks
}

// joined is the hash of the tree that full trees of falling size make (RFC 6962, 2.1).
func joined(peaks []tlog.Hash) tlog.Hash {
	if len(peaks) == 0 {
		empty, _ := tlog.TreeHash(0, nil) // reads nothing
		return empty
	}
	h := peaks[len(peaks)-1]
	for i := len(peaks) - 2; i >= 0; i-- {
		h = tlog.NodeHash(peaks[i], h)
	}
	return h
}
