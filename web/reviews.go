package web

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/identity"
	"candor/review"
)

type reviewInput struct {
	ID   string `path:"id" doc:"Of an answer, or of an entry that is about it: the id or the answer_id of an item of the list"`
	Body struct {
		Verdict review.Verdict `json:"verdict" enum:"correct,unsupported,wrong_source,should_not_have_been_used,tone"`
		Note    string         `json:"note,omitempty" doc:"Up to 4000 characters; sealed like the answer"`
	}
}

type reviewOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

type assignInput struct {
	ID   string `path:"id" doc:"Of an answer, or of an entry that is about it: the id or the answer_id of an item of the list"`
	Body struct {
		Reviewer identity.StaffID `json:"reviewer" doc:"Who is to review it; empty: nobody"`
	}
}

type reviewersOutput struct {
	Body struct {
		Items []review.Person `json:"items"`
	}
}

type sampleInput struct {
	Kind string `query:"kind" required:"true" enum:"random,low_score,complaint"`
	N    int    `query:"n" minimum:"1" maximum:"100" default:"20" doc:"How many, at most"`
}

type sampleOutput struct {
	Body struct {
		Items []citationItem `json:"items"`
	}
}

type summaryInput struct {
	From time.Time `query:"from"`
	To   time.Time `query:"to"`
}

// Resolve refuses a time that is there and empty.
func (*summaryInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type summaryOutput struct {
	Body review.Summary
}

type flagInput struct {
	ID   string `path:"id"`
	Body struct {
		AnswerID string         `json:"answer_id"`
		Kind     review.Verdict `json:"kind" enum:"unsupported,wrong_source,should_not_have_been_used,tone"`
		Note     string         `json:"note,omitempty" doc:"Up to 4000 characters; sealed like the conversation"`
	}
}

func (s *Server) addReview(ctx context.Context, who identity.Principal, in *reviewInput) (*reviewOutput, error) {
	if !who.Has(judges...) {
		return nil, errRole
	}
	id, err := s.Reviews.AnswerOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &reviewOutput{}
	out.Body.ID = identity.NewID("rev")
	return out, s.Reviews.AddReview(ctx, review.Review{
		ID: out.Body.ID, Answer: id, Verdict: in.Body.Verdict, Note: in.Body.Note, Reviewer: review.Person{ID: who.Staff},
	})
}

func (s *Server) assign(ctx context.Context, who identity.Principal, in *assignInput) (*struct{}, error) {
	if !who.Has(judges...) {
		return nil, errRole
	}
	id, err := s.Reviews.AnswerOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.Reviews.Assign(ctx, id, in.Body.Reviewer)
}

func (s *Server) reviewerList(ctx context.Context, who identity.Principal, _ *struct{}) (*reviewersOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	all, err := s.Reviews.Reviewers(ctx)
	out := &reviewersOutput{}
	out.Body.Items = all
	return out, err
}

// spare is how many more answers than asked for are looked at, of which the gate may
// refuse some.
const spare = 20

// sample returns answers to be reviewed, sealed.
//
// SECURITY: those of customers who have not allowed that answers are measured are not in
// it, at this moment as the gate sees it; but for what a customer has complained about.
func (s *Server) sample(ctx context.Context, who identity.Principal, in *sampleInput) (*sampleOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	kind := review.SampleKind(in.Kind)
	found, err := s.Reviews.Sample(ctx, kind, in.N+spare)
	if err != nil {
		return nil, err
	}
	out := &sampleOutput{}
	out.Body.Items = []citationItem{}
	for _, x := range found {
		if len(out.Body.Items) == in.N {
			break
		}
		if kind != review.Complained {
			_, ok, err := s.Gate.Permitted(ctx, x.Customer, x.Conversation, review.Improvement)
			if err != nil && !changedMeanwhile(err) {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		out.Body.Items = append(out.Body.Items, toCitation(x))
	}
	return out, nil
}

func (s *Server) reviewSummary(ctx context.Context, who identity.Principal, in *summaryInput) (*summaryOutput, error) {
	if !who.Has(counters...) {
		return nil, errRole
	}
	sum, err := s.Reviews.Summary(ctx, in.From, in.To)
	return &summaryOutput{sum}, err
}

// flag takes what somebody at the desk found wrong with an answer. Who may read the
// conversation may do that, and whoever may not learns nothing of it.
func (s *Server) flag(ctx context.Context, who identity.Principal, in *flagInput) (*struct{}, error) {
	if _, err := s.Desk.Get(ctx, who, in.ID); err != nil {
		return nil, err
	}
	return nil, s.Reviews.AddFlag(ctx, in.ID, review.Flag{
		ID: identity.NewID("flg"), Answer: in.Body.AnswerID, Kind: in.Body.Kind, Note: in.Body.Note, By: review.Person{ID: who.Staff},
	})
}
