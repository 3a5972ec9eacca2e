package storetest

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"time"
)

// link is a way to the server that a test can cut, or hold up.
type link struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	open  map[net.Conn]bool // both ends of every connection
	away  bool              // new connections are refused
	loses loss
	held  chan struct{} // closed while nothing is held up
}

// commit is how the driver asks for one.
var commit = []byte("Q\x00\x00\x00\x0bcommit\x00")

// loss is what becomes of the next commit.
type loss int

const (
	nothing loss = iota
	// itsQuestion: the server never hears of it.
	itsQuestion
	// itsAnswer: it is done, but nobody is told.
	itsAnswer
	// itsEnd: the connection is lost while it is done.
	itsEnd
	// itsEndForLong: so are all others, and no new ones can be made.
	itsEndForLong
)

// through opens the databases of the fixture a second time, over a link.
func (f *fixture) through() (*fixture, *link) {
	f.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is instant
	f.must(err)
	u, err := url.Parse(f.db.data)
	f.must(err)
	l := &link{listener: listener, server: u.Host, open: make(map[net.Conn]bool), held: make(chan struct{})}
	close(l.held)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			group.Go(func() { l.carry(client) })
		}
	})
	f.Cleanup(func() {
		_ = listener.Close()
		l.release()
		l.cut()
		group.Wait()
	})
	g := *f
	g.db = &database{engine: f.db.engine, ahead: f.db.ahead}
	g.db.data, g.db.keys = l.over(f, f.db.data), l.over(f, f.db.keys)
	g.Store, g.keys = open(f.T, g.db)
	return &g, l
}

// over is the URL of a database that is reached over the link.
func (l *link) over(f *fixture, rawURL string) string {
	f.Helper()
	u, err := url.Parse(rawURL)
	f.must(err)
	u.Host = l.listener.Addr().String()
	return u.String()
}

// carry carries what a client says to the server, and back.
func (l *link) carry(client net.Conn) {
	l.mu.Lock()
	away := l.away
	l.mu.Unlock()
	server, err := net.Dial("tcp", l.server) //nolint:noctx // it is on loopback
	if away || err != nil {
		_ = client.Close()
		if err == nil {
			_ = server.Close()
		}
		return
	}
	l.mu.Lock()
	l.open[client], l.open[server] = true, true
	l.mu.Unlock()
	hangUp := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, c := range []net.Conn{client, server} {
			_ = c.Close()
			delete(l.open, c)
		}
	}
	defer hangUp()
	var silent bool // the client hears nothing more
	var mu sync.Mutex
	back := make(chan struct{})
	go func() {
		defer close(back)
		defer hangUp()
		l.pump(server, client, func([]byte) bool {
			mu.Lock()
			defer mu.Unlock()
			return !silent
		})
	}()
	l.pump(client, server, func(said []byte) bool {
		if !bytes.Contains(said, commit) {
			return true
		}
		switch what := l.lose(nothing); what {
		case itsQuestion:
			return false
		case itsAnswer:
			mu.Lock()
			silent = true
			mu.Unlock()
		case itsEnd, itsEndForLong:
			_, _ = server.Write(said)
			time.Sleep(100 * time.Millisecond) // the server has read it
			if what == itsEndForLong {
				l.cut()
			}
			return false
		case nothing:
		}
		return true
	})
	hangUp()
	<-back
}

// pump copies what is said until one of the two is gone, or pass refuses.
func (l *link) pump(from, to net.Conn, pass func(said []byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		l.mu.Lock()
		held := l.held
		l.mu.Unlock()
		<-held
		if n > 0 && !pass(buffer[:n]) {
			return
		}
		if _, e := to.Write(buffer[:n]); err != nil || e != nil {
			return
		}
	}
}

// lose says what becomes of the next commit, and returns what was said before.
func (l *link) lose(next loss) loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.loses
	l.loses = next
	return was
}

// cut ends every connection, and refuses new ones.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = true
	for c := range l.open {
		_ = c.Close()
	}
}

// mend lets connections be made again.
func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = false
}

// hold keeps everything back that is said, as a network does that is gone without
// a word.
func (l *link) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = make(chan struct{})
}

// release lets what was held back, and what follows, go on.
func (l *link) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.held:
	default:
		close(l.held)
	}
}

// within fails where fn takes longer.
func (f *fixture) within(what string, limit time.Duration, fn func()) {
	f.Helper()
	at := time.Now()
	fn()
	if took := time.Since(at); took > limit {
		f.Errorf("%s took %s, want at most %s", what, took, limit)
	}
}
