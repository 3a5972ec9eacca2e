package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"candor/citation"
)

// logCopier keeps a copy of the newest checkpoint where whoever can write to the database
// cannot, in a file or behind a webhook.
type logCopier struct {
	tree   citation.Tree
	target string // a path, or an https URL
	report func(error)
	sent   []byte // what was copied last
	last   []byte // what a webhook was sent last that continued the one before
}

func newLogCopier(tree citation.Tree, target string, report func(error)) *logCopier {
	return &logCopier{tree: tree, target: target, report: report}
}

// run copies the checkpoint at once, then after a change at most once in copyInterval,
// and once more at the end.
func (c *logCopier) run(ctx context.Context) {
	tick := time.NewTicker(copyLook)
	defer tick.Stop()
	var copied time.Time
	for {
		if time.Since(copied) >= copyInterval {
			switch changed, err := c.copy(ctx); {
			case ctx.Err() != nil:
			case err != nil, changed:
				copied = time.Now()
				c.report(err)
			}
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), copyLast)
			defer cancel()
			if _, err := c.copy(last); err != nil {
				c.report(err)
			}
			return
		case <-tick.C:
		}
	}
}

// copy copies the checkpoint if it has changed. An *citation.InconsistentError, or one
// that is citation.ErrNotCheckpoint, means that what was copied before is of another log.
func (c *logCopier) copy(ctx context.Context) (changed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, copyPatience)
	defer cancel()
	signed, err := c.tree.Checkpoint(ctx)
	if err != nil || bytes.Equal(signed, c.sent) {
		return false, err
	}
	if isWebhook(c.target) {
		return true, c.post(ctx, signed)
	}
	if err = c.replace(ctx, signed); err == nil {
		c.sent = signed
	}
	return true, err
}

func isWebhook(target string) bool { return strings.HasPrefix(target, "https://") }

// replace replaces the file, by one that continues it only.
func (c *logCopier) replace(ctx context.Context, signed []byte) error {
	before, err := os.ReadFile(c.target)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(before) == 0:
	case err != nil:
		return fmt.Errorf("read the copy of the checkpoint: %w", err)
	case bytes.Equal(before, signed):
		return nil
	default:
		if err := c.continues(ctx, before, signed); err != nil {
			return fmt.Errorf("%s is not replaced: %w", c.target, err)
		}
	}
	if err := writeWhole(c.target, signed); err != nil {
		return fmt.Errorf("write the copy of the checkpoint: %w", err)
	}
	return nil
}

// continues returns nil if a checkpoint continues an older one.
func (c *logCopier) continues(ctx context.Context, older, newer []byte) error {
	was, err := citation.OpenCheckpoint(older, c.tree.Verifier())
	if err != nil {
		return err
	}
	is, err := citation.OpenCheckpoint(newer, c.tree.Verifier())
	if err != nil {
		return err
	}
	_, err = citation.ProveConsistent(func(level int, n int64, width int) ([]byte, error) {
		return c.tree.Tile(ctx, level, n, width)
	}, was, is)
	return err
}

// post sends the checkpoint to the webhook, also one that does not continue what was sent
// before: whoever receives it is to see that. It is told here too.
func (c *logCopier) post(ctx context.Context, signed []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.target, bytes.NewReader(signed))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := copyClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // nothing of it is read
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("the webhook of log_copy answered %s", resp.Status)
	}
	c.sent = signed
	if c.last != nil {
		if err := c.continues(ctx, c.last, signed); err != nil {
			return err
		}
	}
	c.last = signed
	return nil
}
