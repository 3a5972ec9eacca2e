// Package logtest is a transparency log and a witness for tests: in memory, and by the
// same specifications as the real ones.
package logtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
)

// Log is a log in memory. Its key is always the same, so that a second one can be another
// history of the first.
type Log struct {
	citation.Tree // no receipts

	key citation.LogKey

	mu       sync.Mutex
	away     error
	leaves   []string
	root     tlog.Hash
	tiles    map[[2]int64][]byte
	cosigned map[int64][]byte
}

// NewLog returns an empty log.
func NewLog(tb testing.TB) *Log {
	tb.Helper()
	key, err := citation.NewLogKey(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	if err != nil {
		tb.Fatal(err)
	}
	empty, err := tlog.TreeHash(0, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Log{key: key, root: empty, tiles: make(map[[2]int64][]byte), cosigned: make(map[int64][]byte)}
}

// Grow adds n leaves that begin with a text.
func (l *Log) Grow(tb testing.TB, text string, n int) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	size := int64(len(l.leaves))
	added := make([]string, n)
	for i := range added {
		added[i] = fmt.Sprintf("%s %d\n", text, size+int64(i))
	}
	tiles, root, err := citation.Grow(size, added, l.tile)
	if err != nil {
		tb.Fatal(err)
	}
	for _, x := range tiles {
		l.tiles[[2]int64{int64(x.Level), x.N}] = x.Hashes
	}
	l.leaves, l.root = append(l.leaves, added...), root
}

// Away makes everything fail with an error; nil ends it.
func (l *Log) Away(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = err
}

func (l *Log) tile(level int, n int64, width int) ([]byte, error) {
	b := l.tiles[[2]int64{int64(level), n}]
	if len(b) < width*tlog.HashSize {
		return nil, citation.ErrNoTile
	}
	return b[:width*tlog.HashSize], nil
}

// Verifier returns the key that checkpoints are checked with.
func (l *Log) Verifier() string { return l.key.Verifier() }

// Head returns the newest checkpoint.
func (l *Log) Head() citation.Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return citation.Checkpoint{Origin: l.key.Name(), Size: int64(len(l.leaves)), Root: l.root}
}

// Checkpoint returns the newest checkpoint, signed.
func (l *Log) Checkpoint(context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return nil, l.away
	}
	size := int64(len(l.leaves))
	if signed, ok := l.cosigned[size]; ok {
		return signed, nil
	}
	return l.key.Checkpoint(size, l.root)
}

// Tile returns the first width hashes of a tile.
func (l *Log) Tile(_ context.Context, level int, n int64, width int) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return nil, l.away
	}
	return l.tile(level, n, width)
}

// Entries returns the first width leaves of a tile of level 0.
func (l *Log) Entries(_ context.Context, n int64, width int) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away != nil {
		return nil, l.away
	}
	first := int(n) * citation.TileWidth
	if first+width > len(l.leaves) {
		return nil, citation.ErrNoTile
	}
	return l.leaves[first : first+width], nil
}

// Cosigned keeps the checkpoint of a size as witnesses signed it.
func (l *Log) Cosigned(_ context.Context, size int64, signed []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cosigned[size] = signed
	return nil
}

// Reader reads the tiles.
func (l *Log) Reader() citation.TileReader {
	return func(level int, n int64, width int) ([]byte, error) {
		return l.Tile(context.Background(), level, n, width)
	}
}
