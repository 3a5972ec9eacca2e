package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"candor/citation"
)

const (
	// remotePatience bounds one request to a log.
	remotePatience = 30 * time.Second
	// maxRemote bounds a response, in bytes: a bundle is at most 256 leaves of 64 KiB.
	maxRemote = citation.TileWidth * (1<<16 + 2)
)

// remoteLog is the log of an installation, as anybody reads it.
type remoteLog struct {
	base   string
	client *http.Client
}

func newRemoteLog(url string) *remoteLog {
	return &remoteLog{strings.TrimSuffix(url, "/"), &http.Client{Timeout: remotePatience}}
}

func (l *remoteLog) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%s%s: %w", l.base, path, citation.ErrNoTile)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s%s answered %s", l.base, path, resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxRemote+1))
	if err == nil && len(b) > maxRemote {
		err = fmt.Errorf("%s%s answered with more than a log serves", l.base, path)
	}
	return b, err
}

func (l *remoteLog) key(ctx context.Context) (string, error) {
	b, err := l.get(ctx, citation.LogKeyPath)
	return strings.TrimSpace(string(b)), notALog(err)
}

func (l *remoteLog) checkpoint(ctx context.Context) ([]byte, error) {
	b, err := l.get(ctx, "/log/checkpoint")
	return b, notALog(err)
}

// notALog says what it means that even this is not there.
func notALog(err error) error {
	if errors.Is(err, citation.ErrNoTile) {
		return errors.New("at this address is no log: give --url the address of the chat, such as https://chat.example.com")
	}
	return err
}

func (l *remoteLog) tiles(ctx context.Context) citation.TileReader {
	return func(level int, n int64, width int) ([]byte, error) {
		return l.get(ctx, "/log/tile/"+citation.TilePlace{Level: level, N: n, Width: width}.Path())
	}
}

// leaves returns the first width leaves of a bundle; fewer if it is cut off.
func (l *remoteLog) leaves(ctx context.Context, n int64, width int) (out []string, err error) {
	b, err := l.get(ctx, "/log/tile/"+citation.TilePlace{Level: citation.EntriesLevel, N: n, Width: width}.Path())
	if err != nil && !errors.Is(err, citation.ErrNoTile) {
		return nil, err
	}
	for len(out) < width && len(b) >= 2 {
		size := int(binary.BigEndian.Uint16(b))
		if len(b)-2 < size {
			break
		}
		out = append(out, string(b[2:2+size]))
		b = b[2+size:]
	}
	return out, nil
}

// read has every leaf of the log checked, up to a size or to the first bundle of which
// nothing is served.
func (l *remoteLog) read(ctx context.Context, check *citation.TreeCheck, size int64, progress func(done, total int64), found func(citation.Finding) error) error {
	for first := int64(0); first < size; first += citation.TileWidth {
		width := int(min(citation.TileWidth, size-first))
		leaves, err := l.leaves(ctx, first/citation.TileWidth, width)
		if err != nil {
			return err
		}
		if len(leaves) == 0 { // it may claim more than anybody could count
			return found(citation.Finding{Kind: citation.FoundLeaf, Index: first, Detail: fmt.Sprintf(
				"leaf %d and those after it are not served, though the checkpoint is of %d: the check ends there", first, size)})
		}
		for i := range width {
			if i >= len(leaves) {
				err = check.Missing()
			} else {
				err = check.Leaf(leaves[i])
			}
			if err != nil {
				return err
			}
			if i < len(leaves) {
				if _, err := citation.ParseLeaf(leaves[i]); err != nil {
					n := first + int64(i)
					if err := found(citation.Finding{Kind: citation.FoundLeaf, Index: n, Detail: fmt.Sprintf("leaf %d does not read", n)}); err != nil {
						return err
					}
				}
			}
		}
		progress(first+int64(width), size)
	}
	return check.Close()
}
