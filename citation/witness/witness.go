// Package witness has the checkpoints of a citation log cosigned by witnesses: others,
// who sign a checkpoint only if it continues the one that they signed before (C2SP
// tlog-witness). A log that was rewritten gets no cosignature any more.
//
// It promises that what it takes from a witness was checked with the witness's key. It
// sends nothing but the signed size and hash of the tree.
package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"candor/citation"
)

const (
	// patience bounds one request to a witness.
	patience = 10 * time.Second
	// maxResponse bounds its response, in bytes.
	maxResponse = 64 << 10
	// conflictType is the media type of the size that a witness saw last.
	conflictType = "text/x.tlog.size"
)

// ErrInconsistent means that a witness has seen a tree that the log's does not continue:
// entries were changed or taken away.
var ErrInconsistent = errors.New("the witness has seen other entries in this log")

// Witness is one that is asked to cosign.
type Witness struct {
	url      string
	verifier note.Verifier
	client   *http.Client

	mu   sync.Mutex
	seen int64 // the size that it cosigned last, as far as is known
}

// New returns the witness with the submission prefix and verifier key.
func New(prefix, vkey string) (*Witness, error) {
	u, err := url.Parse(prefix)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the address of a witness is such as https://witness.example/log")
	}
	v, err := NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	return &Witness{url: strings.TrimSuffix(prefix, "/") + "/add-checkpoint", verifier: v, client: &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Parse reads a setting: the address of a witness and its key with a space between them,
// and commas between several.
func Parse(setting string) ([]*Witness, error) {
	var out []*Witness
	if strings.TrimSpace(setting) == "" {
		return nil, nil
	}
	for one := range strings.SplitSeq(setting, ",") {
		fields := strings.Fields(one)
		if len(fields) != 2 {
			return nil, fmt.Errorf("%q is not the address of a witness and its key with a space between them", strings.TrimSpace(one))
		}
		w, err := New(fields[0], fields[1])
		if err != nil {
			return nil, err
		}
		for _, other := range out {
			if other.Name() == w.Name() {
				return nil, fmt.Errorf("the witness %s is named twice", w.Name())
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// Name returns the witness's name, as its signatures carry it.
func (w *Witness) Name() string { return w.verifier.Name() }

// Cosign asks for a cosignature on a signed checkpoint and returns its line. Read reads
// the tiles of the checkpoint's tree. ErrInconsistent if the witness has seen another
// tree; any other error passes or is told by its text.
func (w *Witness) Cosign(ctx context.Context, c citation.Checkpoint, signed []byte, read citation.TileReader) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line, err := w.add(ctx, c, signed, read)
	var conflict *conflictError
	if errors.As(err, &conflict) && conflict.size != w.seen {
		// It says where it stands: the first time nothing is known of that.
		w.seen = conflict.size
		line, err = w.add(ctx, c, signed, read)
	}
	if errors.As(err, &conflict) {
		w.seen = 0 // it is asked again: whoever runs it may begin anew
		return "", fmt.Errorf("%w: it cosigned a tree of %d entries, and this is one of %d", ErrInconsistent, conflict.size, c.Size)
	}
	if err == nil {
		w.seen = c.Size
	}
	return line, err
}

// conflictError says which size a witness cosigned last.
type conflictError struct{ size int64 }

func (e *conflictError) Error() string { return fmt.Sprintf("it has seen %d entries", e.size) }

// add is one request.
func (w *Witness) add(ctx context.Context, c citation.Checkpoint, signed []byte, read citation.TileReader) (string, error) {
	if w.seen > c.Size {
		return "", &conflictError{w.seen}
	}
	var proof tlog.TreeProof
	if w.seen > 0 && w.seen < c.Size {
		var err error
		if proof, err = tlog.ProveTree(c.Size, w.seen, read.Hashes(c.Size)); err != nil {
			return "", fmt.Errorf("read the tiles of the log: %w", err)
		}
	}
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", w.seen)
	for _, h := range proof {
		fmt.Fprintf(&body, "%s\n", h)
	}
	body.WriteByte('\n')
	body.Write(signed)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, &body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := w.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return "", err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return w.line(signed, answer)
	case http.StatusConflict:
		size, err := strconv.ParseInt(strings.TrimSuffix(string(answer), "\n"), 10, 64)
		switch {
		case err == nil && size >= 0 && resp.Header.Get("Content-Type") == conflictType:
			return "", &conflictError{size}
		case w.seen == c.Size: // the roots differ, and it need not say of which size
			return "", &conflictError{w.seen}
		}
		return "", errors.New("it answered a conflict, but not with the size that it has seen")
	case http.StatusUnprocessableEntity:
		return "", fmt.Errorf("%w: the proof from its %d entries to %d does not hold", ErrInconsistent, w.seen, c.Size)
	case http.StatusForbidden, http.StatusNotFound:
		return "", fmt.Errorf("it answered %s: it does not know this log; give whoever runs it the key that assistant log key prints", resp.Status)
	}
	return "", fmt.Errorf("it answered %s", resp.Status)
}

// line returns the witness's signature line of its answer, once it is checked.
func (w *Witness) line(signed, answer []byte) (string, error) {
	n, err := note.Open(append(bytes.Clone(signed), answer...), note.VerifierList(w.verifier))
	if err != nil {
		return "", errors.New("its answer has no valid cosignature by the key that log_witness names")
	}
	return fmt.Sprintf("\u2014 %s %s\n", n.Sigs[0].Name, n.Sigs[0].Base64), nil
}
