package answer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// provider is whose models the outside ones are.
const provider consent.Recipient = "ai_provider:openai"

var (
	ownWords   = consent.Triple{Purpose: consent.Answers, Category: consent.Conversation, Recipient: provider}
	ordersIn   = consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: consent.BrandAI}
	ordersOut  = consent.Triple{Purpose: consent.Answers, Category: "orders", Recipient: provider}
	billingIn  = consent.Triple{Purpose: consent.Answers, Category: "billing", Recipient: consent.BrandAI}
	billingOut = consent.Triple{Purpose: consent.Answers, Category: "billing", Recipient: provider}
)

// panel is a world with several answerers, and what became of them.
type panel struct {
	*world
	calls    []string // who was asked, with what
	requests []answer.Request
}

// newPanel has an invoice and an article beside the order. The extractive answerer
// quotes what it is given.
func newPanel(t *testing.T, grants ...consent.Triple) *panel {
	t.Helper()
	p := &panel{}
	p.world = newWorld(t, speaker{p: p, name: "extractive", to: consent.BrandAI})
	p.ok(p.store.PutRecord(t.Context(), retrieval.Record{
		ID: "bill-1", Site: "shop", Customer: p.who.Customer, Category: "billing", Title: "Invoice 1",
		Text: "Your invoice is paid. Nothing is owed.", CollectedAt: time.Now(),
	}))
	p.ok(p.store.PutKnowledge(t.Context(), "shop", []retrieval.Record{{
		ID: "article-1", Site: "shop", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Language: "en", Title: "Returns",
		Text: "An order is returned at any shop. Returns are free.", CollectedAt: time.Now(),
	}}))
	p.grant(true, grants...)
	return p
}

func (p *panel) grant(granted bool, all ...consent.Triple) {
	p.Helper()
	if len(all) == 0 {
		return
	}
	set := consent.ChangeSet{Language: "en", Channel: "widget"}
	for _, x := range all {
		c := consent.Change{Triple: x, Granted: granted}
		if granted {
			c.Duration = consent.Standing
		}
		set.Changes = append(set.Changes, c)
	}
	_, err := p.gate.Change(p.Context(), p.who, set)
	p.ok(err)
}

// models gives the engine its language models.
func (p *panel) models(all ...speaker) {
	for _, m := range all {
		m.p = p
		p.engine.Models = append(p.engine.Models, m)
	}
}

// answer asks, and returns what is stored.
func (p *panel) answer() (answer.Turn, answer.Answer) {
	p.Helper()
	q := p.post()
	p.ok(p.engine.Answer(p.Context(), q))
	return q, p.read(q)
}

// resets are why attempts were taken back.
func (p *panel) resets(q answer.Turn) (n int, reasons string) {
	p.Helper()
	for _, e := range p.events(q) {
		if e.Type == conversation.ResetEvent {
			n++
			reasons += string(e.Data)
		}
	}
	return n, reasons
}

// state is who has the conversation, and why.
func (p *panel) state(q answer.Turn) conversation.Conversation {
	p.Helper()
	c, err := p.store.Conversation(p.Context(), q.Conversation)
	p.ok(err)
	return c
}

// entries are the opened entries of an answer, each as "model: records".
func (p *panel) entries(q answer.Turn) (out []string) {
	p.Helper()
	all, err := p.store.Citations().ByAnswer(p.Context(), q.AnswerID)
	p.ok(err)
	for _, e := range all {
		if e.Kind != citation.Opened {
			continue
		}
		var ids []string
		for _, u := range e.Records {
			if u.Recipient != e.Recipient {
				p.Errorf("an entry for %s names %s", e.Recipient, u.Recipient)
			}
			if u.Category == consent.Conversation {
				u.RecordID = "words"
			}
			ids = append(ids, u.RecordID)
		}
		slices.Sort(ids)
		out = append(out, e.Model+": "+strings.Join(ids, " "))
	}
	return out
}

// speaker is a model that says what a test wants; without that it quotes the first
// sentence of everything that it is given.
type speaker struct {
	p    *panel
	name string
	to   consent.Recipient
	says func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error
}

func (s speaker) Model() answer.Model { return answer.Model{Name: s.name, Recipient: s.to} }

func (s speaker) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	var ids []string
	for _, h := range r.Hits {
		ids = append(ids, h.RecordID)
	}
	slices.Sort(ids)
	s.p.calls = append(s.p.calls, s.name+": "+strings.Join(ids, " "))
	s.p.requests = append(s.p.requests, r)
	if s.says != nil {
		return s.says(ctx, r, yield)
	}
	return quoteAll(r, yield)
}

// quoteAll quotes the first sentence of every record.
func quoteAll(r answer.Request, yield func(answer.Sentence) error) error {
	for _, h := range r.Hits {
		first, _, _ := strings.Cut(h.Record.Text, ".")
		if err := yield(quote(h, first+".")); err != nil {
			return err
		}
	}
	return nil
}

func silent(context.Context, answer.Request, func(answer.Sentence) error) error { return nil }

func away(context.Context, answer.Request, func(answer.Sentence) error) error {
	return fmt.Errorf("%w: it is away", answer.ErrModel)
}

// breaksOff says one sentence and fails.
func breaksOff(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	if err := yield(quote(r.Hits[0], "Your order was shipped.")); err != nil {
		return err
	}
	return fmt.Errorf("%w: it broke off", answer.ErrModel)
}

// TestRouting: who is asked, with what, follows from what the customer allows to
// their recipients.
func TestRouting(t *testing.T) {
	const (
		personal = "Where is my order?"
		both     = "Where are my order and my invoice?"
		general  = "How can an order be returned?"
		ownHowTo = "How do I return order 4711?"
	)
	out, own := speaker{name: "outside", to: provider}, speaker{name: "own", to: consent.BrandAI}
	quiet := out
	quiet.says = silent
	everything := []consent.Triple{ownWords, ordersIn, ordersOut, billingIn, billingOut}
	for name, c := range map[string]struct {
		question string
		grants   []consent.Triple
		who      func(*identity.Principal)
		models   []speaker
		asked    string // in this order
		status   answer.Status
		denied   string // categories that a model was not given
	}{
		"granted with the words": {
			question: personal, grants: []consent.Triple{ownWords, ordersIn, ordersOut}, models: []speaker{out},
			asked: "outside: order-1",
		},
		"without the words": {
			question: personal, grants: []consent.Triple{ordersIn, ordersOut}, models: []speaker{out},
			asked: "extractive: order-1",
		},
		"without the words, with a model in the house": {
			question: personal, grants: []consent.Triple{ordersIn, ordersOut}, models: []speaker{out, own},
			asked: "own: order-1",
		},
		"the words alone": {
			question: personal, grants: []consent.Triple{ownWords, ordersIn}, models: []speaker{out},
			asked: "extractive: order-1", denied: "orders",
		},
		"the words alone, with a model in the house": {
			question: personal, grants: []consent.Triple{ownWords, ordersIn}, models: []speaker{out, own},
			asked: "own: order-1", denied: "orders",
		},
		"granted outside and not in the house": {
			question: personal, grants: []consent.Triple{ownWords, ordersOut}, models: []speaker{out},
			status: answer.NeedsConsent,
		},
		"the browser's signal": {
			question: personal, grants: everything, who: func(p *identity.Principal) { p.GPC = true }, models: []speaker{out},
			asked: "extractive: order-1",
		},
		"in the order of preference": {
			question: personal, grants: everything, models: []speaker{own, out},
			asked: "own: order-1",
		},
		"a general question without the words": {
			question: general, models: []speaker{out},
			asked: "extractive: article-1",
		},
		"a general question": {
			question: general, grants: []consent.Triple{ownWords}, models: []speaker{out},
			asked: "outside: article-1",
		},
		"a general question, and a record that stays": {
			question: general, grants: []consent.Triple{ownWords, ordersIn}, models: []speaker{out, own},
			asked: "outside: article-1", denied: "orders",
		},
		"a general question, a record that stays, and a model that is silent": {
			question: general, grants: []consent.Triple{ownWords, ordersIn}, models: []speaker{quiet, own},
			asked: "outside: article-1; own: article-1 order-1", denied: "orders",
		},
		"two categories, both granted": {
			question: both, grants: everything, models: []speaker{out, own},
			asked: "outside: bill-1 order-1",
		},
		"two categories, one stays": {
			question: both, grants: []consent.Triple{ownWords, ordersIn, ordersOut, billingIn}, models: []speaker{out},
			asked: "extractive: bill-1; outside: order-1", denied: "billing",
		},
		"two categories, one stays, with a model in the house": {
			question: both, grants: []consent.Triple{ownWords, ordersIn, ordersOut, billingIn}, models: []speaker{out, own},
			asked: "own: bill-1; outside: order-1", denied: "billing",
		},
		"two categories, one stays, and a model that is silent": {
			question: both, grants: []consent.Triple{ownWords, ordersIn, ordersOut, billingIn}, models: []speaker{quiet, own},
			asked: "own: bill-1; outside: order-1; own: order-1", denied: "billing",
		},
		"how to, for a record that stays": {
			question: ownHowTo, grants: []consent.Triple{ownWords, ordersIn}, models: []speaker{out},
			asked: "extractive: order-1; outside: article-1", denied: "orders",
		},
		"a visitor without the words": {
			question: general, who: visitor, models: []speaker{out},
			asked: "extractive: article-1",
		},
		"a visitor": {
			question: general, grants: []consent.Triple{ownWords}, who: visitor, models: []speaker{out},
			asked: "outside: article-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t)
			if c.who != nil {
				c.who(&p.who)
			}
			p.grant(true, c.grants...)
			p.models(c.models...)
			p.question = c.question
			q, a := p.answer()
			if got := strings.Join(p.calls, "; "); got != c.asked {
				t.Errorf("asked were %q, want %q", got, c.asked)
			}
			want := c.status
			if want == "" {
				want = answer.Answered
			}
			if a.Status != want {
				t.Errorf("%s: %s", a.Status, a.Text)
			}
			var denied []string
			for _, n := range a.NotSearched {
				if n.Reason == consent.RecipientDenied {
					denied = append(denied, string(n.Category))
				}
			}
			if got := strings.Join(denied, " "); got != c.denied {
				t.Errorf("said to be kept from a recipient: %q, want %q", got, c.denied)
			}
			p.recorded(q, a)
		})
	}
}

// visitor makes somebody of whom nothing is on record; what they are called stays.
func visitor(p *identity.Principal) { p.Kind = identity.Visitor }

// recorded holds that the log named what went to each model, in this order, and the
// answer what it used of it.
func (p *panel) recorded(q answer.Turn, a answer.Answer) {
	p.Helper()
	var went []string
	for _, x := range p.calls {
		if strings.HasPrefix(x, "outside:") {
			x += " words" // sorts last
		}
		if !strings.HasPrefix(x, "extractive:") {
			went = append(went, x)
		}
	}
	opened := p.entries(q)
	if len(opened) == 0 || !slices.Equal(opened[1:], went) {
		p.Errorf("models got %q, and the log says %q", went, opened)
	}
	for _, s := range a.Sentences {
		for _, c := range s.Citations {
			i := slices.IndexFunc(a.Used, func(u answer.Used) bool { return u.RecordID == c.RecordID })
			if i < 0 || a.Used[i].Category != consent.Knowledge && a.Used[i].GrantID == "" {
				p.Errorf("%q cites %s, and the answer used %+v", s.Text, c.RecordID, a.Used)
			}
		}
	}
}

// TestOutsidePrompt: an outside model is given the question, what it may have, and
// nothing else of the customer's.
func TestOutsidePrompt(t *testing.T) {
	p := newPanel(t, ownWords, ordersIn, billingIn, billingOut)
	p.models(speaker{name: "outside", to: provider})
	p.question = "Where are my order and my invoice?"
	q, a := p.answer()
	for i, r := range p.requests {
		if strings.HasPrefix(p.calls[i], "outside:") && strings.Contains(fmt.Sprintf("%+v", r), secret) {
			t.Errorf("an outside model is given the order")
		}
	}
	if !slices.Contains(p.calls, "outside: bill-1") || !strings.Contains(a.Text, "shipped") || !strings.Contains(a.Text, "paid") {
		t.Errorf("asked were %q: %s", p.calls, a.Text)
	}
	for _, u := range a.Used {
		if want := map[string]consent.Recipient{"order-1": consent.BrandAI, "bill-1": provider}[u.RecordID]; u.Recipient != want {
			t.Errorf("%s was used by %s", u.RecordID, u.Recipient)
		}
	}
	if a.Model.Name != "outside" || len(p.entries(q)) != 2 {
		t.Errorf("written by %s; the log: %q", a.Model.Name, p.entries(q))
	}
}

// TestFallBack: what fails or says nothing is followed by the next, and nothing is
// said twice.
func TestFallBack(t *testing.T) {
	for name, c := range map[string]struct {
		first, second func(context.Context, answer.Request, func(answer.Sentence) error) error
		asked         string
		attempt       int
		model         string
	}{
		"the first is away":            {away, nil, "first second", 1, "second"},
		"the first is silent":          {silent, nil, "first second", 1, "second"},
		"the first breaks off":         {breaksOff, nil, "first second", 2, "second"},
		"both are away":                {away, away, "first second extractive", 1, "extractive"},
		"both break off":               {breaksOff, breaksOff, "first second extractive", 3, "extractive"},
		"the first says what is wrong": {wrong, nil, "first second", 1, "second"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t, ordersIn)
			p.models(speaker{name: "first", to: consent.BrandAI, says: c.first}, speaker{name: "second", to: consent.BrandAI, says: c.second})
			q, a := p.answer()
			if got := strings.Join(p.calls, " "); got != strings.ReplaceAll(c.asked, " ", ": order-1 ")+": order-1" {
				t.Errorf("asked were %q", got)
			}
			if a.Status != answer.Answered || a.Text != "Your order was shipped." || a.Attempt != c.attempt || a.Model.Name != c.model {
				t.Errorf("%s by %s at attempt %d: %s", a.Status, a.Model.Name, a.Attempt, a.Text)
			}
			if n, why := p.resets(q); n != c.attempt-1 || n > 0 && strings.Count(why, "model_failure") != n {
				t.Errorf("%d resets: %s", n, why)
			}
			if p.state(q).State != conversation.Pending {
				t.Error("it went to a person")
			}
		})
	}
}

func wrong(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	return yield(answer.Sentence{Text: "It was sent to Berlin.", Citations: quote(r.Hits[0], "Your order was shipped.").Citations})
}

// TestNobodyAnswers gives a question to a person if there is an answer and every
// model that could write it has failed; not if they had nothing to say.
func TestNobodyAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		says   func(context.Context, answer.Request, func(answer.Sentence) error) error
		state  conversation.State
		reason conversation.Reason
	}{
		"a failure": {away, conversation.Open, conversation.ModelFailure},
		"silence":   {silent, conversation.Pending, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t, ordersIn)
			p.engine.Extractive = speaker{p: p, name: "extractive", to: consent.BrandAI, says: silent}
			p.models(speaker{name: "own", to: consent.BrandAI, says: c.says})
			q, a := p.answer()
			if now := p.state(q); a.Status != answer.Declined || now.State != c.state || now.Reason != c.reason {
				t.Errorf("%s, and the conversation is %s for %q", a.Status, now.State, now.Reason)
			}
		})
	}
}

// TestEndlessModel: an answer has an end, whatever a model does.
func TestEndlessModel(t *testing.T) {
	const most, patience = 40, 1000
	lines := make([]string, 2*most)
	for i := range lines {
		lines[i] = fmt.Sprintf("Parcel %d was shipped.", i+1)
	}
	for name, c := range map[string]struct {
		says func(i int, h retrieval.Hit) answer.Sentence
		want int // sentences
	}{
		"always the same": {func(_ int, h retrieval.Hit) answer.Sentence { return quote(h, lines[0]) }, 1},
		"always another":  {func(i int, h retrieval.Hit) answer.Sentence { return quote(h, lines[i%len(lines)]) }, most},
		"always wrong": {func(i int, h retrieval.Hit) answer.Sentence {
			return answer.Sentence{Text: fmt.Sprint("Parcel ", 1000+i, " was shipped."), Citations: quote(h, lines[0]).Citations}
		}, 1}, // the extractive answerer's
	} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t, ordersIn)
			p.ok(p.store.PutRecord(t.Context(), retrieval.Record{
				ID: "order-1", Site: "shop", Customer: p.who.Customer, Category: "orders", Title: "Order 1",
				Text: strings.Join(lines, " "), CollectedAt: time.Now(),
			}))
			said := 0
			p.models(speaker{name: "own", to: consent.BrandAI, says: func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
				for ; said < patience; said++ {
					if err := yield(c.says(said, r.Hits[0])); err != nil {
						return err
					}
				}
				return nil
			}})
			_, a := p.answer()
			if said == patience || a.Status != answer.Answered || len(a.Sentences) != c.want {
				t.Errorf("ended after %d sentences: %s with %d", said, a.Status, len(a.Sentences))
			}
		})
	}
}

// TestDeafModel goes on after it was told to stop: nothing more of it is taken.
func TestDeafModel(t *testing.T) {
	p := newPanel(t, ordersIn)
	p.models(speaker{name: "own", to: consent.BrandAI, says: func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if len(p.requests) > 1 {
			return quoteAll(r, yield)
		}
		p.grant(false, billingIn) // another category: the next attempt is like this one
		first := yield(quote(r.Hits[0], "Your order was shipped."))
		second := yield(quote(r.Hits[0], "The code is "+secret+"."))
		if !errors.Is(first, consent.ErrStale) || !errors.Is(second, first) {
			t.Errorf("told %v, then %v", first, second)
		}
		return nil
	}})
	if _, a := p.answer(); a.Status != answer.Answered || a.Text != "Your order was shipped." || a.Attempt != 2 {
		t.Errorf("%s at attempt %d: %s", a.Status, a.Attempt, a.Text)
	}
}

// purse is a budget in memory.
type purse struct {
	left     int
	err      error
	reserved []int
	settled  []int
	spent    []int // by the answer, before each time
}

func (b *purse) Reserve(_ context.Context, _ identity.Principal, _ time.Time, spent int) (int, error) {
	b.spent = append(b.spent, spent)
	b.reserved = append(b.reserved, b.left)
	return b.left, b.err
}

func (b *purse) Settle(_ context.Context, _ identity.Principal, _ time.Time, unspent int) error {
	b.settled = append(b.settled, unspent)
	return nil
}

// TestBudget: a model that costs more than there is passes the question on.
func TestBudget(t *testing.T) {
	for name, c := range map[string]struct {
		purse   purse
		asked   string
		settled []int
	}{
		"enough":             {purse{left: 1000}, "own: order-1", []int{700}},
		"nothing left":       {purse{}, "extractive: order-1", nil},
		"it cannot be known": {purse{left: 1000, err: errors.New("away")}, "extractive: order-1", nil},
		"more than there is": {purse{left: 200}, "own: order-1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t, ordersIn)
			p.engine.Budget = &c.purse
			p.models(speaker{name: "own", to: consent.BrandAI, says: func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
				if r.MaxTokens != c.purse.left {
					t.Errorf("it may use %d tokens, of %d", r.MaxTokens, c.purse.left)
				}
				r.Count(100)
				r.Count(200)
				return quoteAll(r, yield)
			}})
			_, a := p.answer()
			if got := strings.Join(p.calls, "; "); got != c.asked || a.Status != answer.Answered {
				t.Errorf("asked were %q: %s", got, a.Status)
			}
			if !slices.Equal(c.purse.settled, c.settled) {
				t.Errorf("given back: %v, want %v", c.purse.settled, c.settled)
			}
		})
	}
}

// TestBudgetAfterFailure gives back what models that failed have not used; what they have
// is the answer's, so the next of them has less.
func TestBudgetAfterFailure(t *testing.T) {
	p := newPanel(t, ordersIn)
	b := &purse{left: 1000}
	p.engine.Budget = b
	fails := func(_ context.Context, r answer.Request, _ func(answer.Sentence) error) error {
		r.Count(50)
		return fmt.Errorf("%w: it is away", answer.ErrModel)
	}
	p.models(speaker{name: "own", to: consent.BrandAI, says: fails}, speaker{name: "second", to: consent.BrandAI, says: fails})
	if _, a := p.answer(); a.Status != answer.Answered || !slices.Equal(b.settled, []int{950, 950}) || !slices.Equal(b.spent, []int{0, 50}) {
		t.Errorf("%s, given back %v, spent before %v", a.Status, b.settled, b.spent)
	}
}

// TestCustomerLeaves: the model stops within a second, and the answer is finished
// without one.
func TestCustomerLeaves(t *testing.T) {
	for name, said := range map[string]bool{"before a sentence": false, "after a sentence": true} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t, ordersIn)
			left := make(chan struct{})
			var took time.Duration
			waits := func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
				if said {
					if err := yield(quote(r.Hits[0], "The code is "+secret+".")); err != nil {
						return err
					}
				}
				close(left)
				since := time.Now()
				<-ctx.Done()
				took = time.Since(since)
				return fmt.Errorf("%w: %w", answer.ErrModel, ctx.Err())
			}
			p.models(speaker{name: "own", to: consent.BrandAI, says: waits}, speaker{name: "second", to: consent.BrandAI})
			q := p.post()
			q.Left = left
			p.ok(p.engine.Answer(t.Context(), q))
			a := p.read(q)
			if took > time.Second || a.Status != answer.Answered || a.Model.Name != "extractive" || a.Text != "Your order was shipped." {
				t.Errorf("after %s: %s by %s: %s", took, a.Status, a.Model.Name, a.Text)
			}
			if got := strings.Join(p.calls, "; "); got != "own: order-1; extractive: order-1" {
				t.Errorf("asked were %q", got)
			}
			if n, _ := p.resets(q); n > 0 != said {
				t.Errorf("%d resets", n)
			}
		})
	}
}

// TestCustomerHasLeft asks no model for an answer that nobody waits for, and the log
// says that nothing went to any.
func TestCustomerHasLeft(t *testing.T) {
	p := newPanel(t, ownWords, ordersIn, ordersOut)
	p.models(speaker{name: "outside", to: provider})
	q := p.post()
	left := make(chan struct{})
	close(left)
	q.Left = left
	p.ok(p.engine.Answer(t.Context(), q))
	if a := p.read(q); a.Status != answer.Answered || !slices.Equal(p.calls, []string{"extractive: order-1"}) || len(p.entries(q)) != 1 {
		t.Errorf("%s, asked were %q, the log: %q", a.Status, p.calls, p.entries(q))
	}
}

// TestOfferOfWords asks for the customer's words where only a model that may not have
// them could answer, and not where nothing was found.
func TestOfferOfWords(t *testing.T) {
	for question, want := range map[string]answer.Status{
		"Are returns free?":               answer.NeedsConsent,
		"Which umbrellas are waterproof?": answer.Declined,
	} {
		t.Run(question, func(t *testing.T) {
			p := newPanel(t)
			p.engine.Extractive = speaker{p: p, name: "extractive", to: consent.BrandAI, says: silent}
			p.models(speaker{name: "outside", to: provider})
			p.question = question
			_, a := p.answer()
			if a.Status != want || (a.Offer != nil) != (want == answer.NeedsConsent) {
				t.Fatalf("%s, offering %+v: %s", a.Status, a.Offer, a.Text)
			}
			if a.Offer != nil && a.Offer.Changes[0].Triple != ownWords {
				t.Errorf("it asks for %s", a.Offer.Changes[0].Triple)
			}
		})
	}
}

// TestCancelledModel ends an answer whose process is stopping while a model writes.
func TestCancelledModel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := newPanel(t, ordersIn)
	p.models(speaker{name: "own", to: consent.BrandAI, says: func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if err := yield(quote(r.Hits[0], "Your order was shipped.")); err != nil {
			return err
		}
		cancel()
		<-ctx.Done()
		return fmt.Errorf("%w: %w", answer.ErrModel, ctx.Err())
	}})
	q := p.post()
	p.ok(p.engine.Answer(ctx, q))
	if a := p.read(q); a.Status != answer.Interrupted || strings.Contains(a.Text, "shipped") || len(p.calls) != 1 {
		t.Errorf("%s: %s, asked were %q", a.Status, a.Text, p.calls)
	}
}

// TestLogFailsBeforeModel: what cannot be recorded does not reach a model, and what
// was found is not said either.
func TestLogFailsBeforeModel(t *testing.T) {
	p := newPanel(t, ownWords, ordersIn, ordersOut)
	p.models(speaker{name: "outside", to: provider})
	p.engine.Log = &failingLog{p.store.Citations(), 1} // the search's entry is written
	q := p.post()
	if err := p.engine.Answer(t.Context(), q); !errors.Is(err, citation.ErrUnavailable) {
		t.Errorf("answering without a log: %v", err)
	}
	a := p.read(q)
	if len(p.calls) > 0 || a.Text != answer.Say(answer.SayLogUnavailable, "en") || len(a.Used) > 0 {
		t.Errorf("asked were %q: %s", p.calls, a.Text)
	}
	if now := p.state(q); now.State != conversation.Open || now.Reason != conversation.ModelFailure {
		t.Errorf("the conversation is %s for %q", now.State, now.Reason)
	}
}

// TestLogFailsBeforeNextModel: what one model has said is taken back where what goes
// to the next cannot be recorded.
func TestLogFailsBeforeNextModel(t *testing.T) {
	p := newPanel(t, ownWords, ordersIn, ordersOut, billingIn)
	p.models(speaker{name: "outside", to: provider}) // after the invoice was quoted in the house
	p.question = "Where are my order and my invoice?"
	p.engine.Log = &failingLog{p.store.Citations(), 1}
	q := p.post()
	if err := p.engine.Answer(t.Context(), q); !errors.Is(err, citation.ErrUnavailable) {
		t.Errorf("answering without a log: %v", err)
	}
	a := p.read(q)
	if a.Text != answer.Say(answer.SayLogUnavailable, "en") || !slices.Equal(p.calls, []string{"extractive: bill-1"}) {
		t.Errorf("asked were %q: %s", p.calls, a.Text)
	}
	// Nothing of what was taken back is told of: neither who wrote it nor what was checked.
	if v := a.Verification; v.Checked+v.Released+v.Dropped+len(v.Removed) > 0 || len(a.Used) > 0 || a.Model.Recipient != consent.BrandAI {
		t.Errorf("checked %+v, used %v, by %s", v, a.Used, a.Model.Name)
	}
	if n, _ := p.resets(q); n != 1 {
		t.Errorf("%d resets", n)
	}
}

// TestWithdrawnFromModel withdraws while an outside model writes: what it said is
// taken back, and the answer is written by who still may.
func TestWithdrawnFromModel(t *testing.T) {
	for name, c := range map[string]struct {
		withdrawn consent.Triple
		second    string // who is asked then
	}{
		"the words":                {ownWords, "; extractive: order-1"},
		"the record":               {ordersOut, "; extractive: order-1"},
		"the record, in the house": {ordersIn, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPanel(t, ownWords, ordersIn, ordersOut)
			p.models(speaker{name: "outside", to: provider, says: func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
				if err := yield(quote(r.Hits[0], "The code is "+secret+".")); err != nil {
					return err
				}
				p.grant(false, c.withdrawn)
				return quoteAll(r, yield)
			}})
			q, a := p.answer()
			if got := strings.Join(p.calls, "; "); got != "outside: order-1"+c.second || a.Attempt != 2 {
				t.Errorf("asked were %q, attempt %d", got, a.Attempt)
			}
			if n, why := p.resets(q); n != 1 || !strings.Contains(why, "consent_changed") {
				t.Errorf("%d resets: %s", n, why)
			}
			if strings.Contains(a.Text, secret) || slices.ContainsFunc(a.Used, func(u answer.Used) bool { return u.Recipient == provider }) {
				t.Errorf("%s, used %+v", a.Text, a.Used)
			}
		})
	}
}

// TestWithdrawnBeforeOutsideModel withdraws between the search and the model.
func TestWithdrawnBeforeOutsideModel(t *testing.T) {
	p := newPanel(t, ownWords, ordersIn, ordersOut)
	p.models(speaker{name: "outside", to: provider})
	inner := &hookedLog{p.store.Citations(), nil}
	p.engine.Log = &hookedLog{inner, func() { // before the search's entry: so before the next one
		inner.before = nil
		p.engine.Log = &hookedLog{p.store.Citations(), func() { p.grant(false, ownWords) }}
	}}
	_, a := p.answer()
	if got := strings.Join(p.calls, "; "); got != "extractive: order-1" || a.Attempt != 2 || a.Status != answer.Answered {
		t.Errorf("asked were %q at attempt %d: %s", got, a.Attempt, a.Status)
	}
}

// TestRemoved: what a model makes up is kept with the reason, for those who review it.
func TestRemoved(t *testing.T) {
	p := newPanel(t, ordersIn)
	p.models(speaker{name: "own", to: consent.BrandAI, says: func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		h := r.Hits[0]
		good := quote(h, "Your order was shipped.")
		other := quote(h, "Your order was shipped.")
		other.Citations[0].RecordID = "order-2"
		for _, s := range []answer.Sentence{
			{Text: "It is on its way."},
			{Text: "It is on its way [99].", Citations: other.Citations},
			{Text: good.Text, Citations: []answer.Citation{{RecordID: h.RecordID, PassageID: h.PassageID, Quote: "It was sent to Berlin."}}},
			{Text: "It arrives on 3 May.", Citations: good.Citations},
			{Text: "It was stolen by squirrels.", Citations: good.Citations},
			good,
		} {
			if err := yield(s); err != nil {
				return err
			}
		}
		return nil
	}})
	q, a := p.answer()
	var reasons []string
	for _, r := range a.Verification.Removed {
		reasons = append(reasons, r.Reason)
	}
	if want := []string{"no_citation", "unknown_source", "quote", "value", "unsupported"}; !slices.Equal(reasons, want) {
		t.Errorf("removed for %q, want %q", reasons, want)
	}
	if v := a.Verification; a.Text != "Your order was shipped." || v.Checked != 6 || v.Released != 1 || v.Dropped != 5 {
		t.Errorf("%q, %+v", a.Text, v)
	}
	for _, e := range p.events(q) {
		for _, lie := range []string{"on its way", "Berlin", "May", "squirrels"} {
			if strings.Contains(string(e.Data), lie) {
				t.Errorf("event %d shows %q", e.Seq, lie)
			}
		}
	}
}
