package conversation_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"candor/conversation"
)

// respond is a Responder made of a function.
type respond func(context.Context, conversation.Turn)

func (r respond) Respond(ctx context.Context, t conversation.Turn) { r(ctx, t) }

// journal is what happened, in order.
type journal struct {
	mu   sync.Mutex
	rows []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rows = append(j.rows, fmt.Sprintf(format, args...))
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.rows)
}

// order lets the answers of a conversation be written in the order of their ids.
type order struct {
	mu   sync.Mutex
	open map[string]bool
	over chan struct{}
}

func newOrder(turns ...conversation.Turn) *order {
	o := &order{open: make(map[string]bool), over: make(chan struct{})}
	for _, t := range turns {
		o.open[t.AnswerID] = true
	}
	return o
}

// end says that an answer is not being written any more.
func (o *order) end(answer string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, answer)
	close(o.over)
	o.over = make(chan struct{})
}

func (o *order) AwaitTurn(ctx context.Context, conv, answer string) error {
	for {
		o.mu.Lock()
		earlier, over := false, o.over
		for other := range o.open {
			earlier = earlier || strings.HasPrefix(other, conv) && other < answer
		}
		o.mu.Unlock()
		if !earlier {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
		}
	}
}

func turn(conv string, n int) conversation.Turn {
	return conversation.Turn{Conversation: conv, AnswerID: fmt.Sprintf("%s%d", conv, n)}
}

// TestQueueOrder: one turn at a time, in order, in each conversation; the others
// do not wait for it.
func TestQueueOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		var turns []conversation.Turn
		for i := range 5 {
			for _, c := range []string{"a", "b", "c"} {
				turns = append(turns, turn(c, i))
			}
		}
		o := newOrder(turns...)
		start := time.Now()
		busy := make(map[string]int)
		var mu sync.Mutex
		q := conversation.NewQueue(t.Context(), respond(func(_ context.Context, x conversation.Turn) {
			mu.Lock()
			busy[x.Conversation]++
			if busy[x.Conversation] > 1 {
				t.Errorf("%s: two turns at once", x.Conversation)
			}
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			busy[x.Conversation]--
			mu.Unlock()
			j.add("%s", x.AnswerID)
			o.end(x.AnswerID)
		}), o, slog.New(slog.DiscardHandler))
		// Requests that are served at once queue their turns in any order.
		slices.Reverse(turns)
		for _, x := range turns {
			q.Add(x)
		}
		q.Wait()
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("15 turns of a second in three conversations took %v, want 5s: they do not run side by side", d)
		}
		for _, c := range []string{"a", "b", "c"} {
			var own []string
			for _, row := range j.all() {
				if strings.HasPrefix(row, c) {
					own = append(own, row)
				}
			}
			if want := []string{c + "0", c + "1", c + "2", c + "3", c + "4"}; !slices.Equal(own, want) {
				t.Errorf("order %v, want %v", own, want)
			}
		}
		q.Add(turn("a", 9))
		q.Wait()
		if rows := j.all(); rows[len(rows)-1] != "a9" {
			t.Error("a conversation that was served once is not served again")
		}
	})
}

func TestQueueDrop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		q := conversation.NewQueue(t.Context(), respond(func(ctx context.Context, x conversation.Turn) {
			select {
			case <-ctx.Done():
				j.add("%s cancelled", x.AnswerID)
			case <-time.After(time.Minute):
				j.add("%s answered", x.AnswerID)
			}
		}), newOrder(turn("a", 1), turn("a", 2), turn("b", 1)), slog.New(slog.DiscardHandler))
		q.Drop("a") // nothing there yet
		q.Add(turn("a", 1))
		q.Add(turn("a", 2))
		q.Add(turn("b", 1))
		synctest.Wait()
		q.Drop("a")
		synctest.Wait()
		if rows := slices.Sorted(slices.Values(j.all())); !slices.Equal(rows, []string{"a1 cancelled", "a2 cancelled"}) {
			t.Errorf("after Drop: %v", rows)
		}
		q.Wait()
		// What waited is handed over too, cancelled; another conversation was not
		// touched.
		rows := j.all()
		slices.Sort(rows)
		if want := []string{"a1 cancelled", "a2 cancelled", "b1 answered"}; !slices.Equal(rows, want) {
			t.Errorf("%v, want %v", rows, want)
		}
	})
}

// TestQueueLeft: the turns of a conversation that nobody waits for are told so, the
// ones that wait as well, and are answered; what is asked later is not told.
func TestQueueLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		o := newOrder(turn("a", 1), turn("a", 2), turn("a", 3), turn("b", 1))
		q := conversation.NewQueue(t.Context(), respond(func(ctx context.Context, x conversation.Turn) {
			select {
			case <-x.Left:
				j.add("%s quoted", x.AnswerID)
			case <-time.After(time.Minute):
				j.add("%s written", x.AnswerID)
			}
			o.end(x.AnswerID)
		}), o, slog.New(slog.DiscardHandler))
		q.Left("a") // nothing there yet
		for _, x := range []conversation.Turn{turn("a", 1), turn("a", 2), turn("b", 1)} {
			q.Add(x)
		}
		synctest.Wait()
		q.Left("a")
		q.Left("a") // twice is once
		q.Add(turn("a", 3))
		q.Wait()
		rows := slices.Sorted(slices.Values(j.all()))
		if want := []string{"a1 quoted", "a2 quoted", "a3 written", "b1 written"}; !slices.Equal(rows, want) {
			t.Errorf("%v, want %v", rows, want)
		}
	})
}

func TestQueueEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var j journal
		q := conversation.NewQueue(ctx, respond(func(ctx context.Context, x conversation.Turn) {
			<-ctx.Done()
			j.add("%s", x.AnswerID)
		}), newOrder(turn("a", 0), turn("a", 1), turn("a", 2)), slog.New(slog.DiscardHandler))
		for i := range 3 {
			q.Add(turn("a", i))
		}
		cancel()
		q.Wait() // a leak or a hang fails the bubble
		if rows := slices.Sorted(slices.Values(j.all())); !slices.Equal(rows, []string{"a0", "a1", "a2"}) {
			t.Errorf("every turn is handed over, to be ended: %v", rows)
		}
	})
}

func TestQueueSurvivesPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var j journal
		q := conversation.NewQueue(t.Context(), respond(func(_ context.Context, x conversation.Turn) {
			if x.AnswerID == "a1" {
				panic("the order of Maya is broken")
			}
			j.add("%s", x.AnswerID)
		}), newOrder(), slog.New(slog.NewTextHandler(&log, nil)))
		for i := range 3 {
			q.Add(turn("a", i))
		}
		q.Add(turn("b", 0))
		q.Wait()
		rows := j.all()
		slices.Sort(rows)
		if want := []string{"a0", "a2", "b0"}; !slices.Equal(rows, want) {
			t.Errorf("%v, want %v", rows, want)
		}
		if got := log.String(); !strings.Contains(got, "a1") || strings.Contains(got, "Maya") {
			t.Errorf("the log names the answer and no words of it: %s", got)
		}
	})
}
