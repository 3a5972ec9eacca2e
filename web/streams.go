package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"candor/conversation"
)

const (
	// pollInterval is the longest that a stream goes without looking: wake-ups
	// can be missed, commits cannot.
	pollInterval = time.Second
	// keepAlive is how often a quiet stream sends a comment, so that proxies and
	// dead connections are noticed.
	keepAlive = 15 * time.Second
	// readTimeout bounds one read for a stream. Beyond it its keep-alives would
	// fail.
	readTimeout = 10 * time.Second
	// comeBack is after which the reader of a stream that ends comes back, comeBackLater
	// the one of a stream that failed.
	comeBack      = 500 * time.Millisecond
	comeBackLater = 5 * time.Second
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

// Refusals of a stream.
var (
	errEnding         = passing(fiber.StatusServiceUnavailable, partServer, "This server is ending. Another one serves you in a moment.", time.Second)
	errFull           = passing(fiber.StatusServiceUnavailable, partServer, "Too many people are reading here right now. Try again in a moment.", 5*time.Second)
	errTooManyStreams = passing(fiber.StatusTooManyRequests, "", "You are reading in too many places at once. Close some of them.", 15*time.Second)
)

// open runs serve on the connection of c once the handler has returned, until
// it returns, the reader goes away, or the registry is closed.
func (s *streams) open(c *fiber.Ctx, owner string, serve func(ctx context.Context, st *stream)) error {
	return s.openWith(c, owner, streamHeader, serve)
}

// openWith is open with a header of its own.
func (s *streams) openWith(c *fiber.Ctx, owner, header string, serve func(ctx context.Context, st *stream)) error {
	s.mu.Lock()
	closed, full, tooMany := s.closed, len(s.cancel) >= maxStreams, s.own[owner] >= maxOwnStreams
	s.mu.Unlock()
	switch {
	case closed:
		return errEnding
	case full:
		return errFull
	case tooMany:
		return errTooManyStreams
	}
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) {
		ctx, cancel := context.WithCancel(context.Background())
		gone := make(chan struct{})
		st := &stream{conn: conn, owner: owner, gone: gone}
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
			close(gone)
			cancel()
		}()
		// The server uses the connection's buffers again for others once this returns,
		// so nobody may still be reading then.
		defer func() {
			_ = conn.SetReadDeadline(time.Unix(1, 0)) // it is closed: that ends the reading too
			<-gone
		}()
		if err := st.write([]byte(header)); err != nil {
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

// refuse takes no more streams.
func (s *streams) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// close ends every stream and waits for them.
func (s *streams) close(ctx context.Context) error {
	s.refuse()
	s.mu.Lock()
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

// errGone means that the reader has left, or does not read.
var errGone = errors.New("the reader is gone")

// stream writes server-sent events to one reader.
type stream struct {
	conn  net.Conn
	owner string
	gone  <-chan struct{} // closed once the reader has left
	deaf  bool            // the reader did not take what was written
}

// left reports whether it was the reader who ended the stream.
func (st *stream) left() bool {
	select {
	case <-st.gone:
		return true
	default:
		return st.deaf
	}
}

func (st *stream) write(b []byte) error {
	if err := st.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := st.conn.Write(b); err != nil {
		st.deaf = true
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

// chunk writes some of a response whose header says that it comes in chunks.
func (st *stream) chunk(b []byte) error {
	return st.write(slices.Concat(fmt.Appendf(nil, "%x\r\n", len(b)), b, []byte("\r\n")))
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

// retire tells the reader after how long to come back.
func (st *stream) retire(after time.Duration) error {
	return st.write(fmt.Appendf(nil, "retry: %d\n\n", after.Milliseconds()))
}

// fail tells the reader what is wrong. It has no id: it is about the stream, and
// not part of what the stream tells.
func (st *stream) fail(detail string) error {
	return st.send(0, string(conversation.ErrorEvent), map[string]string{"detail": detail})
}

// feed is what a stream follows. Its functions return what away recognises while
// the database is away; any other error ends the stream.
type feed struct {
	wake <-chan struct{}
	// may looks whether the reader may still read.
	may func(ctx context.Context) error
	// next sends what is new.
	next func(ctx context.Context) error
	// resume sends how things stand, so that the reader knows that they go on.
	resume func(ctx context.Context) error
	// moments are what next does not find: they are told as they come, and not kept.
	moments <-chan conversation.Moment
	tell    func(ctx context.Context, m conversation.Moment) error
}

// follow sends what is new whenever there may be something, until ctx ends, the
// reader may not read any more, or a function of the feed fails. While the
// database is away the reader is told so once, and the stream stays: coming back
// would find the same.
func (st *stream) follow(ctx context.Context, f feed) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	checked, outage := true, false
	for {
		// SECURITY: what is new is read only after a look at the reader's rights that
		// succeeded. While they cannot be looked at, nothing is sent.
		var err error
		if !checked {
			checked, err = within(ctx, func(ctx context.Context) (bool, error) {
				err := f.may(ctx)
				return err == nil, err
			})
		}
		if err == nil {
			err = f.next(ctx)
		}
		if err == nil && outage {
			err = f.resume(ctx)
			outage = err != nil
		}
		switch {
		case ctx.Err() != nil:
			return st.retire(comeBack)
		case err != nil && !away(err):
			return err
		case err != nil && !outage:
			outage = true
			if err := st.fail(awayDetail); err != nil {
				return err
			}
		}
		beat, told := false, true
		select { // first: looking may have taken longer than a poll
		case <-alive.C:
			beat, told = true, false
		default:
		}
		for told {
			told = false
			select {
			case <-ctx.Done():
				return st.retire(comeBack)
			case m := <-f.moments:
				told = true
				if err := f.tell(ctx, m); err != nil {
					return err
				}
			case <-f.wake:
			case <-poll.C:
			case <-alive.C:
				beat = true
			}
		}
		if beat {
			checked = false
			if err := st.comment(); err != nil {
				return err
			}
		}
	}
}

// within bounds one read of a stream. A database that does not answer is away,
// like one that cannot be reached.
func within[T any](ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return read(ctx)
}
