package answer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

// ErrNotWriting means that an answer may no longer be written: a person has
// taken the conversation over, or the answer was ended or taken on elsewhere.
var ErrNotWriting = errors.New("the answer is no longer being written")

// Ending is what happens to the conversation together with the end of an answer.
type Ending struct {
	Handoff Reason // why the conversation is given to a person; empty: it is not
	Topic   string // of the policy, where one is the reason
	// AfterDeclined gives it to a person when so many answers in a row were no help
	// (Unhelped); 0: never.
	AfterDeclined int
	Notice        string // what the customer reads if it is given to a person
}

// Journal is where an answer is released: the conversation's one sequence.
//
// Each method is one transaction and durable when it returns. It stores the
// whole answer as it stands. Release and Finish commit only if the stamp still
// holds in the same transaction, else consent.ErrStale; all three only while
// the answer is being written, the assistant has the conversation, and nobody
// else has begun the attempt or a later one, else ErrNotWriting. After an error
// nothing of the call was released; after identity.ErrUnavailable it may have been.
type Journal interface {
	// Begin starts an attempt. A second one takes back what the first released.
	Begin(ctx context.Context, a Answer, reason string) error
	// Release releases the last sentence of a.
	Release(ctx context.Context, stamp consent.Stamp, a Answer) error
	Finish(ctx context.Context, stamp consent.Stamp, a Answer, end Ending) error
	// Stored returns the answer as it stands.
	Stored(ctx context.Context, id string) (Answer, error)
}

// Engine answers questions.
type Engine struct {
	Gate    *consent.Gate
	Search  *retrieval.Searcher
	Log     citation.Log
	Journal Journal
	// Models are the language models, the preferred first; there may be none.
	Models []Answerer
	// Extractive answers where no model may, can or does. It is in-house.
	Extractive Answerer
	// Judge is asked before any of them; nil: whatever was found may answer.
	Judge Judge
	// Verifier checks every sentence that is not a set phrase; the zero value does so by
	// words alone.
	Verifier Verifier
	// Budget bounds what the models cost; nil: nothing does.
	Budget Budget
	// Meter counts what models do; nil: nobody does.
	Meter  Meter
	Logger *slog.Logger
}

// Turn is one message to answer.
type Turn struct {
	AnswerID     string
	Conversation string
	Who          identity.Principal
	Brand        string
	Text         string
	Language     string // of the customer's messages, BCP 47
	// Before is what the customer said before, the oldest first.
	Before     []string
	Supersedes string
	Asked      time.Time
	// Instruction is that of the person for whom a draft is written (see Suggest).
	Instruction string
	// Left is closed when nobody waits for the answer any more: no model is kept at
	// work then. Nil: somebody always does.
	Left <-chan struct{}
}

const (
	// maxAttempts is how often an answer is written: once, and twice again when
	// the customer's choices change meanwhile.
	maxAttempts = 3
	// maxHits is how many passages an answer is made from.
	maxHits = 24
	// leansOn is how many of the customer's earlier messages a question may lean on.
	leansOn = 2
	// afterDeclined is after how many answers in a row that were no help a person comes.
	afterDeclined = 2
	// endTimeout bounds what is written after the question was cancelled.
	endTimeout = 10 * time.Second
)

// Answer answers the question: it searches under a fresh scope, records what
// goes to the answerer, and releases each sentence that its sources support.
// When it returns without an error the answer is finished and recorded, taken
// over by a person, or given to one because answering failed. After an error it
// may be unfinished or unrecorded: Recover sees to both.
func (e *Engine) Answer(ctx context.Context, q Turn) error {
	a := e.newAnswer(q)
	var err error
	opened, reason, r := "", "", &routing{out: make(map[int]bool), began: time.Now()}
	for stale := 0; stale < maxAttempts; {
		a.Attempt++
		var finished bool
		opened, finished, err = e.attempt(ctx, q, &a, r, reason)
		if finished {
			return err
		}
		switch {
		case errors.Is(err, errBrokeOff): // once for each model at most, as it is left out now
			reason = "model_failure"
			continue
		case errors.Is(err, consent.ErrStale):
			reason = "consent_changed"
			if errors.Is(err, retrieval.ErrHidden) {
				reason = "source_hidden"
			}
			stale++
			continue
		}
		break
	}
	a.Spent = r.total()
	switch {
	case errors.Is(err, ErrNotWriting):
		return e.lost(q, opened)
	case errors.Is(err, consent.ErrStale):
		return e.giveUp(q, a, opened, Declined, Ending{}, SayInterrupted)
	case ctx.Err() != nil:
		return e.giveUp(q, a, opened, Interrupted, Ending{}, SayInterrupted)
	case errors.Is(err, retrieval.ErrUnavailable):
		// Nothing is known, so nothing is guessed. One outage does not send everybody to
		// the desk; whoever asks again is sent.
		e.Logger.Error("the search is not available", "answer", a.ID, "error", err)
		end := Ending{AfterDeclined: afterDeclined, Notice: Say(SayHandoff, a.Language)}
		return e.giveUp(q, a, opened, Declined, end, SaySearchUnavailable, SayOfferPerson)
	}
	e.Logger.Error("answering failed", "answer", a.ID, "error", err)
	return e.giveUp(q, a, opened, Interrupted, Ending{Handoff: ModelFailure, Notice: Say(SayHandoff, a.Language)}, SayInterrupted)
}

// Recover ends an answer that was left half-way, or records the end of one that
// was not recorded. Its customer reads that they may ask again. It does nothing
// twice, but must not run beside Answer.
func (e *Engine) Recover(ctx context.Context, id string, who identity.Principal) error {
	a, err := e.Journal.Stored(ctx, id)
	if err != nil {
		return err
	}
	entries, err := e.Log.ByAnswer(ctx, id)
	if err != nil {
		return err
	}
	opened := ""
	for _, x := range entries {
		if x.Kind == citation.Opened {
			opened = x.ID
		}
	}
	q := Turn{AnswerID: id, Conversation: a.ConversationID, Who: who}
	if a.Status == Writing {
		return e.giveUp(q, a, opened, Interrupted, Ending{}, SayInterrupted)
	}
	return e.close(q, a, consent.Scope{}, opened)
}

func (e *Engine) newAnswer(q Turn) Answer {
	return Answer{
		ID: q.AnswerID, ConversationID: q.Conversation, At: q.Asked, Question: q.Text, Supersedes: q.Supersedes,
		Language: consent.MatchLanguage(q.Language), Model: e.Extractive.Model(), Leaf: Leaf{ID: LeafID(q.AnswerID)},
		Sentences: []Sentence{}, Used: []Used{}, NotSearched: []NotSearched{},
	}
}

// takeBack empties an answer, so that nobody has written it.
func (e *Engine) takeBack(a *Answer) {
	a.TakeBack()
	a.Model = e.Extractive.Model()
}

// lost records an answer that a person's arrival ended, as it was left. One that
// is still being written is somebody else's now, to write and to record.
func (e *Engine) lost(q Turn, opened string) error {
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	a, err := e.Journal.Stored(ctx, q.AnswerID)
	if err != nil || a.Status == Writing {
		return err
	}
	return e.close(q, a, consent.Scope{}, opened)
}

// attempt writes the answer once, under one scope, without the models that are out.
// It returns the opened entry, and whether the answer is finished: what fails
// then is recording its end. Reason is why the attempt before was taken back.
func (e *Engine) attempt(ctx context.Context, q Turn, a *Answer, r *routing, reason string) (opened string, finished bool, err error) {
	scope, scopeErr := e.Gate.Scope(ctx, q.Who, consent.Answers)
	if ctx.Err() != nil {
		return "", false, ctx.Err()
	}
	if scopeErr != nil {
		e.Logger.Warn("the ledger cannot be read: answering without personal data", "answer", a.ID, "error", scopeErr)
	}
	before := q.Before[max(0, len(q.Before)-leansOn):]
	intent := UnderstandAfter(e.Gate.Policy(), q.Text, before, a.Language)
	handover := intent.Handover(e.Gate.Policy(), q.Text, q.Before, a.Language)
	stamp := scope.Stamp()
	a.Status, a.Offer = Writing, nil
	e.takeBack(a)
	a.Epoch, a.PolicyVersion, a.ValidUntil = stamp.Epoch, stamp.PolicyVersion, stamp.ValidUntil
	a.NotSearched = notSearchedOf(scope, intent)
	if err := e.Journal.Begin(ctx, *a, reason); err != nil {
		return "", false, err
	}

	var hits []retrieval.Hit
	if intent.Act == Question && handover.Reason == "" {
		found, err := e.Search.Search(ctx, scope, intent.Query(q.Text, q.Language, before, q.Asked), maxHits)
		if err != nil {
			return "", false, fmt.Errorf("search: %w", err)
		}
		if found.Cause != nil {
			e.Logger.Warn("searched by words, since meaning cannot be had", "answer", a.ID, "meaning", found.Meaning, "error", found.Cause)
		}
		var spoke int
		if hits, spoke = quarantine(permitted(found.Hits, consent.BrandAI)); spoke > 0 {
			e.Logger.Warn("records hold sentences that speak to the assistant: they are left out", "answer", a.ID, "sentences", spoke)
		}
		if intent.Lookup {
			hits = slices.DeleteFunc(hits, func(h retrieval.Hit) bool { return h.Record.Knowledge() })
		}
	}
	w := &writer{engine: e, ctx: ctx, turn: q, found: hits, intent: intent, handover: handover, scope: scope, stamp: stamp, answer: a, routing: r}
	// What was found was read by the company's own search, which extractive is part of.
	if err := w.open(e.Extractive.Model(), hits); err != nil {
		return e.notOpened(w, err)
	}
	end, err := e.write(w)
	switch {
	case errors.Is(err, errNotRecorded):
		return e.notOpened(w, err)
	case err != nil:
		return w.opened, false, err
	}
	a.Spent = r.total()
	if err := e.Journal.Finish(ctx, stamp, *a, end); err != nil {
		return w.opened, false, err
	}
	return w.opened, true, e.close(q, *a, scope, w.opened)
}

// notOpened ends an attempt of which an opened entry could not be written, unless it
// is only out of date.
func (e *Engine) notOpened(w *writer, err error) (opened string, finished bool, _ error) {
	switch {
	case errors.Is(err, consent.ErrStale), errors.Is(err, ErrNotWriting):
		return w.opened, false, err
	case w.ctx.Err() != nil:
		return w.opened, false, w.ctx.Err()
	}
	e.Logger.Error("an answer cannot be recorded", "answer", w.answer.ID, "error", err)
	finished, err = e.refuse(w)
	return w.opened, finished, err
}

// write says what there is to say, by what the message does.
func (e *Engine) write(w *writer) (Ending, error) {
	a := w.answer
	switch w.intent.Act {
	case Greeting:
		a.Status = Smalltalk
		return Ending{}, w.say(Say(SayGreeting, a.Language, "brand", w.turn.Brand))
	case Thanks:
		a.Status = Smalltalk
		return Ending{}, w.say(Say(SayThanks, a.Language))
	case WantsPerson, Question:
	}
	for _, text := range w.handover.Say {
		if err := w.say(text); err != nil {
			return Ending{}, err
		}
	}
	if w.handover.Reason != "" {
		a.Status = Handoff
		return Ending{Handoff: w.handover.Reason, Topic: w.handover.Topic}, nil
	}
	if w.scope.Unavailable() {
		if err := w.say(Say(SayLedgerUnavailable, a.Language)); err != nil {
			return Ending{}, err
		}
	}
	said := len(a.Sentences)
	support, err := w.question()
	if err != nil {
		return Ending{}, err
	}
	return e.conclude(w, support, len(a.Sentences) > said)
}

// conclude adds what an answer owes the customer beyond its sources: the
// consent that would help, what was not looked at, and the way to a person.
func (e *Engine) conclude(w *writer, support Support, supported bool) (Ending, error) {
	a, policy, intent, scope := w.answer, e.Gate.Policy(), w.intent, w.scope
	missing := relevantOf(a.NotSearched)
	a.NotSearched = append(a.NotSearched, w.withheld...)
	personal := a.Personal()
	// Company knowledge answers a general question; a personal one it only
	// goes round, and then the consent that would help is asked for.
	wanting := len(missing) > 0 && !personal && (intent.Personal || !supported)
	if wanting {
		if offered, err := w.offer(consent.BrandAI, categoriesOf(missing)); offered || err != nil {
			return Ending{}, err
		}
		for _, group := range byReason(missing) {
			if scope.Unavailable() {
				break // said already
			}
			if err := w.say(SayNotSearched(policy, a.Language, group.reason, group.categories...)); err != nil {
				return Ending{}, err
			}
		}
	}
	switch {
	case supported && (wanting || !w.complete()):
		a.Status = Partial
		return Ending{}, nil
	case supported:
		a.Status = Answered
		return Ending{}, nil
	case support == Unclear:
		a.Status = Clarify
		return Ending{AfterDeclined: afterDeclined, Notice: Say(SayHandoff, a.Language)}, w.say(Say(SayClarify, a.Language))
	}
	if support == Supported && w.unread != "" {
		// What was found answers it, and only a model that may not read the question
		// could say how.
		if offered, err := w.offer(w.unread, []consent.Category{consent.Conversation}); offered || err != nil {
			return Ending{}, err
		}
	}
	a.Status = Declined
	text := Say(SayDeclined, a.Language)
	if searched := searchedOf(scope, intent); len(searched) > 0 {
		text = Say(SayNoRecords, a.Language, "what", policy.Phrase(a.Language, searched...))
	}
	if err := w.say(text); err != nil {
		return Ending{}, err
	}
	if err := w.say(Say(SayOfferPerson, a.Language)); err != nil {
		return Ending{}, err
	}
	end := Ending{AfterDeclined: afterDeclined, Notice: Say(SayHandoff, a.Language)}
	if support == Supported && w.routing.failed() {
		end.Handoff = ModelFailure // there is an answer, and nobody here to write it
	}
	return end, nil
}

// offer asks for a consent that would help, if there is one to ask for.
func (w *writer) offer(to consent.Recipient, categories []consent.Category) (bool, error) {
	a := w.answer
	offer, err := w.engine.Gate.Offer(w.ctx, w.turn.Who, to, categories, a.Language, w.turn.Brand)
	if err != nil && !w.scope.Unavailable() {
		return false, fmt.Errorf("make an offer: %w", err)
	}
	if offer == nil {
		return false, nil
	}
	a.Offer, a.Status = offer, NeedsConsent
	return true, w.say(offer.Text)
}

// refuse ends an answer that could not be recorded: what was said of it is taken back,
// and nothing of the search is said.
func (e *Engine) refuse(w *writer) (finished bool, err error) {
	a := w.answer
	said := len(a.Sentences) > 0
	e.takeBack(a)
	if said {
		a.Attempt++
		a.Status = Writing
		if err := e.Journal.Begin(w.ctx, *a, "interrupted"); err != nil {
			return false, err
		}
	}
	a.Status = Declined
	if err := w.say(Say(SayLogUnavailable, a.Language)); err != nil {
		return false, err
	}
	end := Ending{Handoff: ModelFailure, Notice: Say(SayHandoff, a.Language)}
	a.Spent = w.routing.total()
	if err := e.Journal.Finish(w.ctx, w.stamp, *a, end); err != nil {
		return false, err
	}
	return true, e.close(w.turn, *a, w.scope, w.opened)
}

// giveUp ends an answer that cannot be finished, says so, and takes back what was
// released of it. It runs also when the question was cancelled.
func (e *Engine) giveUp(q Turn, a Answer, opened string, status Status, end Ending, why ...Phrase) error {
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	a.Attempt++
	a.Status, a.Offer, a.NotSearched, a.ValidUntil = Writing, nil, []NotSearched{}, time.Time{}
	e.takeBack(&a)
	// Nothing personal is said, so no scope has to hold.
	w := &writer{engine: e, ctx: ctx, stamp: consent.Stamp{Unavailable: true}, answer: &a}
	err := e.Journal.Begin(ctx, a, "interrupted")
	for _, phrase := range why {
		if err == nil {
			err = w.say(Say(phrase, a.Language))
		}
	}
	if err == nil {
		a.Status = status
		err = e.Journal.Finish(ctx, w.stamp, a, end)
	}
	if errors.Is(err, ErrNotWriting) {
		return e.lost(q, opened)
	}
	if err != nil {
		return err
	}
	return e.close(q, a, consent.Scope{}, opened)
}

// Said is the sealed part of an entry of the log, which its customer's receipt has too.
// An opened entry has the question alone.
type Said struct {
	Question     string        `json:"question"`
	Sentences    []Sentence    `json:"sentences,omitempty"`
	Verification *Verification `json:"verification,omitempty"` // the counts
	Spent        *Spent        `json:"spent,omitempty"`
}

// Reviewed is the sealed part of a closed entry that only reviewers see.
type Reviewed struct {
	Removed []Removed `json:"removed"`
}

func (e *Engine) entry(q Turn, a Answer, scope consent.Scope, kind citation.Kind, m Model) citation.Entry {
	return citation.Entry{
		ID: identity.NewID("cit"), Kind: kind, AnswerID: a.ID, Attempt: a.Attempt, Site: q.Who.Site, Customer: q.Who.Customer,
		Conversation: q.Conversation, Purpose: q.purpose(), Recipient: m.Recipient, Model: m.Name,
		Language: a.Language, Epoch: a.Epoch, PolicyVersion: a.PolicyVersion, GPC: scope.GPC(), Status: string(Writing),
		NotSearched: a.NotSearched,
	}
}

// close records how the answer ended. It is done also when the question was
// cancelled meanwhile: what was released must be on record.
func (e *Engine) close(q Turn, a Answer, scope consent.Scope, opened string) error {
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	entry := e.entry(q, a, scope, citation.Closed, a.Model)
	entry.ID, entry.Opened, entry.Status = LeafID(a.ID), opened, string(a.Status)
	entry.Records = usesOf(a.Used)
	counts := a.Verification.Counts()
	var err error
	if entry.Body, err = json.Marshal(Said{a.Question, a.Sentences, &counts, &a.Spent}); err != nil {
		return err
	}
	if removed := a.Verification.Removed; len(removed) > 0 {
		if entry.Review, err = json.Marshal(Reviewed{removed}); err != nil {
			return err
		}
	}
	entry.Words = citation.Words(a.Question, a.Text)
	return e.Log.Append(ctx, entry)
}

// usedOf describes the records of hits, each once.
func usedOf(hits []retrieval.Hit, purpose consent.Purpose, r consent.Recipient) []Used {
	out := []Used{}
	for _, h := range hits {
		if slices.ContainsFunc(out, func(u Used) bool { return u.RecordID == h.RecordID }) {
			continue
		}
		u := Used{
			RecordID: h.RecordID, Title: h.Record.Title, Category: h.Record.Category, Source: h.Record.Source,
			CollectedAt: h.Record.CollectedAt, Purpose: purpose, Recipient: r,
		}
		for _, p := range h.Recipients {
			if p.Recipient == r {
				u.GrantID = p.Grant
			}
		}
		out = append(out, u)
	}
	return out
}

func textOf(sentences []Sentence) string {
	parts := make([]string, len(sentences))
	for i, s := range sentences {
		parts[i] = s.Text
	}
	return strings.Join(parts, " ")
}

func notSearchedOf(scope consent.Scope, intent Intent) []NotSearched {
	out := []NotSearched{}
	for _, d := range scope.Denials() {
		out = append(out, NotSearched{Category: d.Category, Reason: d.Reason, Relevant: slices.Contains(intent.Relevant, d.Category)})
	}
	return out
}

func relevantOf(all []NotSearched) []NotSearched {
	return slices.DeleteFunc(slices.Clone(all), func(n NotSearched) bool { return !n.Relevant })
}

func categoriesOf(all []NotSearched) []consent.Category {
	out := make([]consent.Category, len(all))
	for i, n := range all {
		out[i] = n.Category
	}
	return out
}

type reasonGroup struct {
	reason     consent.Reason
	categories []consent.Category
}

// byReason groups categories by why they were not searched.
func byReason(all []NotSearched) []reasonGroup {
	var out []reasonGroup
	for _, n := range all {
		i := slices.IndexFunc(out, func(g reasonGroup) bool { return g.reason == n.Reason })
		if i < 0 {
			out = append(out, reasonGroup{reason: n.Reason})
			i = len(out) - 1
		}
		out[i].categories = append(out[i].categories, n.Category)
	}
	return out
}

// searchedOf returns the categories that the question was about and that were
// searched.
func searchedOf(scope consent.Scope, intent Intent) []consent.Category {
	searched := scope.Searchable()
	return slices.DeleteFunc(slices.Clone(intent.Relevant), func(c consent.Category) bool { return !slices.Contains(searched, c) })
}
