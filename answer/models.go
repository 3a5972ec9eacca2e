package answer

import (
	"context"
	"errors"
	"time"

	"candor/identity"
)

// errBrokeOff means that a model failed after some of what it said was released: the
// answer is taken back and written again without it.
var errBrokeOff = errors.New("a model broke off")

// routing is what an answer knows of its models, over all of its attempts.
type routing struct {
	// out are the models, by their place in Engine.Models, that are not asked any more.
	// True: the model failed; false: nobody waits for it.
	out   map[int]bool
	spent int // tokens, of all of them
	began time.Time
	first time.Duration // until the first sentence was released; 0: none was
}

// total is what the answer has taken until now.
func (r *routing) total() Spent {
	return Spent{FirstMS: r.first.Milliseconds(), TookMS: time.Since(r.began).Milliseconds(), Tokens: r.spent}
}

func (r *routing) isOut(model int) bool { _, ok := r.out[model]; return ok }

// allOut leaves every model out.
func (r *routing) allOut(models []Answerer) {
	for i := range models {
		if !r.isOut(i) {
			r.out[i] = false
		}
	}
}

// failed reports whether a model failed.
func (r *routing) failed() bool {
	for _, failed := range r.out {
		if failed {
			return true
		}
	}
	return false
}

// Budget bounds what language models cost.
//
// Reserve takes tokens for an answer to a customer, which has spent some already, out of
// what is left for it and of a day (of UTC), and returns how many it took: fewer where
// fewer are left, 0 where too few are for an answer. A day of the customer's own is not
// that of staff who serve them (Principal.About): no draft or summary costs the customer
// an answer. It is durable when it returns,
// and counted on every replica. Settle gives
// back what was not spent; what a crash leaves reserved stays spent for that day.
type Budget interface {
	Reserve(ctx context.Context, who identity.Principal, day time.Time, spent int) (tokens int, err error)
	Settle(ctx context.Context, who identity.Principal, day time.Time, unspent int) error
}

// reserve returns how many tokens the next model may use; 0: none is to be asked.
func (w *writer) reserve() (int, error) {
	b := w.engine.Budget
	if b == nil {
		return noBound, nil
	}
	w.day = time.Now().UTC()
	n, err := b.Reserve(w.ctx, w.turn.Who, w.day, w.routing.spent)
	if err != nil && w.ctx.Err() == nil {
		// What cannot be counted is not spent.
		w.engine.Logger.Warn("no model is asked, since its cost cannot be counted", "answer", w.answer.ID, "error", err)
		return 0, nil
	}
	return n, err
}

// noBound is a budget of as many tokens as an answerer allows itself.
const noBound = 1 << 30

// settle gives back tokens that were reserved. It is done also when the question was
// cancelled meanwhile.
func (w *writer) settle(unspent int) {
	b := w.engine.Budget
	if b == nil || unspent == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), endTimeout)
	defer cancel()
	if err := b.Settle(ctx, w.turn.Who, w.day, unspent); err != nil {
		w.engine.Logger.Warn("tokens that were not used stay counted", "answer", w.answer.ID, "error", err)
	}
}

// Call is one time that a language model was asked.
type Call struct {
	Model  Model
	Tokens int           // that were spent
	First  time.Duration // until its first sentence; 0: there was none
	Took   time.Duration
	Failed bool
	Left   bool // nobody waited for its end
}

// Meter is told what models do, for figures. It sees no text.
type Meter interface {
	Called(c Call)
	// Checked is told of each sentence: released, or removed for one of RemovalReasons.
	Checked(m Model, removed string)
}

func (e *Engine) observe(c Call) {
	if e.Meter != nil {
		e.Meter.Called(c)
	}
}

func (e *Engine) checked(m Model, removed string) {
	if e.Meter != nil {
		e.Meter.Checked(m, removed)
	}
}
