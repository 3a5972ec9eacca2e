package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
)

// LogReport is what a check of the whole citation log counted.
type LogReport struct {
	Checkpoint citation.Checkpoint // up to which leaves were checked
	Signed     []byte              // the checkpoint that witnesses have signed last, else the newest
	Leaves     int64               // in the tree
	Entries    int64               // compared with their leaves
	Bodies     int64               // of these, with what was said
	Erased     int64               // of these, whose customer was erased
	Expired    int64               // of these, whose body alone was deleted
	Pending    int64               // that have no place in the tree yet
	Findings   int64
	// Continues is nil if the tree continues the checkpoint that was kept, else a
	// *citation.InconsistentError, which is no finding.
	Continues error
}

// verifyPage is how many leaves are compared at a time: those of one tile.
const verifyPage = citation.TileWidth

// Verify compares every entry with its leaf, every leaf with its tile, every tile with
// the next, and the root with the signed checkpoint, and with one that was kept of it if
// that is not nil. Found is told what differs, and
// progress after each page how many of how many leaves were compared; an error of found
// ends it. An error means that the check could not be ended; what was found is no error.
//
// It reads page by page while the log grows, up to the checkpoint that it found. A body
// that is gone is no finding: the head of its entry is compared all the same.
func (t *Transparency) Verify(ctx context.Context, kept *citation.Checkpoint, progress func(done, total int64), found func(citation.Finding) error) (LogReport, error) {
	v := &verification{t: t, ctx: ctx, kept: kept}
	v.found = func(f citation.Finding) error {
		v.report.Findings++
		if f.Kind == citation.FoundLeaf && f.Entry == "" {
			if err := v.name(&f); err != nil {
				return err
			}
		}
		return found(f)
	}
	if err := v.checkpoint(); err != nil {
		return v.report, err
	}
	if err := v.tree(progress); err != nil {
		return v.report, err
	}
	if err := v.beyond(); err != nil {
		return v.report, err
	}
	if err := v.pending(); err != nil {
		return v.report, err
	}
	return v.report, v.withoutLeaf()
}

// verification is one check under way.
type verification struct {
	t      *Transparency
	ctx    context.Context
	kept   *citation.Checkpoint // to compare with; nil: none
	found  func(citation.Finding) error
	report LogReport
	signed []byte // what witnesses have signed; nil: nothing
}

// leafRow is a leaf as it is stored.
type leafRow struct {
	index  sql.NullInt64
	serial int64
	entry  string
	nonce  []byte
	leaf   string
}

const leafColumns = "l.idx, l.serial, l.entry, l.nonce, l.leaf"

func scanLeaf(scan func(...any) error) (l leafRow, err error) {
	err = scan(&l.index, &l.serial, &l.entry, &l.nonce, &l.leaf)
	return l, err
}

// place is the leaf's index; -1: it has none yet.
func (l leafRow) place() int64 {
	if !l.index.Valid {
		return -1
	}
	return l.index.Int64
}

// read reads tiles of the tree.
func (v *verification) read(level int, n int64, width int) ([]byte, error) {
	return readTile(v.ctx, v.t.s.reads, level, n, width)
}

// checkpoint opens the newest checkpoint. Where its signature does not hold the tree is
// compared with the hash of its tiles.
func (v *verification) checkpoint() error {
	head, err := v.t.row(v.ctx)
	if err != nil {
		return err
	}
	c, err := citation.OpenCheckpoint(head.checkpoint, v.t.Verifier())
	if err != nil || c.Size != head.size {
		detail := fmt.Sprintf("the newest checkpoint is of %d leaves, but the log says that it has %d", c.Size, head.size)
		if err != nil {
			detail = "the newest checkpoint was not signed with the key of this log, or was changed since"
			c = citation.Checkpoint{Origin: v.t.s.keys.log.Name(), Size: head.size}
			if c.Root, err = tlog.TreeHash(head.size, v.t.Hashes(v.ctx, head.size)); err != nil && !errors.Is(err, citation.ErrNoTile) {
				return err
			}
		}
		if err := v.found(citation.Finding{Kind: citation.FoundCheckpoint, Index: -1, Detail: detail}); err != nil {
			return err
		}
	}
	v.report.Checkpoint, v.report.Leaves = c, c.Size
	v.report.Signed = head.checkpoint
	if head.cosigned >= 0 {
		v.signed, v.report.Signed = head.signed, head.signed
	}
	return nil
}

func (v *verification) tree(progress func(done, total int64)) error {
	size := v.report.Checkpoint.Size
	check := citation.NewTreeCheck(v.report.Checkpoint, v.read, v.found)
	var cosigned citation.Checkpoint
	var unsigned error
	if v.signed != nil {
		cosigned, unsigned = citation.OpenCheckpoint(v.signed, v.t.Verifier())
		check.Remember(cosigned.Size)
	}
	if v.kept != nil {
		check.Remember(v.kept.Size)
	}
	for first := int64(0); first < size; first += verifyPage {
		end := min(first+verifyPage, size)
		leaves, err := collect(v.ctx, v.t.s.reads, scanLeaf, "SELECT "+leafColumns+" FROM log_leaves l WHERE l.idx >= ? AND l.idx < ? ORDER BY l.idx", first, end)
		if err != nil {
			return err
		}
		rest := leaves
		for i := first; i < end; i++ {
			if len(rest) == 0 || rest[0].index.Int64 != i {
				err = check.Missing()
			} else {
				err = check.Leaf(rest[0].leaf)
				rest = rest[1:]
			}
			if err != nil {
				return err
			}
		}
		if err := v.entries(leaves); err != nil {
			return err
		}
		progress(end, size)
	}
	if err := check.Close(); err != nil {
		return err
	}
	if v.kept != nil {
		if v.report.Continues = check.Continues(*v.kept); !isInconsistent(v.report.Continues) {
			return v.report.Continues
		}
	}
	if v.signed == nil {
		return nil
	}
	err := unsigned
	if err == nil {
		err = check.Continues(cosigned)
	}
	if err == nil || unsigned == nil && !isInconsistent(err) {
		return err
	}
	return v.found(citation.Finding{Kind: citation.FoundCheckpoint, Index: -1, Detail: "what witnesses have signed is not the beginning of this log: " + err.Error()})
}

func isInconsistent(err error) bool {
	var inconsistent *citation.InconsistentError
	return errors.As(err, &inconsistent)
}

// beyond finds leaves that claim a place which the tree does not have.
func (v *verification) beyond() error {
	leaves, err := collect(v.ctx, v.t.s.reads, scanLeaf, "SELECT "+leafColumns+` FROM log_leaves l
		WHERE l.idx >= COALESCE((SELECT size FROM log_head), 0) ORDER BY l.idx`)
	if err != nil {
		return err
	}
	for _, l := range leaves {
		if err := v.found(citation.Finding{Kind: citation.FoundLeaf, Index: l.place(), Entry: l.entry, Detail: fmt.Sprintf(
			"leaf %d lies beyond the end of the tree", l.place())}); err != nil {
			return err
		}
	}
	return nil
}

// pending compares the entries whose leaves have no place in the tree yet.
func (v *verification) pending() error {
	for after := int64(0); ; {
		leaves, err := collect(v.ctx, v.t.s.reads, scanLeaf, "SELECT "+leafColumns+
			" FROM log_leaves l WHERE l.idx IS NULL AND l.serial > ? ORDER BY l.serial LIMIT ?", after, verifyPage)
		if err != nil || len(leaves) == 0 {
			return err
		}
		after = leaves[len(leaves)-1].serial
		v.report.Pending += int64(len(leaves))
		// One that is older than the log gets its leaf with its place.
		leaves = slices.DeleteFunc(leaves, func(l leafRow) bool { return l.leaf == "" })
		if err := v.entries(leaves); err != nil {
			return err
		}
	}
}

// withoutLeaf finds entries that were added behind the log's back.
func (v *verification) withoutLeaf() error {
	type bare struct{ entry, answer string }
	entries, err := collect(v.ctx, v.t.s.reads, func(scan func(...any) error) (b bare, err error) {
		err = scan(&b.entry, &b.answer)
		return b, err
	}, "SELECT e.id, e.answer FROM citation_entries e WHERE NOT EXISTS (SELECT 1 FROM log_leaves l WHERE l.entry = e.id) ORDER BY e.position")
	if err != nil {
		return err
	}
	for _, b := range entries {
		if err := v.found(citation.Finding{
			Kind: citation.FoundEntry, Index: -1, Entry: b.entry, Answer: b.answer, Detail: "the entry has no leaf: its leaf was removed, or it was added later",
		}); err != nil {
			return err
		}
	}
	return nil
}

// name adds the entry of a leaf to what was found of it.
func (v *verification) name(f *citation.Finding) error {
	err := v.t.s.reads.QueryRowContext(v.ctx, `SELECT l.entry, COALESCE(e.answer, '') FROM log_leaves l
		LEFT JOIN citation_entries e ON e.id = l.entry WHERE l.idx = ?`, f.Index).Scan(&f.Entry, &f.Answer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// entries compares entries with their leaves. One that differs is read once more before
// it is told: it may have been erased in between.
func (v *verification) entries(leaves []leafRow) error {
	if len(leaves) == 0 {
		return nil
	}
	first, counted, err := v.compare(leaves)
	if err != nil {
		return err
	}
	v.report.Entries += counted.Entries
	v.report.Bodies += counted.Bodies
	v.report.Erased += counted.Erased
	v.report.Expired += counted.Expired
	for _, l := range leaves {
		if !slices.ContainsFunc(first, func(f citation.Finding) bool { return f.Entry == l.entry }) {
			continue
		}
		again, _, err := v.compare([]leafRow{l})
		if err != nil {
			return err
		}
		for _, f := range again {
			if err := v.found(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare returns what differs between entries and their leaves.
func (v *verification) compare(leaves []leafRow) (found []citation.Finding, counted LogReport, err error) {
	ids := make([]string, len(leaves))
	for i, l := range leaves {
		ids[i] = l.entry
	}
	entries, err := v.rows(ids)
	if err != nil {
		return nil, counted, err
	}
	bodies, err := v.t.s.bodies(v.ctx, ids)
	if err != nil {
		return nil, counted, err
	}
	sealed := make(map[string]sealedBody, len(bodies))
	for _, b := range bodies {
		sealed[b.entry] = b
	}
	for _, l := range leaves {
		row, there := entries[l.entry]
		tell := func(f citation.Finding) {
			f.Kind, f.Index, f.Entry, f.Answer = citation.FoundEntry, l.place(), l.entry, ""
			if there {
				f.Answer = row.AnswerID
			}
			found = append(found, f)
		}
		leaf, err := citation.ParseLeaf(l.leaf)
		if err != nil {
			tell(citation.Finding{Detail: "the leaf of the entry does not read"})
			continue
		}
		if !there {
			tell(citation.Finding{Detail: "the entry was removed; its leaf stays"})
			continue
		}
		e := &row.Entry
		counted.Entries++
		if leaf.ID != e.ID {
			tell(citation.Finding{Field: "id", Was: quoted(leaf.ID), Is: quoted(e.ID), Detail: "the leaf is that of another entry"})
			continue
		}
		b, closed := sealed[l.entry]
		if !closed {
			if row.present {
				counted.Expired++
			} else {
				counted.Erased++
			}
			for _, f := range headOnly(leaf, l.nonce, e) {
				tell(f)
			}
			continue
		}
		counted.Bodies++
		switch _, err := v.t.s.keys.For(v.ctx, e.Customer); {
		case errors.Is(err, ErrKeyDestroyed):
			tell(citation.Finding{Detail: "the key of its customer is gone, but the customer was not erased"})
			continue
		case err != nil:
			return nil, counted, err
		}
		open, err := v.t.s.open(v.ctx, b)
		if err != nil {
			tell(citation.Finding{Detail: "the sealed part cannot be opened: it was changed, or is that of another entry"})
			continue
		}
		for _, f := range whole(leaf, l.nonce, e, &open) {
			tell(f)
		}
	}
	return found, counted, nil
}

// verifiedRow is an entry as it stands, with whether its customer was not erased.
type verifiedRow struct {
	citation.Entry
	present bool
}

// rows reads entries with what they name, by their ids.
func (v *verification) rows(ids []string) (map[string]*verifiedRow, error) {
	here := marks(len(ids))
	entries, err := collect(v.ctx, v.t.s.reads, func(scan func(...any) error) (*verifiedRow, error) {
		r := &verifiedRow{}
		e, err := scanEntry(func(dest ...any) error { return scan(append(dest, &r.present)...) })
		r.Entry = e.Entry
		return r, err
	}, "SELECT "+entryColumns+", "+present("e.customer")+" FROM citation_entries e WHERE e.id IN ("+here+")", anys(ids)...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*verifiedRow, len(entries))
	for _, e := range entries {
		out[e.ID] = e
	}
	type named[T any] struct {
		entry string
		it    T
	}
	uses, err := collect(v.ctx, v.t.s.reads, func(scan func(...any) error) (n named[citation.Use], err error) {
		err = scan(&n.entry, &n.it.RecordID, &n.it.Category, &n.it.Recipient, &n.it.GrantID)
		return n, err
	}, "SELECT entry, record, category, recipient, grant_id FROM citation_records WHERE entry IN ("+here+") ORDER BY entry, ordinal", anys(ids)...)
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		if e := out[u.entry]; e != nil {
			e.Records = append(e.Records, u.it)
		}
	}
	denied, err := collect(v.ctx, v.t.s.reads, func(scan func(...any) error) (n named[citation.NotSearched], err error) {
		err = scan(&n.entry, &n.it.Category, &n.it.Reason, &n.it.Relevant)
		return n, err
	}, "SELECT entry, category, reason, relevant FROM citation_not_searched WHERE entry IN ("+here+") ORDER BY entry, ordinal", anys(ids)...)
	if err != nil {
		return nil, err
	}
	for _, d := range denied {
		if e := out[d.entry]; e != nil {
			e.NotSearched = append(e.NotSearched, d.it)
		}
	}
	return out, nil
}

// headOnly compares an entry whose body is gone with its leaf.
func headOnly(leaf citation.Leaf, nonce []byte, e *citation.Entry) (found []citation.Finding) {
	head, err := e.Head()
	if err == nil && leaf.HeadIs(head, nonce) {
		return nil
	}
	// What the leaf says in clear can be told by name.
	const hours = "2006-01-02T15Z"
	for _, f := range []struct {
		field, was, is string
	}{
		{"kind", string(leaf.Kind), string(e.Kind)},
		{"status", leaf.Status, e.Status},
		{"hour", leaf.Hour.UTC().Format(hours), e.At.UTC().Format(hours)},
	} {
		if f.was != f.is {
			found = append(found, citation.Finding{Field: f.field, Was: quoted(f.was), Is: quoted(f.is), Detail: "the entry was changed"})
		}
	}
	if len(found) == 0 {
		found = append(found, citation.Finding{Detail: "the entry was changed: its head is not what the leaf commits to; its body is gone, so that nothing tells which field"})
	}
	return found
}

// whole compares an entry with its sealed part, and that with its leaf.
func whole(leaf citation.Leaf, nonce []byte, e *citation.Entry, open *citation.Sealed) (found []citation.Finding) {
	if err := leaf.Is(open); err != nil {
		return []citation.Finding{{Detail: err.Error()}}
	}
	if !open.ReviewIs() {
		found = append(found, citation.Finding{Field: "review", Detail: "what only reviewers see is not what the body commits to"})
	}
	if !slices.Equal(nonce, open.HeadNonce) {
		found = append(found, citation.Finding{Field: "nonce", Detail: "the nonce of the head was changed: once the body is gone nothing proves the head any more"})
	}
	differences, err := e.Differences(open.Head)
	if err != nil {
		return append(found, citation.Finding{Detail: err.Error()})
	}
	for _, d := range differences {
		found = append(found, citation.Finding{Field: d.Field, Was: d.Was, Is: d.Is, Detail: "the entry was changed"})
	}
	_, _, records, err := open.Open()
	if err != nil {
		return append(found, citation.Finding{Detail: err.Error()})
	}
	var named []string
	for _, u := range e.Records {
		named = append(named, u.RecordID)
	}
	if !slices.Equal(records, named) {
		found = append(found, citation.Finding{Field: "records", Was: quoted(records), Is: quoted(named), Detail: "the entry was changed"})
	}
	return found
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
