package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
)

var _ citation.Tree = (*Transparency)(nil)

// Transparency is the tree over the leaves of the citation log, in SQL.
type Transparency struct{ s *Store }

// Transparency returns the transparency log.
func (s *Store) Transparency() *Transparency { return &Transparency{s} }

// logTopic is woken when an entry was added here.
const logTopic = "log"

// WatchLog tells when an entry was added by this process.
func (s *Store) WatchLog() (wake <-chan struct{}, stop func()) { return s.Watch(logTopic) }

const (
	// MaxIntegrated is how many leaves one call of Integrate can give a place.
	MaxIntegrated = 1024
	// cosignedFresh is for how long a checkpoint that witnesses have signed is served
	// while there is a newer one that they have not.
	cosignedFresh = 15 * time.Second
)

// Verifier returns the key that checkpoints are checked with.
func (t *Transparency) Verifier() string { return t.s.keys.log.Verifier() }

// Integrate gives a place in the tree to at most MaxIntegrated leaves that have none,
// in their order, and signs the checkpoint of the tree with them: all of it in one
// transaction, so that a leaf is in the tree once and a checkpoint tells the truth,
// whatever crashes. It returns how many there were; with fewer than that none is left.
// Several processes may call it at once: they wait for each other. A tree that is not
// the one which was signed last is not added to: ErrTreeAltered.
func (t *Transparency) Integrate(ctx context.Context) (n int, err error) {
	adopted := t.adopt(ctx) // whether or not it can be done
	waiting, err := t.waiting(ctx)
	if err != nil || !waiting {
		return 0, errors.Join(adopted, err)
	}
	err = t.s.Write(ctx, func(tx *Tx) (err error) {
		n, err = tx.integrate(t.s.keys.log)
		return err
	})
	return n, errors.Join(adopted, err)
}

// waiting reports whether there is something to add, or nothing was signed yet: whoever
// looks often must not write each time.
func (t *Transparency) waiting(ctx context.Context) (yes bool, err error) {
	err = t.s.reads.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM log_leaves WHERE idx IS NULL AND leaf <> '')
		OR NOT EXISTS (SELECT 1 FROM log_head)`).Scan(&yes)
	return yes, err
}

// ErrTreeAltered means that the stored tree is not the one that was signed last. Signing
// what follows would make it the log's own word.
var ErrTreeAltered = errors.New("the public log was altered in the database: its tiles are not those of its last checkpoint; run assistant log verify, and restore a backup")

// unaltered refuses a tree that is not the one which was signed last.
func unaltered(key citation.LogKey, size int64, checkpoint []byte, read citation.TileReader) error {
	signed, err := citation.OpenCheckpoint(checkpoint, key.Verifier())
	if err != nil || signed.Size != size {
		return ErrTreeAltered
	}
	root, err := tlog.TreeHash(size, read.Hashes(size))
	if errors.Is(err, citation.ErrNoTile) || err == nil && root != signed.Root {
		return ErrTreeAltered
	}
	return err
}

func (tx *Tx) integrate(key citation.LogKey) (int, error) {
	// Its row is the lock of whoever adds to the tree.
	if _, err := tx.exec("INSERT INTO log_head (one, size, checkpoint) VALUES (1, 0, ?) ON CONFLICT (one) DO UPDATE SET size = log_head.size", []byte{}); err != nil {
		return 0, err
	}
	var size int64
	var checkpoint []byte
	if err := tx.row("SELECT size, checkpoint FROM log_head").Scan(&size, &checkpoint); err != nil {
		return 0, err
	}
	type pending struct {
		serial int64
		leaf   string
	}
	next, err := collect(tx.ctx, tx.tx, func(scan func(...any) error) (p pending, err error) {
		err = scan(&p.serial, &p.leaf)
		return p, err
	}, "SELECT serial, leaf FROM log_leaves WHERE idx IS NULL AND leaf <> '' ORDER BY serial LIMIT ?", MaxIntegrated)
	if err != nil || len(next) == 0 && len(checkpoint) > 0 {
		return 0, err
	}
	leaves := make([]string, len(next))
	for i, p := range next {
		leaves[i] = p.leaf
	}
	read := func(level int, n int64, width int) ([]byte, error) { return readTile(tx.ctx, tx.tx, level, n, width) }
	if len(checkpoint) > 0 {
		if err := unaltered(key, size, checkpoint, read); err != nil {
			return 0, err
		}
	}
	tiles, root, err := citation.Grow(size, leaves, read)
	if err != nil {
		return 0, fmt.Errorf("add to the public log: %w", err)
	}
	for i, p := range next {
		if _, err := tx.exec("UPDATE log_leaves SET idx = ? WHERE serial = ?", size+int64(i), p.serial); err != nil {
			return 0, err
		}
	}
	for _, x := range tiles {
		if _, err := tx.exec(`INSERT INTO log_tiles (level, number, hashes) VALUES (?, ?, ?)
			ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes`, x.Level, x.N, x.Hashes); err != nil {
			return 0, err
		}
	}
	size += int64(len(next))
	if checkpoint, err = key.Checkpoint(size, root); err != nil {
		return 0, err
	}
	_, err = tx.exec("UPDATE log_head SET size = ?, checkpoint = ?", size, checkpoint)
	return len(next), err
}

// adopt makes the leaves of entries that are older than the transparency log, at most
// MaxIntegrated, and seals their bodies anew, each under a key of its own.
func (t *Transparency) adopt(ctx context.Context) error {
	old, err := collect(ctx, t.s.reads, scanEntry, "SELECT "+entryColumns+` FROM log_leaves l JOIN citation_entries e ON e.id = l.entry
		WHERE l.idx IS NULL AND l.leaf = '' ORDER BY l.serial LIMIT ?`, MaxIntegrated)
	if err == nil && len(old) > 0 {
		err = t.adoptSome(ctx, old)
	}
	if err != nil {
		err = fmt.Errorf("make the leaves of older entries: %w", err)
	}
	return err
}

// adopted is an entry that gets a leaf.
type adopted struct {
	entry       string
	leaf        string
	nonce       []byte
	key, sealed []byte // nil: its body is gone
}

func (t *Transparency) adoptSome(ctx context.Context, old []positioned) error {
	ids := make([]string, len(old))
	for i, e := range old {
		ids[i] = e.ID
	}
	bodies, err := t.s.bodies(ctx, ids)
	if err != nil {
		return err
	}
	byEntry := make(map[string]sealedBody, len(bodies))
	for _, b := range bodies {
		byEntry[b.entry] = b
	}
	entries := make(map[string]*citation.Entry, len(old))
	for i := range old {
		entries[old[i].ID] = &old[i].Entry
	}
	if err := t.s.detailsOf(ctx, entries); err != nil {
		return err
	}
	made := make([]adopted, len(old))
	for i := range old {
		e := &old[i].Entry
		var key Sealer
		body, there := byEntry[e.ID]
		if there {
			key, err = t.s.keys.For(ctx, body.customer)
			if there = !errors.Is(err, ErrKeyDestroyed); there && err != nil {
				return err
			}
		}
		if there {
			// What was damaged does not keep the others out: its leaf is made of the head,
			// and log verify tells of the body.
			e.Body, err = key.Open(entryPlace(e.ID), body.sealed)
			there = err == nil && json.Valid(e.Body)
		}
		if !there {
			e.Body = nil
		}
		sealed, err := e.Seal()
		if err != nil {
			return err
		}
		leaf, err := sealed.Leaf()
		if err != nil {
			return err
		}
		made[i] = adopted{entry: e.ID, leaf: leaf.String(), nonce: sealed.HeadNonce}
		if there {
			if made[i].key, made[i].sealed, err = key.sealEntry(e.ID, sealed); err != nil {
				return err
			}
		}
	}
	return t.s.Write(ctx, func(tx *Tx) error {
		for _, a := range made {
			n, err := tx.exec("UPDATE log_leaves SET nonce = ?, leaf = ? WHERE entry = ? AND leaf = ''", a.nonce, a.leaf, a.entry)
			if err != nil {
				return err
			}
			if n == 0 || a.key == nil {
				continue // another replica was first, or nothing is left to be sealed
			}
			if _, err := tx.exec("UPDATE citation_bodies SET key = ?, sealed = ? WHERE entry = ? AND key IS NULL", a.key, a.sealed, a.entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// readTile reads the first width hashes of a tile.
func readTile(ctx context.Context, q querier, level int, n int64, width int) ([]byte, error) {
	var hashes []byte
	err := q.QueryRowContext(ctx, "SELECT hashes FROM log_tiles WHERE level = ? AND number = ?", level, n).Scan(&hashes)
	if errors.Is(err, sql.ErrNoRows) || err == nil && len(hashes) < width*tlog.HashSize {
		return nil, citation.ErrNoTile
	}
	if err != nil {
		return nil, err
	}
	return hashes[:width*tlog.HashSize], nil
}

// Size returns how many leaves the tree has.
func (t *Transparency) Size(ctx context.Context) (size int64, err error) {
	h, err := t.row(ctx)
	return h.size, err
}

// logHead is the tree as it stands.
type logHead struct {
	size       int64
	checkpoint []byte // signed by the log
	// cosigned is the size of the newest checkpoint that witnesses have signed, which is
	// signed; -1: there is none.
	cosigned int64
	signed   []byte
	fresh    bool // it was signed a moment ago
}

func (t *Transparency) row(ctx context.Context) (h logHead, err error) {
	var signed string
	err = t.s.reads.QueryRowContext(ctx, "SELECT size, checkpoint, cosigned, cosignatures, cosigned_at > now_micros() - ? FROM log_head",
		cosignedFresh.Microseconds()).Scan(&h.size, &h.checkpoint, &h.cosigned, &signed, &h.fresh)
	h.signed = []byte(signed)
	if errors.Is(err, sql.ErrNoRows) {
		h.cosigned = -1
		h.checkpoint, err = t.s.keys.log.Checkpoint(0, emptyRoot())
	}
	return h, err
}

func (h logHead) newest() []byte {
	if h.cosigned == h.size {
		return h.signed
	}
	return h.checkpoint
}

// emptyRoot is the hash of a tree without leaves.
func emptyRoot() tlog.Hash {
	h, _ := tlog.TreeHash(0, nil) // reads nothing
	return h
}

// Newest returns the newest signed checkpoint, with the signatures of witnesses if they
// have signed it.
func (t *Transparency) Newest(ctx context.Context) ([]byte, error) {
	h, err := t.row(ctx)
	return h.newest(), err
}

// Checkpoint returns the checkpoint to be served: the newest one, or that of a moment ago
// which witnesses have signed. On a log that grows all the time the newest never has their
// signatures.
func (t *Transparency) Checkpoint(ctx context.Context) ([]byte, error) {
	h, err := t.row(ctx)
	if err == nil && h.fresh {
		return h.signed, nil
	}
	return h.newest(), err
}

// Cosigned keeps the checkpoint of a size with the signatures of witnesses. That of a
// later size is not replaced.
func (t *Transparency) Cosigned(ctx context.Context, size int64, signed []byte) error {
	return t.s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE log_head SET cosigned = ?, cosignatures = ?, cosigned_at = ? WHERE cosigned <= ?", size, string(signed), micros(tx.Now), size)
		return err
	})
}

// Tile returns the first width hashes of a tile.
func (t *Transparency) Tile(ctx context.Context, level int, n int64, width int) ([]byte, error) {
	size, err := t.Size(ctx)
	if err != nil {
		return nil, err
	}
	if width < 1 || width > citation.TileWidthAt(size, level, n) {
		return nil, citation.ErrNoTile
	}
	return readTile(ctx, t.s.reads, level, n, width)
}

// Entries returns the first width leaves of a tile of level 0.
func (t *Transparency) Entries(ctx context.Context, n int64, width int) ([]string, error) {
	if n < 0 || width < 1 || width > citation.TileWidth {
		return nil, citation.ErrNoTile
	}
	first := n * citation.TileWidth
	leaves, err := collect(ctx, t.s.reads, scanString, "SELECT leaf FROM log_leaves WHERE idx >= ? AND idx < ? ORDER BY idx", first, first+int64(width))
	if err == nil && len(leaves) < width {
		err = citation.ErrNoTile
	}
	return leaves, err
}

// Hashes reads the hashes of the tree of a size that it has had.
func (t *Transparency) Hashes(ctx context.Context, size int64) tlog.HashReader {
	return citation.TileReader(func(level int, n int64, width int) ([]byte, error) {
		return readTile(ctx, t.s.reads, level, n, width)
	}).Hashes(size)
}

// Index returns the place of an entry in the tree: ErrNoEntry, ErrNotIntegrated.
func (t *Transparency) Index(ctx context.Context, entry string) (int64, error) {
	var idx sql.NullInt64
	err := t.s.reads.QueryRowContext(ctx, "SELECT idx FROM log_leaves WHERE entry = ?", entry).Scan(&idx)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, citation.ErrNoEntry
	case err != nil:
		return 0, err
	case !idx.Valid:
		return 0, citation.ErrNotIntegrated
	}
	return idx.Int64, nil
}

// Receipt returns what proves an entry.
func (t *Transparency) Receipt(ctx context.Context, entry string) (citation.Receipt, error) {
	index, err := t.Index(ctx, entry)
	if err != nil {
		return citation.Receipt{}, err
	}
	bodies, err := t.s.bodies(ctx, []string{entry})
	if err != nil {
		return citation.Receipt{}, err
	}
	if len(bodies) == 0 {
		return citation.Receipt{}, citation.ErrBodyGone
	}
	sealed, err := t.s.open(ctx, bodies[0])
	if errors.Is(err, ErrKeyDestroyed) {
		err = citation.ErrBodyGone
	}
	if err != nil {
		return citation.Receipt{}, err
	}
	leaf, err := sealed.Leaf()
	if err != nil {
		return citation.Receipt{}, err
	}
	head, err := t.row(ctx)
	if err != nil {
		return citation.Receipt{}, err
	}
	size, checkpoint := head.size, head.checkpoint
	// An older tree that witnesses have signed proves more than a newer one.
	if head.cosigned > index {
		size, checkpoint = head.cosigned, head.signed
	}
	proof, err := tlog.ProveRecord(size, index, t.Hashes(ctx, size))
	if err != nil {
		return citation.Receipt{}, fmt.Errorf("prove an entry: %w", err)
	}
	return citation.NewReceipt(sealed, leaf.String(), citation.Proof{Index: index, Hashes: proof, Checkpoint: checkpoint}), nil
}
