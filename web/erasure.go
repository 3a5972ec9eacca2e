package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
)

// goesJSON is how much of a kind is deleted.
type goesJSON struct {
	What     string           `json:"what" doc:"records, conversations, messages, answers, tickets, ratings, sessions, passages, log_words, responses, ..."`
	Category consent.Category `json:"category,omitempty" doc:"Of records"`
	Count    int64            `json:"count"`
}

// keptJSON is what stays, in the customer's language.
type keptJSON struct {
	What     string           `json:"what"`
	Why      string           `json:"why"`
	Category consent.Category `json:"category,omitempty" doc:"Of what the company keeps in its own systems"`
	Until    *time.Time       `json:"until,omitempty"`
}

// legalHoldJSON is what the law keeps from being deleted.
type legalHoldJSON struct {
	Categories []consent.Category `json:"categories"`
	Reason     string             `json:"reason"`
	Until      time.Time          `json:"until"`
}

type openTicketJSON struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"`
}

type erasableInput struct {
	Language string `query:"language"`
	Accept   string `header:"Accept-Language"`
}

type erasableOutput struct {
	Body struct {
		Goes    []goesJSON       `json:"goes"`
		Kept    []keptJSON       `json:"kept" doc:"What the company keeps elsewhere, and the proofs"`
		Tickets []openTicketJSON `json:"tickets" doc:"Conversations that wait for a person or have one: they end"`
		Held    []legalHoldJSON  `json:"held" doc:"What the law keeps from being deleted: it is used for nothing else"`
	}
}

type eraseInput struct {
	Language string `query:"language"`
	Accept   string `header:"Accept-Language"`
	Body     *struct {
		Identity string `json:"identity,omitempty" doc:"A fresh identity token of the site's backend; a visitor needs none"`
	} `required:"false"`
}

type eraseByIDInput struct {
	ID     string `path:"id" doc:"The site's own id for the customer"`
	Accept string `header:"Accept-Language"`
}

type erasedOutput struct {
	Status int
	Body   struct {
		Erased  bool             `json:"erased" doc:"False with status 202: nothing is used any more, and the rest is deleted in a moment"`
		At      time.Time        `json:"at"`
		Deleted map[string]int64 `json:"deleted" doc:"How much of each kind"`
		Kept    []keptJSON       `json:"kept"`
		Held    []legalHoldJSON  `json:"held"`
	}
}

func (s *Server) erasureRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "erasable", Method: http.MethodGet, Path: "/api/me/erasure",
		Summary: "What would go if I had everything deleted here, and what would stay",
	}, s.erasable)
	register(s, customers, huma.Operation{
		OperationID: "eraseMe", Method: http.MethodDelete, Path: "/api/me",
		Summary: "Delete everything about me here, for ever",
	}, s.eraseMe)
	register(s, backends, huma.Operation{
		OperationID: "eraseCustomer", Method: http.MethodDelete, Path: "/api/customers/{id}",
		Summary: "Delete everything about a customer here, for ever",
	}, s.eraseCustomer)
}

func (s *Server) erasable(ctx context.Context, who identity.Principal, in *erasableInput) (*erasableOutput, error) {
	e, err := s.Eraser.Erasable(ctx, who.Customer)
	if err != nil {
		return nil, err
	}
	out := &erasableOutput{}
	b := &out.Body
	b.Goes, b.Tickets, b.Held = make([]goesJSON, len(e.Goes)), make([]openTicketJSON, len(e.Tickets)), heldOf(e.Held)
	for i, g := range e.Goes {
		b.Goes[i] = goesJSON{g.What, g.Category, g.Count}
	}
	for i, t := range e.Tickets {
		b.Tickets[i] = openTicketJSON{t.ID, t.Since}
	}
	b.Kept, err = s.kept(ctx, who, preferred(in.Language, in.Accept), e.At)
	return out, err
}

// kept is what the company keeps, elsewhere and as proof. Elsewhere it does not know a
// visitor.
func (s *Server) kept(ctx context.Context, who identity.Principal, language string, at time.Time) ([]keptJSON, error) {
	site, err := s.Directory.Site(ctx, who.Site)
	if err != nil {
		return nil, err
	}
	p := s.Gate.Policy()
	say := func(t consent.Text) string { return branded(t.In(language), site.Name) }
	out := []keptJSON{}
	for _, c := range p.Categories {
		if !who.Anonymous() && c.ID != consent.Conversation && len(c.SourceBasis) > 0 { // what is said here is nowhere else
			out = append(out, keptJSON{What: say(c.Label), Why: say(c.SourceBasis), Category: c.ID})
		}
	}
	until := at.Add(p.ProofRetention.Duration())
	return append(out, keptJSON{What: say(consent.ProofsStay), Why: say(consent.ProofsStayWhy), Until: &until}), nil
}

func heldOf(holds []consent.Hold) []legalHoldJSON {
	out := make([]legalHoldJSON, len(holds))
	for i, h := range holds {
		out[i] = legalHoldJSON{h.Categories, h.Reason, h.Until}
	}
	return out
}

// eraseMe erases who asks. Somebody else at their screen must not be able to, so
// that their site has to vouch for them once more.
func (s *Server) eraseMe(ctx context.Context, who identity.Principal, in *eraseInput) (*erasedOutput, error) {
	if who.Kind == identity.Customer {
		token := ""
		if in.Body != nil {
			token = in.Body.Identity
		}
		if err := s.vouched(ctx, who, token); err != nil {
			return nil, err
		}
	}
	return s.erase(ctx, who, preferred(in.Language, in.Accept))
}

// vouched checks a fresh token for the principal, which is spent.
func (s *Server) vouched(ctx context.Context, who identity.Principal, token string) error {
	if token == "" {
		return huma.Error401Unauthorized("Deleting everything needs a fresh identity token of the site.")
	}
	site, err := s.Directory.Site(ctx, who.Site)
	if err != nil {
		return err
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return err
	}
	claims, err := identity.VerifyToken(ctx, s.Directory, site, token, now)
	if err != nil {
		return err
	}
	id, ok, err := s.Directory.FindCustomer(ctx, site.ID, claims.Subject)
	if err == nil && (!ok || id != who.Customer) {
		err = huma.Error401Unauthorized("The identity token is not of who is signed in here.")
	}
	return err
}

func (s *Server) eraseCustomer(ctx context.Context, who identity.Principal, in *eraseByIDInput) (*erasedOutput, error) {
	id, ok, err := s.Directory.FindCustomer(ctx, who.Site, in.ID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, huma.Error404NotFound("The site has no customer of this id here.")
	}
	return s.erase(ctx, who.About(id, ""), preferred(in.Accept))
}

// erase erases the principal's customer.
func (s *Server) erase(ctx context.Context, who identity.Principal, language string) (*erasedOutput, error) {
	request, err := s.Gate.NewRequest(ctx, who, consent.ErasureRequest, "")
	if err != nil {
		return nil, err
	}
	e, err := s.Eraser.Erase(ctx, who.Customer, &request)
	if err != nil && e.At.IsZero() {
		return nil, err
	}
	out := &erasedOutput{Status: http.StatusOK}
	if !e.Done {
		// It has begun, and ends by itself: who asks must not be told that nothing
		// happened.
		s.Logger.Warn("an erasure is not finished yet, and is tried until it is", "error", err)
		out.Status = http.StatusAccepted
	}
	out.Body.Erased, out.Body.At, out.Body.Deleted, out.Body.Held = e.Done, e.At, e.Deleted, heldOf(e.Held)
	out.Body.Kept, err = s.kept(ctx, who, language, e.At)
	return out, err
}
