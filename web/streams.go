package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	// pollInterval is the longest that a stream goes without looking: wake-ups
	// can be missed, commits cannot.
	pollInterval = time.Second
	// keepAlive is how often a quiet stream sends a comment, so that proxies and
	// dead connections are noticed.
	keepAlive = 15 * time.Second
	// writeTimeout is how long a reader may take to read; a slower one is
	// dropped and resumes by its last id.
	writeTimeout = 10 * time.Second
	// maxStreams bounds the open streams of a process, maxOwnStreams those of one
	// person: a browser has one a page.
	maxStreams    = 20_000
	maxOwnStreams = 64
)

// streams is the registry of open event streams. They are hijacked connections,
// which the HTTP server's shutdown does not know.
type streams struct {
	log    *slog.Logger
	mu     sync.Mutex
	cancel map[*stream]context.CancelFunc
	own    map[string]int // open streams by whose they are
	group  sync.WaitGroup
	closed bool
}

func newStreams(log *slog.Logger) *streams {
	return &streams{log: log, cancel: make(map[*stream]context.CancelFunc), own: make(map[string]int)}
}

// open runs serve on the connection of c once the handler has returned, until
// it returns, the reader goes away, or the registry is closed.
func (s *streams) open(c *fiber.Ctx, owner string, serve func(ctx context.Context, st *stream)) error {
	s.mu.Lock()
	full, tooMany := s.closed || len(s.cancel) >= maxStreams, s.own[owner] >= maxOwnStreams
	s.mu.Unlock()
	switch {
	case full:
		c.Set("Retry-After", "5")
		return fiber.NewError(fiber.StatusServiceUnavailable)
	case tooMany:
		c.Set("Retry-After", "15")
		return fiber.NewError(fiber.StatusTooManyRequests)
	}
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) {
		ctx, cancel := context.WithCancel(context.Background())
		st := &stream{conn: conn, owner: owner}
		if !s.add(st, cancel) {
			return
		}
		defer s.remove(st)
		// A panic here would end the process: nothing above recovers it.
		defer func() {
			if r := recover(); r != nil {
				s.log.Error("a stream panicked", "kind", fmt.Sprintf("%T", r))
			}
		}()
		go func() {
			// Nothing more is to be read: a return means that the reader left.
			_, _ = io.Copy(io.Discard, conn)
			cancel()
		}()
		if err := st.write([]byte(streamHeader)); err != nil {
			return
		}
		serve(ctx, st)
	})
	return nil
}

func (s *streams) add(st *stream, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		cancel()
		return false
	}
	s.cancel[st] = cancel
	s.own[st.owner]++
	s.group.Add(1)
	return true
}

func (s *streams) remove(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel[st]()
	delete(s.cancel, st)
	if s.own[st.owner]--; s.own[st.owner] == 0 {
		delete(s.own, st.owner)
	}
	s.group.Done()
}

// close ends every stream and waits for them.
func (s *streams) close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for _, cancel := range s.cancel {
		cancel()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		s.group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("streams are still open: %w", ctx.Err())
	}
}

// streamHeader starts a response that ends with the connection.
const streamHeader = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n" +
	"X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"

// stream writes server-sent events to one reader.
type stream struct {
	conn  net.Conn
	owner string
}

func (st *stream) write(b []byte) error {
	if err := st.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := st.conn.Write(b)
	return err
}

// send writes an event; id 0 has none.
func (st *stream) send(id int64, event string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if id > 0 {
		fmt.Fprintf(&out, "id: %d\n", id)
	}
	// JSON has no line breaks, so one data line holds it.
	fmt.Fprintf(&out, "event: %s\ndata: %s\n\n", event, b)
	return st.write(out.Bytes())
}

// comment writes a line that readers ignore.
func (st *stream) comment() error { return st.write([]byte(":\n\n")) }

// retire tells the reader to come back soon.
func (st *stream) retire() error { return st.write([]byte("retry: 500\n\n")) }

// follow calls next whenever there may be something new, until ctx ends, next
// fails, or the reader may not read any more, which is looked at now and then.
func (st *stream) follow(ctx context.Context, wake <-chan struct{}, may func(context.Context) error, next func() error) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for {
		if next() != nil {
			return
		}
		select {
		case <-ctx.Done():
			_ = st.retire() // the reader may be gone already
			return
		case <-wake:
		case <-poll.C:
		case <-alive.C:
			if may(ctx) != nil || st.comment() != nil {
				return
			}
		}
	}
}
