//go:build unix

package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// client speaks to the replicas for somebody: to either of them with each
// request, and to the other one where that fails.
type client struct {
	*run
	rng   *rand.Rand
	name  string
	token string
}

// request is what a client asks for. It is repeated until it has a reply, which
// is safe for those with a key, and for those that may be done twice.
type request struct {
	method, path string
	body         any
	key          string        // Idempotency-Key
	patience     time.Duration // of one attempt; 0: as long as the connection holds
	expect       []int         // statuses besides 2xx that may come
}

// reply is the reply that counted.
type reply struct {
	span
	status int
	body   []byte
}

const (
	// impatience is after how long a customer says it again, to whoever answers.
	impatience = 1500 * time.Millisecond
	// outage is the longest that everybody together may be unable to serve.
	outage = 45 * time.Second
)

var errOutage = errors.New("nobody served a request")

// do sends a request until it is served.
//
// Without a patience of its own an attempt ends only with its connection: then
// nothing of it can take effect after its repetition, which the checks of what
// was chosen, claimed or closed rely on.
func (c *client) do(ctx context.Context, q request) (reply, error) {
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return reply{}, err
		}
	}
	out := reply{span: span{Sent: c.now(), Done: forever}}
	replica := c.rng.IntN(len(c.urls))
	var last string
	for wait := 20 * time.Millisecond; c.now()-out.Sent < outage; wait = min(2*wait, 300*time.Millisecond) {
		status, b, err := c.attempt(ctx, c.urls[replica], q, body)
		switch {
		case ctx.Err() != nil:
			return out, ctx.Err()
		case err != nil:
			last = err.Error()
		case status >= 500, status == http.StatusTooManyRequests, status == http.StatusConflict && bytes.Contains(b, []byte("idempotency key is being served")):
			last = fmt.Sprintf("%d %s", status, b)
		case status >= 300 && !slices.Contains(q.expect, status):
			c.surprise("%s: %s %s: %d %.200s", c.name, q.method, q.path, status, b)
			return out, errors.New("an unexpected reply")
		default:
			out.Done, out.status, out.body = c.now(), status, b
			return out, nil
		}
		replica = (replica + 1) % len(c.urls)
		pause(ctx, wait)
	}
	c.surprise("%s: %s %s: nobody served it for %s: %.200s", c.name, q.method, q.path, outage, last)
	return out, errOutage
}

func (c *client) attempt(ctx context.Context, url string, q request, body []byte) (int, []byte, error) {
	if q.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, q.patience)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, q.method, url+q.path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if q.key != "" {
		req.Header.Set("Idempotency-Key", q.key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// get reads an object.
func (c *client) get(ctx context.Context, path string, out any) error {
	r, err := c.do(ctx, request{method: http.MethodGet, path: path, patience: impatience})
	if err != nil {
		return err
	}
	return json.Unmarshal(r.body, out)
}

// surprise records a reply that nobody should get.
func (r *run) surprise(format string, args ...any) {
	r.add(func(h *history) { h.Surprises = append(h.Surprises, fmt.Sprintf(format, args...)) })
}

// pause waits, and reports whether ctx still runs.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// chance is true in so many of a hundred cases.
func (c *client) chance(percent int) bool { return c.rng.IntN(100) < percent }

// between returns a time between two.
func (c *client) between(from, to time.Duration) time.Duration {
	return from + time.Duration(c.rng.Int64N(int64(to-from)))
}

// note makes a text that is said once. What tells it apart is no word, so that
// questions are still understood.
func note(text string, n int) string {
	return text + wording + strings.NewReplacer("0", ".", "1", "!").Replace(fmt.Sprintf("%b", n)) + "~"
}
