package main

import (
	"bytes"
	"context"
	"errors"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/store"
	"candor/web"
)

// The types here join packages that do not know each other.

// responder answers turns with the engine.
type responder struct{ *app }

var _ conversation.Responder = responder{}

func (r responder) Respond(ctx context.Context, t conversation.Turn) {
	err := r.writer().Answer(ctx, r.turn(context.WithoutCancel(ctx), t))
	if errors.Is(err, conversation.ErrNotFound) || errors.Is(err, answer.ErrNotWriting) {
		return // their customer was erased meanwhile, or the conversation's time was over
	}
	if err != nil {
		// It stays in status writing, and is ended when the database is back.
		r.log.Error("an answer was left unfinished", "answer", t.AnswerID, "error", err)
	}
}

// writer is the engine that answers now: the demo has two.
func (r responder) writer() *answer.Engine {
	if r.liar != nil && r.server.Demo.MadeUp.Load() {
		return r.liar
	}
	return r.engine
}

// notices are the phrases of people coming and going.
type notices struct{ gate *consent.Gate }

var _ agents.Notices = notices{}

func (n notices) Joined(language, agent string) string {
	return answer.Say(answer.SayAgentJoined, language, "name", agent)
}

func (n notices) Returned(language, brand string) string {
	return answer.Say(answer.SayReturnedToAI, language, "brand", brand)
}

func (n notices) Gone(language string) string { return answer.Say(answer.SayAgentGone, language) }

func (n notices) Resolved(language string) string { return answer.Say(answer.SayResolved, language) }

func (n notices) NotShared(language string, categories []consent.Category) string {
	return answer.Say(answer.SayQuotedNotShared, language, "what", n.gate.Policy().Phrase(language, categories...))
}

// records is what a site's backend can do.
type records struct{ *app }

var _ web.Records = records{}

func (r records) ImportRecords(ctx context.Context, site identity.SiteID, body []byte) (web.Import, error) {
	return toImport(r.importer.Records(ctx, site, ingest.JSON(bytes.NewReader(body)), func(int) {}))
}

func (r records) ImportKnowledge(ctx context.Context, site identity.SiteID, body []byte) (web.Import, error) {
	return toImport(r.importer.Knowledge(ctx, site, ingest.JSON(bytes.NewReader(body)), "", func(int) {}))
}

func toImport(report ingest.Report, err error) (web.Import, error) {
	out := web.Import{Accepted: report.Accepted, Rejected: make([]web.Rejected, len(report.Rejected)), Malformed: report.Malformed}
	for i, r := range report.Rejected {
		out.Rejected[i] = web.Rejected{Index: r.Index, Error: r.Error}
	}
	return out, err
}

func (r records) Record(ctx context.Context, site identity.SiteID, id string) (retrieval.Record, string, error) {
	record, err := r.store.Record(ctx, site, id)
	if err != nil || record.Customer == "" {
		return record, "", err
	}
	owner, err := r.store.Owner(ctx, record.Customer)
	if errors.Is(err, consent.ErrUnknownCustomer) { // erased meanwhile
		err = retrieval.ErrNotFound
	}
	return record, owner.Subject, err
}

func (r records) RemoveRecord(ctx context.Context, site identity.SiteID, id string) error {
	return r.store.RemoveRecord(ctx, site, id)
}

// memory is the idempotency memory of the web in the store.
type memory struct{ store *store.Store }

var _ web.Memory = memory{}

func (m memory) Remember(ctx context.Context, customer identity.CustomerID, scope, key, body string) (*web.Response, error) {
	r, err := m.store.Remember(ctx, customer, scope, key, body)
	switch {
	case errors.Is(err, store.ErrInFlight):
		return nil, web.ErrInFlight
	case errors.Is(err, store.ErrOtherBody):
		return nil, web.ErrOtherBody
	case err != nil || r == nil:
		return nil, err
	}
	return &web.Response{Status: r.Status, ContentType: r.ContentType, Body: r.Body}, nil
}

func (m memory) Settle(ctx context.Context, customer identity.CustomerID, scope, key string, r web.Response) error {
	return m.store.Settle(ctx, customer, scope, key, store.Response{Status: r.Status, ContentType: r.ContentType, Body: r.Body})
}

func (m memory) Forget(ctx context.Context, scope, key string) error {
	return m.store.Forget(ctx, scope, key)
}

// receiptFile returns a receipt of an event as its customer keeps it.
func receiptFile(r *consent.Receipts) func(context.Context, consent.Event, string) ([]byte, error) {
	return func(ctx context.Context, e consent.Event, brand string) ([]byte, error) {
		x, err := r.Of(ctx, e, brand)
		if err != nil {
			return nil, err
		}
		return r.File(x)
	}
}

// answered records that a customer asked for their data and has got it.
func (a *app) answered(ctx context.Context, who identity.Principal) error {
	r, err := a.gate.NewRequest(ctx, who, consent.AccessRequest, "")
	if err != nil {
		return err
	}
	r.Status, r.Closed = consent.RequestDone, r.At
	r.History = append(r.History, consent.RequestEvent{At: r.At, Actor: "system", Action: consent.ActDone})
	return a.store.AddRequest(ctx, r)
}
