package web

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

// Sources reads the texts of sources, as far as a scope permits.
type Sources interface {
	Texts(ctx context.Context, scope consent.Scope, ids []string) ([]retrieval.Record, error)
}

// ReasonInput is why something sealed is opened; nothing is without it.
type ReasonInput struct {
	Reason string `query:"reason" enum:"complaint,sample,incident,request,legal" doc:"Why what is sealed is opened. It is recorded, and shows in the customer's usage. Without one nothing sealed is"`
}

func (in ReasonInput) reason() review.Reason { return review.Reason(in.Reason) }

// CitationFilter is what a list of the log, and an export of it, can be filtered by.
type CitationFilter struct {
	Customer      string    `query:"customer"`
	Site          string    `query:"site"`
	Conversation  string    `query:"conversation"`
	Record        string    `query:"record"`
	Category      string    `query:"category"`
	Recipient     string    `query:"recipient"`
	Status        string    `query:"status"`
	Kind          string    `query:"kind" doc:"opened or closed"`
	Purpose       string    `query:"purpose" doc:"answers, or agent_assist: drafts and summaries for people at the desk"`
	Language      string    `query:"language"`
	Model         string    `query:"model"`
	NotSearched   string    `query:"not_searched" doc:"A reason"`
	PolicyVersion string    `query:"policy_version"`
	From          time.Time `query:"from"`
	To            time.Time `query:"to"`
	Query         string    `query:"q" doc:"Whole words, all of them"`
	Verdict       string    `query:"verdict" doc:"The latest: correct, unsupported, wrong_source, should_not_have_been_used or tone"`
	Reviewed      string    `query:"reviewed" enum:"true,false"`
	Complaint     string    `query:"complaint" enum:"true,false"`
	Flagged       string    `query:"flagged" enum:"true,false"`
	Assigned      string    `query:"assigned" doc:"The id of a member of staff, or none"`
	ScoreBelow    string    `query:"score_below" doc:"0 to 1, in steps of 0.01: by the lowest score of a citation"`
}

func (in CitationFilter) filter() (review.Filter, error) {
	f := review.Filter{
		Filter: citation.Filter{
			Customer: identity.CustomerID(in.Customer), Site: identity.SiteID(in.Site), Conversation: in.Conversation,
			Record: in.Record, Category: consent.Category(in.Category), Recipient: consent.Recipient(in.Recipient),
			Status: in.Status, Kind: citation.Kind(in.Kind), Purpose: consent.Purpose(in.Purpose), Language: in.Language, Model: in.Model,
			NotSearched: consent.Reason(in.NotSearched), PolicyVersion: in.PolicyVersion, From: in.From, To: in.To, Query: in.Query,
		},
		Verdict: review.Verdict(in.Verdict), Reviewed: optionalBool(in.Reviewed), Complaint: optionalBool(in.Complaint),
		Flagged: optionalBool(in.Flagged), Assigned: in.Assigned,
	}
	if in.ScoreBelow != "" {
		score, err := strconv.ParseFloat(in.ScoreBelow, 64)
		if err != nil || !(score >= 0 && score <= 1) {
			return f, huma.Error422UnprocessableEntity("`score_below` is a number from 0 to 1.")
		}
		f.ScoreBelow = &score
	}
	return f, nil
}

func optionalBool(s string) *bool {
	if s == "" {
		return nil
	}
	yes := s == "true"
	return &yes
}

type citationsInput struct {
	CitationFilter
	ReasonInput
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Resolve refuses a filter that is there and empty: it must never mean "any".
func (*citationsInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type citationItem struct {
	ID             string                 `json:"id"`
	AnswerID       string                 `json:"answer_id"`
	ConversationID string                 `json:"conversation_id"`
	Customer       identity.CustomerID    `json:"customer"`
	Site           identity.SiteID        `json:"site"`
	At             time.Time              `json:"at"`
	Kind           citation.Kind          `json:"kind"`
	Purpose        consent.Purpose        `json:"purpose"`
	Status         string                 `json:"status"`
	Language       string                 `json:"language"`
	Model          answer.Model           `json:"model"`
	Attempt        int                    `json:"attempt"`
	Epoch          int64                  `json:"epoch"`
	PolicyVersion  string                 `json:"policy_version"`
	GPC            bool                   `json:"gpc"`
	Records        int                    `json:"records"`
	Categories     []consent.Category     `json:"categories"`
	NotSearched    []citation.NotSearched `json:"not_searched"`
	Question       string                 `json:"question" doc:"Empty while it is sealed"`
	Sealed         bool                   `json:"sealed"`
	Body           bodyState              `json:"body" enum:"open,sealed,gone"`
	Score          *float64               `json:"score" doc:"The lowest of its citations; null without any"`
	Verdict        review.Verdict         `json:"verdict" doc:"The latest; empty: nobody has reviewed it"`
	Assignee       *review.Person         `json:"assignee,omitempty"`
	Complaint      bool                   `json:"complaint" doc:"Its customer has complained about it"`
	Flags          int                    `json:"flags" doc:"How often people at the desk have flagged it"`
	LeafIndex      *int64                 `json:"leaf_index" doc:"Of its latest entry in the public log; null: not yet"`
}

// bodyState is how the sealed part of an answer stands for who reads it.
type bodyState string

const (
	bodyOpen   bodyState = "open"
	bodySealed bodyState = "sealed"
	bodyGone   bodyState = "gone"
)

type citationsOutput struct {
	Body struct {
		Items []citationItem `json:"items"`
		Next  string         `json:"next,omitempty"`
	}
}

func toCitation(x review.Item) citationItem {
	out := citationItem{
		ID: x.ID, AnswerID: x.AnswerID, ConversationID: x.Conversation, Customer: x.Customer, Site: x.Site, At: x.At,
		Kind: x.Kind, Purpose: x.Purpose, Status: x.Status, Language: x.Language, Model: answer.Model{Name: x.Model, Recipient: x.Recipient},
		Attempt: x.Attempt, Epoch: x.Epoch, PolicyVersion: x.PolicyVersion, GPC: x.GPC, Records: len(x.Records),
		Categories: categories(x.Records), NotSearched: append([]citation.NotSearched{}, x.NotSearched...), Sealed: true, Body: bodySealed,
		Score: x.Score, Verdict: x.Verdict, Assignee: x.Assignee, Complaint: x.Complaint, Flags: x.Flags, LeafIndex: x.LeafIndex,
	}
	if x.Gone {
		out.Body = bodyGone
	}
	return out
}

func categories(uses []citation.Use) []consent.Category {
	out := []consent.Category{}
	for _, u := range uses {
		if !slices.Contains(out, u.Category) {
			out = append(out, u.Category)
		}
	}
	return out
}

func (s *Server) citations(ctx context.Context, who identity.Principal, in *citationsInput) (*citationsOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	const list = "citations"
	before, err := s.readCursor(list, in.Cursor)
	if err != nil {
		return nil, err
	}
	f.Before, f.Limit = before.Rank, in.Limit
	page, next, err := s.Reviews.List(ctx, f)
	if err != nil {
		return nil, err
	}
	opened, err := s.open(ctx, who, in.reason(), page, false)
	if err != nil {
		return nil, err
	}
	out := &citationsOutput{}
	out.Body.Items = make([]citationItem, len(page))
	for i, x := range page {
		out.Body.Items[i] = withQuestion(toCitation(x), opened)
	}
	out.Body.Next = s.cursor(list, consent.Place{Rank: next})
	return out, nil
}

// withQuestion adds what was opened.
func withQuestion(x citationItem, opened map[string]answer.Said) citationItem {
	if said, ok := opened[x.ID]; ok {
		x.Question, x.Sealed, x.Body = said.Question, false, bodyOpen
	}
	return x
}

// open opens what answers say, for a reason, once it is on record who looks: by the id of
// the latest entry. Without a reason nothing is. All is whether what the answers were made
// from is read too, and not the question alone.
func (s *Server) open(ctx context.Context, who identity.Principal, why review.Reason, page []review.Item, all bool) (map[string]answer.Said, error) {
	ids, err := s.allowed(ctx, who, why, page, all)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	contents, err := s.Citations.Open(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]answer.Said, len(contents))
	for id, c := range contents {
		var said answer.Said
		if err := json.Unmarshal(c.Said, &said); err != nil {
			return nil, errors.New("the sealed part of an entry does not read")
		}
		out[id] = said
	}
	return out, nil
}

// allowed returns the entries of a page that may be opened for the reason, once the looks
// at them are recorded.
//
// SECURITY: nothing is opened before its look is durable. A sample is taken only of
// customers who let answers be measured, in the transaction that records the look.
func (s *Server) allowed(ctx context.Context, who identity.Principal, why review.Reason, page []review.Item, all bool) (ids []string, err error) {
	if why == "" {
		return nil, nil
	}
	var looks []consent.Access
	for _, x := range page {
		look, ok, err := s.lookFor(ctx, who, why, x, all)
		if err != nil {
			return nil, err
		}
		if ok {
			looks, ids = append(looks, look), append(ids, x.ID)
		}
	}
	err = s.seen(ctx, looks...)
	if !changedMeanwhile(err) {
		return ids, err
	}
	ids = nil
	for _, x := range page { // each for themself
		look, ok, err := s.lookFor(ctx, who, why, x, all)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if err := s.seen(ctx, look); err == nil {
			ids = append(ids, x.ID)
		} else if !changedMeanwhile(err) {
			return nil, err
		}
	}
	return ids, nil
}

// changedMeanwhile reports whether a look was not recorded because its customer chose
// otherwise, or was erased, at this moment.
func changedMeanwhile(err error) bool {
	return errors.Is(err, consent.ErrStale) || errors.Is(err, consent.ErrUnknownCustomer)
}

// lookFor is the look at an answer, and whether it may be taken.
func (s *Server) lookFor(ctx context.Context, who identity.Principal, why review.Reason, x review.Item, all bool) (consent.Access, bool, error) {
	if x.Gone || x.ID == "" { // or it has no entry yet
		return consent.Access{}, false, nil
	}
	look := consent.Access{Customer: x.Customer, Actor: who.Actor(), Conversation: x.Conversation, Answer: x.AnswerID}
	if all {
		look = lookAt(who, x.Customer, answer.Answer{ID: x.AnswerID, ConversationID: x.Conversation}, []citation.Entry{x.Entry})
	}
	look.Reason = string(why)
	if why != review.ForSample {
		return look, true, nil
	}
	look.Purpose = review.Improvement.Purpose
	triples := []consent.Triple{review.Improvement}
	for _, r := range look.Records { // what was made of them is read too
		t := review.Improvement
		t.Category = r.Category
		triples = append(triples, t)
	}
	for _, t := range triples {
		stamp, ok, err := s.Gate.Permitted(ctx, x.Customer, x.Conversation, t)
		if errors.Is(err, consent.ErrUnknownCustomer) || err == nil && !ok {
			return look, false, nil
		}
		if err != nil {
			return look, false, err
		}
		look.Stamp = &stamp
	}
	return look, true, nil
}
