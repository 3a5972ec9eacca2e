//go:build unix

package soak

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reader reads a conversation's stream, and resumes it at the other replica
// where it ends.
type reader struct {
	client
	owner        string // the customer
	conversation string
	restless     bool    // leaves now and then, to resume elsewhere
	screen       *screen // of who looks at it, if anybody
	until        int64   // ends after this seq; 0: reads on
	only         int     // with until: the replica to read
	last         int64
	broke        time.Duration // when the stream ended before it was to
	from         int           // at which replica
}

// resume is a stream that broke at a replica and went on at another.
type resume struct {
	From            int
	Broke, Restored time.Duration
}

// follow reads until ctx ends, or what was to be read is.
func (r *reader) follow(ctx context.Context) {
	replica := r.rng.IntN(len(r.urls))
	for ctx.Err() == nil && (r.until == 0 || r.last < r.until) {
		if r.until > 0 {
			replica = r.only
		}
		stay, cancel := ctx, context.CancelFunc(func() {})
		if r.restless {
			stay, cancel = context.WithTimeout(ctx, r.between(500*time.Millisecond, 4*time.Second))
		}
		r.once(stay, replica)
		cut := stay.Err() == nil
		cancel()
		if cut && r.broke == 0 {
			r.broke, r.from = r.now(), replica
		}
		replica = (replica + 1) % len(r.urls)
		if cut {
			pause(ctx, 20*time.Millisecond)
		}
	}
}

// once reads from one replica until the stream ends.
func (r *reader) once(ctx context.Context, replica int) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.urls[replica]+"/api/conversations/"+r.conversation+"/events", nil)
	if err != nil {
		r.surprise("%s: %v", r.name, err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if r.last > 0 {
		req.Header.Set("Last-Event-ID", fmt.Sprint(r.last))
	}
	res, err := r.http.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		if res.StatusCode < 500 {
			r.surprise("%s: a stream: %s", r.name, res.Status)
		}
		return
	}
	if r.broke > 0 {
		r.resumed(resume{r.from, r.broke, r.now()})
		r.broke = 0
	}
	var e event
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			e.Seq, _ = strconv.ParseInt(value, 10, 64)
		case "event":
			e.Type = value
		case "data":
			e.Data = value
		case "":
			r.got(e)
			e = event{}
		}
		if r.until > 0 && r.last >= r.until {
			return
		}
	}
}

// got records an event. One without an id is about the stream, and none of the
// conversation's.
func (r *reader) got(e event) {
	if e.Type == "" {
		return
	}
	e.At, e.Reader, e.Customer, e.Conversation = r.now(), r.name, r.owner, r.conversation
	if e.Seq > 0 {
		r.last = e.Seq
	}
	r.add(func(h *history) { h.Events = append(h.Events, e) })
	if r.screen != nil {
		r.screen.show(e.Type, []byte(e.Data))
	}
}
