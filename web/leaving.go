package web

import (
	"sync"
	"time"
)

// backAgain is how long a customer has to come back before they count as having left:
// a page that is loaded again opens its stream within it.
const backAgain = 700 * time.Millisecond

// leaving tells when nobody reads a conversation here any more. One that was never read
// here, or is read at another replica, it does not know, and tells nothing of.
type leaving struct {
	left func(conversation string)

	mu     sync.Mutex
	read   map[string]*readers
	closed bool
}

// readers are those of a conversation: how many there are, or the timer that runs since
// the last one left.
type readers struct {
	open int
	gone *time.Timer
}

func newLeaving(left func(conversation string)) *leaving {
	return &leaving{left: left, read: make(map[string]*readers)}
}

// came notes that somebody reads a conversation.
func (l *leaving) came(conversation string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.read[conversation]
	if r == nil {
		r = &readers{}
		l.read[conversation] = r
	}
	if r.gone != nil {
		r.gone.Stop()
		r.gone = nil
	}
	r.open++
}

// went notes that a reader's stream has ended: because they left, or because it was
// ended here, and then they come back when it is time.
func (l *leaving) went(conversation string, left bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.read[conversation]
	if r.open--; r.open > 0 {
		return
	}
	if !left || l.closed {
		delete(l.read, conversation)
		return
	}
	r.gone = time.AfterFunc(backAgain, func() {
		l.mu.Lock()
		over := l.read[conversation] == r && r.open == 0 && !l.closed
		if over {
			delete(l.read, conversation)
		}
		l.mu.Unlock()
		if over {
			l.left(conversation)
		}
	})
}

// close ends the telling: whoever goes now goes to another replica.
func (l *leaving) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for id, r := range l.read {
		if r.gone != nil {
			r.gone.Stop()
			delete(l.read, id)
		}
	}
}
