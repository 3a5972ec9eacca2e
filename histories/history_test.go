package histories

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/store"
)

// history is what happens to one customer.
type history struct {
	w        *world
	customer identity.CustomerID
	talks    [places]string // the conversations, by place
	canaries [len(categories)]string
	records  [len(categories)]retrieval.Record
	ticks    atomic.Int64

	mu      sync.Mutex
	events  []*event
	asking  map[string]*asked // by the session that asked
	answers map[string]*asked // by the answer
	offers  []*asked
	stale   []refusal
	wrongs  []string
	counts  [lastCount]int
}

// refusal is a commit that was refused because choices had changed, or had ended
// with their conversation.
type refusal struct {
	answer   string
	place    int
	from, to int64
	at       window
}

func (h *history) now() int64 { return h.ticks.Add(1) }

// start notes the call of an event.
func (h *history) start(e *event) {
	e.call, e.at.from = h.now(), h.w.clock().from
}

// open starts an event of an answer.
func (h *history) open(k kind, q *asked) *event {
	e := &event{kind: k, who: q.who, place: q.place, answer: q.id, gpc: q.gpc}
	h.start(e)
	return e
}

// close notes the return of an event.
func (h *history) close(e *event) {
	e.at.to = h.w.clock().to
	h.mu.Lock()
	defer h.mu.Unlock()
	e.ret = h.now()
	h.events = append(h.events, e)
}

// wrong notes what breaks a promise whatever the rules say.
func (h *history) wrong(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrongs = append(h.wrongs, fmt.Sprintf(format, args...))
}

func (h *history) question(session string) *asked {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asking[session]
}

func (h *history) refused(q *asked) {
	at := window{q.since.from, h.w.clock().to}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stale = append(h.stale, refusal{q.id, q.place, q.mark, h.now(), at})
}

func (h *history) placeOf(conversation string) int {
	return max(slices.Index(h.talks[:], conversation), everywhere)
}

// who is the customer in a conversation.
func (h *history) who(place int) identity.Principal {
	return identity.Principal{Kind: identity.Customer, Site: shop, Customer: h.customer}.In(h.talks[place])
}

// run makes a customer and lets a plan happen.
func (w *world) run(p plan) *history {
	h := &history{w: w, asking: make(map[string]*asked), answers: make(map[string]*asked)}
	ctx := background(w.tb)
	r := w.replicas[0]
	var err error
	h.customer, err = r.Customer(ctx, shop, rand.Text())
	w.must(err)
	w.history.Store(h)
	for place := firstTalk; place < places; place++ {
		c, err := r.talk.Start(ctx, h.who(everywhere), "en", "You're chatting with an AI.")
		w.must(err)
		h.talks[place] = c.ID
	}
	for i, c := range categories {
		h.canaries[i] = newCanary(i)
		h.records[i] = retrieval.Record{
			ID: identity.NewID("rec"), Site: shop, Customer: h.customer, Category: c, Title: "Note", Language: "en",
			Text:        strings.ReplaceAll("Your word for this is ?. The word ? is yours since Monday. We know the word ? now.", "?", h.canaries[i]),
			CollectedAt: time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC),
		}
		w.must(r.PutRecord(ctx, h.records[i]))
	}
	if len(p.given) > 0 {
		h.do(ctx, 0, step{verb: give, place: firstTalk, triples: p.given})
	}
	if len(p.here) > 0 {
		h.do(ctx, 0, step{verb: give, place: firstTalk, triples: p.here, here: true})
	}
	if p.desk {
		for _, v := range []verb{handOff, claim, giveBack} {
			h.do(ctx, 0, step{verb: v, place: firstTalk})
		}
	}
	var group sync.WaitGroup
	for i, steps := range p.actors {
		group.Go(func() {
			for _, s := range steps {
				w.rest(s.wait)
				h.do(ctx, i+1, s)
			}
		})
	}
	group.Wait()
	h.do(ctx, 0, step{verb: look})
	for place := firstTalk; place < places; place++ {
		h.do(ctx, 0, step{verb: transcript, place: place})
		h.do(ctx, 0, step{verb: view, place: place, replica: 1})
	}
	return h
}

// do does a step. What the state of things does not allow is left undone.
func (h *history) do(ctx context.Context, who int, s step) {
	r := h.w.replicas[s.replica]
	conv := h.talks[s.place]
	var err error
	switch s.verb {
	case give, stop, notNow:
		if err = h.choose(ctx, who, s); err == nil && s.leave {
			err = h.handOff(ctx, who, s)
		}
	case ask:
		err = h.ask(ctx, who, s)
	case accept:
		err = h.accept(ctx, who, s)
	case look:
		err = h.look(ctx, who)
	case readOwn:
		err = h.read(ctx, who, s)
	case transcript:
		err = h.transcript(ctx, s)
	case handOff:
		err = h.handOff(ctx, who, s)
	case claim:
		if err = r.desk.Claim(ctx, agent, conv); err == nil {
			h.count(takeovers)
		}
	case view:
		err = h.view(ctx, who, s)
	case reply:
		err = r.desk.Reply(ctx, agent, conv, "Let me have a look.")
	case queue:
		var tickets []agents.Ticket
		tickets, err = r.desk.Queue(ctx, agent, "")
		for _, t := range tickets {
			if t.Customer == h.customer && len(h.quotes(t.Summary)) > 0 {
				h.wrong("the queue quotes a record")
			}
		}
	case giveBack:
		err = r.desk.Return(ctx, agent, conv)
	case resolve:
		_ = r.desk.Claim(ctx, agent, conv) // somebody may have it already
		e := &event{kind: resolved, who: who, place: s.place}
		h.start(e)
		if err = r.desk.Resolve(ctx, agent, conv); err == nil {
			h.close(e)
			h.count(resolutions)
		}
	case sweep:
		_, err = r.gate.Expire(ctx, 100)
	case install:
		err = h.install(ctx, who, s)
	}
	h.count(operations)
	if err != nil && !expected(err) {
		h.wrong("%s: %v", s, err)
	}
}

// choose makes choices as the widget does.
func (h *history) choose(ctx context.Context, who int, s step) error {
	e := &event{who: who, place: s.place, offer: s.verb == notNow}
	set := consent.ChangeSet{Language: "en", Channel: "widget"}
	if e.offer {
		set.Offer = identity.NewID("ofr")
	}
	for _, t := range s.triples {
		c := consent.Change{Triple: triples[t], Granted: s.verb == give, Delete: s.delete}
		if s.here {
			c.Duration = consent.ThisConversation
		}
		set.Changes = append(set.Changes, c)
		e.wishes = append(e.wishes, wish{t, c.Granted, s.here, s.delete})
	}
	from := h.now()
	_, err := h.w.replicas[s.replica].gate.Change(context.WithValue(ctx, wantedKey{}, e), h.who(s.place), set)
	if err != nil {
		return err
	}
	if s.verb == stop {
		h.count(withdrawals)
		if s.delete {
			h.count(deletions)
		}
		h.during(from, midAnswer)
	}
	return nil
}

// handOff asks for a person.
func (h *history) handOff(ctx context.Context, who int, s step) error {
	e := &event{kind: reopened, who: who, place: s.place}
	h.start(e)
	_, err := h.w.replicas[s.replica].talk.Handoff(ctx, h.who(s.place), h.talks[s.place], "A person will come.")
	if err == nil {
		h.close(e)
	}
	return err
}

// during counts the answers that were being written since a moment and are still.
func (h *history) during(from int64, c count) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, q := range h.answers {
		if q.began < from && !q.over {
			h.counts[c]++
		}
	}
}

// ask posts a question and waits for what becomes of it.
func (h *history) ask(ctx context.Context, who int, s step) error {
	q := h.asks(s, who)
	p := h.who(s.place)
	p.GPC, p.Session = s.gpc, identity.NewID("ses")
	h.mu.Lock()
	h.asking[p.Session] = q
	h.mu.Unlock()
	e := &event{kind: reopened, who: who, place: s.place}
	h.start(e)
	r := h.w.replicas[s.replica]
	posted, err := r.talk.Say(ctx, p, h.talks[s.place], s.question(), "en")
	if err != nil {
		return err
	}
	h.close(e)
	if posted.AnswerID != "" {
		return h.answered(ctx, q)
	}
	// A person has it, and gives it back, so that the next question is answered.
	if err := r.desk.Claim(ctx, agent, h.talks[s.place]); err != nil {
		return err
	}
	return r.desk.Return(ctx, agent, h.talks[s.place])
}

// asks is a question before it is asked.
func (h *history) asks(s step, who int) *asked {
	return &asked{in: h, step: s, who: who, done: make(chan struct{}), left: make(chan struct{}), written: make(map[int]*event)}
}

// answered waits for an answer, and keeps it as the response to a request that can
// be repeated.
func (h *history) answered(ctx context.Context, q *asked) error {
	<-q.done
	h.count(questionsAsked)
	h.mu.Lock()
	if q.ended && q.finished.Offer != nil {
		h.offers = append(h.offers, q)
	}
	h.mu.Unlock()
	body, err := json.Marshal(q.finished)
	if err != nil {
		return err
	}
	r, scope := h.w.replicas[q.replica], "POST "+q.id
	if _, err := r.Remember(ctx, h.customer, scope, "key", "body"); err != nil {
		return err
	}
	return r.Settle(ctx, h.customer, scope, "key", store.Response{Status: 200, ContentType: "application/json", Body: body})
}

// accept says yes to the latest offer, and waits for the new answer.
func (h *history) accept(ctx context.Context, who int, s step) error {
	h.mu.Lock()
	if len(h.offers) == 0 {
		h.mu.Unlock()
		return nil
	}
	old := h.offers[len(h.offers)-1]
	h.offers = h.offers[:len(h.offers)-1]
	h.mu.Unlock()
	r := h.w.replicas[s.replica]
	p := h.who(old.place)
	p.GPC, p.Session = old.gpc, identity.NewID("ses")
	e := &event{who: who, place: old.place, offer: true}
	set := consent.ChangeSet{Language: "en", Channel: "widget", Offer: old.finished.Offer.ID}
	for _, c := range old.finished.Offer.Changes {
		set.Changes = append(set.Changes, consent.Change{Triple: c.Triple, Granted: true, Duration: consent.ThisConversation})
		e.wishes = append(e.wishes, wish{slices.Index(triples[:], c.Triple), true, true, false})
	}
	if _, err := r.gate.Change(context.WithValue(ctx, wantedKey{}, e), p, set); err != nil {
		return err
	}
	again := old.step
	again.pauses = s.pauses
	q := h.asks(again, who)
	h.mu.Lock()
	h.asking[p.Session] = q
	h.mu.Unlock()
	id, err := r.talk.Again(ctx, p, old.id)
	if err == nil && id != "" {
		h.count(accepted)
		err = h.answered(ctx, q)
	}
	return err
}

// look reads, in one statement, of which categories there are rows.
func (h *history) look(ctx context.Context, who int) error {
	e := &event{kind: looked, who: who}
	h.start(e)
	rows, err := h.w.operator.QueryContext(ctx, fmt.Sprintf(`SELECT DISTINCT 'record', category FROM records WHERE customer = '%[1]s'
		UNION ALL SELECT DISTINCT 'passage' || space, category FROM passages WHERE customer = '%[1]s'`, h.customer))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var c consent.Category
		if err := rows.Scan(&what, &c); err != nil {
			return err
		}
		i := slices.Index(categories[:], c)
		switch what {
		case "record":
			e.records = append(e.records, i)
		case "passage":
			e.indexed = append(e.indexed, i)
		case "passage" + spaceOf(false).String():
			e.embedded = append(e.embedded, i)
		case "passage" + spaceOf(true).String():
			e.outOfHouse = append(e.outOfHouse, i)
		default:
			h.wrong("a vector is of no space: %s", what)
		}
	}
	h.close(e)
	return rows.Err()
}

// read reads the customer's choices.
func (h *history) read(ctx context.Context, who int, s step) error {
	e := &event{kind: read, who: who, place: s.place}
	h.start(e)
	c, err := h.w.replicas[s.replica].gate.Choices(ctx, h.who(s.place), "en")
	if err != nil {
		return err
	}
	e.epoch = c.Epoch
	for _, x := range c.Choices {
		if t := slices.Index(triples[:], x.Triple); t >= 0 {
			e.shown[t] = x.Grant
		}
	}
	h.close(e)
	return nil
}

// transcript reads what was said: what quotes a record says so.
func (h *history) transcript(ctx context.Context, s step) error {
	_, messages, err := h.w.replicas[s.replica].talk.Messages(ctx, h.who(s.place), h.talks[s.place])
	if err != nil {
		return err
	}
	for _, m := range messages {
		h.inherits(m)
	}
	return nil
}

// inherits holds that a text which was made from records carries their categories.
func (h *history) inherits(m conversation.Message) {
	for _, part := range m.Segments {
		for _, i := range h.quotes(part.Text) {
			if !slices.Contains(part.Categories, categories[i]) {
				h.wrong("a message of %s quotes %s and carries %v", m.From, categories[i], part.Categories)
			}
		}
	}
}

// view looks at a conversation as an agent does.
func (h *history) view(ctx context.Context, who int, s step) error {
	e := &event{kind: viewed, who: who, place: s.place}
	h.start(e)
	v, err := h.w.replicas[s.replica].desk.Get(ctx, agent, h.talks[s.place])
	if err != nil {
		return err
	}
	for i, c := range categories {
		if slices.Contains(v.Shared, c) {
			e.shared = append(e.shared, i)
		}
		if slices.ContainsFunc(v.Records, func(r retrieval.Record) bool { return r.Category == c }) {
			e.records = append(e.records, i)
		}
	}
	masked := false
	for _, m := range v.Messages {
		if len(m.Segments) > 0 {
			h.wrong("an agent's view holds a message as it was said")
		}
		for _, p := range m.Parts {
			e.quotes = append(e.quotes, h.quotes(p.Text)...)
			masked = masked || p.Masked
		}
	}
	for _, r := range v.Records {
		e.quotes = append(e.quotes, h.quotes(r.Text)...)
	}
	slices.Sort(e.quotes)
	e.quotes = slices.Compact(e.quotes)
	if len(h.quotes(v.Ticket.Summary)) > 0 {
		h.wrong("a summary quotes a record")
	}
	h.close(e)
	switch {
	case len(e.quotes) > 0:
		h.count(shownToPeople)
	case masked:
		h.count(maskedFromPeople)
	}
	return nil
}

// install puts another policy in force.
func (h *history) install(ctx context.Context, who int, s step) error {
	x := editions[s.edition]
	e := &event{kind: installed, who: who, edition: x.name, touches: x.touches}
	ok, err := h.w.install(ctx, h.w.replicas[s.replica], x, func() { h.start(e) })
	if err != nil || !ok {
		return err
	}
	h.close(e)
	h.count(policies)
	h.during(e.call, policyMidAnswer)
	return nil
}

// logged holds that a log line has no word of a record.
func (h *history) logged(line string) {
	if len(h.quotes(line)) > 0 {
		h.wrong("a log line quotes a record")
	}
	if strings.Contains(line, "panicked") {
		h.wrong("%s", line)
	}
}

// report tells what went wrong, and of what.
func (h *history) report(p plan, found []string) string {
	slices.SortFunc(h.events, func(a, b *event) int { return cmp.Compare(a.call, b.call) })
	var b strings.Builder
	b.WriteString("the history breaks the rules:\n")
	for _, f := range found {
		b.WriteString("  " + f + "\n")
	}
	b.WriteString("the plan:\n" + p.String() + "what happened (from call to return, of whom):\n")
	for _, e := range h.events {
		b.WriteString("  " + e.String() + "\n")
	}
	return b.String()
}
