package web

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"candor/conversation"
)

// slowTurns is a database of which every message is answered, one turn a message, and
// a responder that takes until nobody waits.
type slowTurns struct {
	conversations
	began chan string
	left  chan time.Time
}

func (s slowTurns) Post(ctx context.Context, id string, m conversation.Message, language string) (conversation.Posted, error) {
	p, err := s.conversations.Post(ctx, id, m, language)
	p.Known, p.AnswerID = false, "ans"+m.ID
	return p, err
}

func (s slowTurns) AwaitTurn(context.Context, string, string) error { return nil }

func (s slowTurns) Respond(ctx context.Context, t conversation.Turn) {
	s.began <- t.AnswerID
	select {
	case <-t.Left:
		s.left <- time.Now()
	case <-ctx.Done():
	}
}

// slowReplica is a replica with a turn that is being answered.
func slowReplica(t *testing.T) (*replica, slowTurns) {
	t.Helper()
	d := newDatabase()
	turns := slowTurns{conversations{database: d}, make(chan string, 1), make(chan time.Time, 1)}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	service := conversation.NewService(ctx, turns, turns, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		stop()
		service.Wait()
	})
	r := newReplica(t, d, func(o *Options) { o.Conversations = service })
	if res := r.do(http.MethodPost, "/api/conversations/"+talk+"/messages", `{"text":"Where is it?"}`); res.status != http.StatusAccepted {
		t.Fatalf("a message: %v", res)
	}
	<-turns.began
	return r, turns
}

// open opens a stream of the conversation and waits until it is there.
func (r *replica) open() *reader {
	r.Helper()
	x := r.stream("/api/conversations/" + talk + "/events")
	x.event() // the message
	return x
}

func (x *reader) leave() { _ = x.response.Body.Close() }

// stays checks that the turn is not told that its customer has left.
func (s slowTurns) stays(t *testing.T, wait time.Duration, when string) {
	t.Helper()
	select {
	case <-s.left:
		t.Errorf("%s: the turn was told that nobody waits", when)
	case <-time.After(wait):
	}
}

// TestLeft: a turn is told within a second that the customer has left, and not before.
func TestLeft(t *testing.T) {
	t.Parallel()
	const patience = backAgain + 400*time.Millisecond
	t.Run("who never opened a stream has not left", func(t *testing.T) {
		t.Parallel()
		_, turns := slowReplica(t)
		turns.stays(t, patience, "without a stream")
	})
	t.Run("the last of two", func(t *testing.T) {
		t.Parallel()
		r, turns := slowReplica(t)
		a, b := r.open(), r.open()
		a.leave()
		turns.stays(t, patience, "another page is open")
		b.leave()
		gone := time.Now()
		select {
		case at := <-turns.left:
			if d := at.Sub(gone); d < backAgain-50*time.Millisecond || d > time.Second {
				t.Errorf("the turn was told after %v, want within a second, and not at once", d)
			}
		case <-time.After(3 * time.Second):
			t.Error("the turn was not told")
		}
	})
	t.Run("a page that is loaded again", func(t *testing.T) {
		t.Parallel()
		r, turns := slowReplica(t)
		r.open().leave()
		time.Sleep(backAgain / 3)
		again := r.open()
		turns.stays(t, patience, "the page was loaded again")
		again.leave()
		select {
		case <-turns.left:
		case <-time.After(3 * time.Second):
			t.Error("who left after that is not noticed")
		}
	})
	t.Run("a server that ends", func(t *testing.T) {
		t.Parallel()
		r, turns := slowReplica(t)
		x := r.open()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		if e := x.event(); e != "retry: 500" {
			t.Errorf("the stream ends with %q", e)
		}
		turns.stays(t, patience, "the server ended the stream")
	})
	t.Run("a session that is over", func(t *testing.T) {
		t.Parallel()
		l, told := newLeaving(nil), false
		l.left = func(string) { told = true }
		synctest.Test(t, func(t *testing.T) {
			l.came(talk)
			l.went(talk, false) // the server ended it: the reader comes back
			time.Sleep(time.Minute)
		})
		if told || len(l.read) != 0 {
			t.Errorf("told: %v; remembered: %d", told, len(l.read))
		}
	})
}
