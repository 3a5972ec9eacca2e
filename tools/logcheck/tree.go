package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// width is how many hashes a full tile has, and entries a full bundle.
	width = 256
	// maxRead bounds a response: a bundle is at most 256 entries of 64 KiB.
	maxRead = width * (1<<16 + 2)
	// patience bounds one request.
	patience = 30 * time.Second
)

// remote is a log behind a URL (C2SP tlog-tiles).
type remote struct{ prefix string }

func (l remote) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.prefix+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s%s: %s", l.prefix, path, resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRead+1))
	if err == nil && len(b) > maxRead {
		err = errors.New("the response is too large")
	}
	return b, err
}

// tilePath is the path of tile n, of which w hashes or entries are there.
func tilePath(level string, n int64, w int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if w < width {
		path += ".p/" + strconv.Itoa(w)
	}
	return "tile/" + level + "/" + path
}

// earlierTree is a tree that must be the beginning of the log; index is a leaf that must
// be in it, -1 if none must.
type earlierTree struct {
	checkpoint
	what  string
	index int64
	leaf  tlog.Hash
}

// checkLog reads every entry and every tile of a log and compares them with each other
// and with the root that was signed.
func checkLog(ctx context.Context, l remote, newest checkpoint, earlier []*earlierTree) error {
	for _, e := range earlier {
		if e.size > newest.size {
			return fmt.Errorf("the log has %d leaves, %s had %d: it was rolled back by %d", newest.size, e.what, e.size, e.size-newest.size)
		}
	}
	t := tree{ctx: ctx, log: l}
	for at := int64(0); at < newest.size; {
		w := int(min(width, newest.size-at))
		bundle, err := l.get(ctx, tilePath("entries", at/width, w))
		if err != nil {
			return err
		}
		for range w {
			if err := hasBegun(&t, at, earlier); err != nil {
				return err
			}
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("entry %d is not there: its bundle is cut off", at)
			}
			size := int(binary.BigEndian.Uint16(bundle))
			leaf := bundle[2 : 2+size]
			bundle = bundle[2+size:]
			for _, part := range []string{"head", "body"} {
				if _, err := commitment(string(leaf), part); err != nil {
					return fmt.Errorf("entry %d: %w", at, err)
				}
			}
			hash := tlog.RecordHash(leaf)
			for _, e := range earlier {
				if e.index == at && e.leaf != hash {
					return fmt.Errorf("leaf %d of the log is another than that of %s", at, e.what)
				}
			}
			if err := t.add(0, hash); err != nil {
				return err
			}
			at++
		}
		if len(bundle) > 0 {
			return fmt.Errorf("the bundle of entry %d has more entries than the tree", at-1)
		}
	}
	if err := hasBegun(&t, newest.size, earlier); err != nil {
		return err
	}
	if err := t.checkPartial(); err != nil {
		return err
	}
	if root := t.root(); root != newest.root {
		return fmt.Errorf("the entries make the root %s, but %s was signed", root, newest.root)
	}
	return nil
}

// hasBegun compares the root so far with those that were signed at this size.
func hasBegun(t *tree, size int64, earlier []*earlierTree) error {
	for _, e := range earlier {
		if e.size != size {
			continue
		}
		if root := t.root(); root != e.root {
			return fmt.Errorf("the first %d leaves make the root %s, but %s had %s: the log was rewritten", size, root, e.what, e.root)
		}
	}
	return nil
}

// tree hashes leaves as they come (RFC 6962), and compares each tile that is full with
// the log's.
type tree struct {
	ctx  context.Context
	log  remote
	open [][]tlog.Hash // of each level, the hashes of the tile that is not full yet
	full []int64       // of each level, how many tiles were
}

func (t *tree) add(level int, h tlog.Hash) error {
	if level == len(t.open) {
		t.open, t.full = append(t.open, nil), append(t.full, 0)
	}
	t.open[level] = append(t.open[level], h)
	if len(t.open[level]) < width {
		return nil
	}
	if err := t.compare(level); err != nil {
		return err
	}
	up := fold(peaks(t.open[level]))
	t.open[level] = t.open[level][:0]
	t.full[level]++
	return t.add(level+1, up)
}

// compare compares what a level has of its last tile with what the log serves.
func (t *tree) compare(level int) error {
	hashes := t.open[level]
	served, err := t.log.get(t.ctx, tilePath(strconv.Itoa(level), t.full[level], len(hashes)))
	if err != nil {
		return err
	}
	var made bytes.Buffer
	for _, h := range hashes {
		made.Write(h[:])
	}
	if !bytes.Equal(served, made.Bytes()) {
		return fmt.Errorf("tile %d of level %d is not what its entries make", t.full[level], level)
	}
	return nil
}

func (t *tree) checkPartial() error {
	for level, hashes := range t.open {
		if len(hashes) == 0 {
			continue
		}
		if err := t.compare(level); err != nil {
			return err
		}
	}
	return nil
}

// root is the hash of all leaves so far.
func (t *tree) root() tlog.Hash {
	var all []tlog.Hash
	for level := len(t.open) - 1; level >= 0; level-- {
		all = append(all, peaks(t.open[level])...)
	}
	if len(all) == 0 {
		h, _ := tlog.TreeHash(0, nil) // of the empty tree, which reads nothing
		return h
	}
	return fold(all)
}

// peaks are the roots of the largest full trees that hashes make, from the left.
func peaks(hashes []tlog.Hash) []tlog.Hash {
	var out []tlog.Hash
	for size := width; size > 0; size /= 2 {
		if len(hashes) < size {
			continue
		}
		nodes := append([]tlog.Hash(nil), hashes[:size]...)
		for ; len(nodes) > 1; nodes = nodes[:len(nodes)/2] {
			for i := range len(nodes) / 2 {
				nodes[i] = tlog.NodeHash(nodes[2*i], nodes[2*i+1])
			}
		}
		out = append(out, nodes[0])
		hashes = hashes[size:]
	}
	return out
}

// fold joins trees of falling size to one.
func fold(trees []tlog.Hash) tlog.Hash {
	h := trees[len(trees)-1]
	for i := len(trees) - 2; i >= 0; i-- {
		h = tlog.NodeHash(trees[i], h)
	}
	return h
}
