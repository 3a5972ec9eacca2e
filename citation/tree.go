package citation

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// TileHeight is the height of a tile: it has up to TileWidth hashes.
	TileHeight = 8
	// TileWidth is how many hashes, or leaves, a full tile has.
	TileWidth = 1 << TileHeight
)

// Errors of the tree.
var (
	// ErrNoTile means that the tree has no such tile, or not as much of it.
	ErrNoTile = errors.New("the log has no such tile")
	// ErrNotIntegrated means that an entry has no place in the tree yet: it gets one
	// within a second.
	ErrNotIntegrated = errors.New("the entry is not in the public log yet: try again in a second")
	// ErrNoEntry means that there is no such entry.
	ErrNoEntry = errors.New("there is no such entry in the citation log")
	// ErrBodyGone means that what was said in an entry was deleted: by its customer's
	// wish, or because it is kept no longer. Its leaf stays.
	ErrBodyGone = errors.New("what this entry said was deleted; that it was made stays in the public log")
)

// Tree is the transparency log over the leaves of entries: a Merkle tree of RFC 6962.
// Everything that it returns belongs to one state of the tree or to an earlier one, and
// stays true. All methods are safe for concurrent use.
type Tree interface {
	// Checkpoint returns the signed checkpoint, with what witnesses added to it.
	Checkpoint(ctx context.Context) ([]byte, error)
	// Tile returns hashes of a level: the first width of its n-th tile, 32 bytes each.
	// ErrNoTile if the tree has not that many.
	Tile(ctx context.Context, level int, n int64, width int) ([]byte, error)
	// Entries returns the first width leaves of the n-th tile of level 0.
	Entries(ctx context.Context, n int64, width int) ([]string, error)
	// Receipt returns what proves an entry: ErrNoEntry, ErrNotIntegrated, ErrBodyGone.
	Receipt(ctx context.Context, entry string) (Receipt, error)
	// Verifier is the key that checkpoints are checked with.
	Verifier() string
}

// TileReader reads the hashes of tiles: those of a tree of some size.
type TileReader func(level int, n int64, width int) ([]byte, error)

// Hashes reads the hashes of a tree of the size from its tiles. It does not check them.
func (r TileReader) Hashes(size int64) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		type place struct {
			level int
			n     int64
		}
		read := make(map[place][]byte)
		for i, x := range indexes {
			t := tlog.TileForIndex(TileHeight, x)
			width := tileWidth(size, t.L, t.N)
			if t.W > width {
				return nil, fmt.Errorf("%w: a hash beyond %d leaves", ErrNoTile, size)
			}
			data, ok := read[place{t.L, t.N}]
			if !ok {
				var err error
				if data, err = r(t.L, t.N, width); err != nil {
					return nil, err
				}
				if len(data) != width*tlog.HashSize {
					return nil, fmt.Errorf("%w: tile %d/%d has %d bytes", ErrNoTile, t.L, t.N, len(data))
				}
				read[place{t.L, t.N}] = data
			}
			t.W = width
			var err error
			if out[i], err = tlog.HashFromTile(t, data, x); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

// tileWidth is how many hashes the n-th tile of a level has in a tree of the size; 0 if
// there is none.
func tileWidth(size int64, level int, n int64) int {
	return int(min(max((size>>(TileHeight*level))-n*TileWidth, 0), TileWidth))
}

// TileWidthAt is how many hashes the n-th tile of a level has in a tree of the size; 0
// if there is none.
func TileWidthAt(size int64, level int, n int64) int {
	if size < 0 || n < 0 || level < 0 || level >= 63/TileHeight {
		return 0
	}
	return tileWidth(size, level, n)
}

// Tile is a tile that has changed.
type Tile struct {
	Level  int
	N      int64
	Hashes []byte // 32 bytes each
}

// Grow returns a tree of the size after leaves were added: the tiles that change, and
// the new tree's hash. Read reads the tiles of the tree as it was.
func Grow(size int64, leaves []string, read TileReader) (tiles []Tile, root tlog.Hash, err error) {
	added := make(map[int64]tlog.Hash)
	old := read.Hashes(size)
	hashes := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		var missing []int64
		for i, x := range indexes {
			h, ok := added[x]
			if !ok {
				missing = append(missing, x)
			}
			out[i] = h
		}
		if len(missing) == 0 {
			return out, nil
		}
		found, err := old.ReadHashes(missing)
		if err != nil {
			return nil, err
		}
		for i, x := range indexes {
			if _, ok := added[x]; !ok {
				out[i], found = found[0], found[1:]
			}
		}
		return out, nil
	})
	for i, leaf := range leaves {
		n := size + int64(i)
		stored, err := tlog.StoredHashesForRecordHash(n, tlog.RecordHash([]byte(leaf)), hashes)
		if err != nil {
			return nil, root, err
		}
		first := tlog.StoredHashIndex(0, n)
		for j, h := range stored {
			added[first+int64(j)] = h
		}
	}
	grown := size + int64(len(leaves))
	for _, t := range tlog.NewTiles(TileHeight, size, grown) {
		data, err := tlog.ReadTileData(t, hashes)
		if err != nil {
			return nil, root, err
		}
		tiles = append(tiles, Tile{t.L, t.N, data})
	}
	root, err = tlog.TreeHash(grown, hashes)
	return tiles, root, err
}
