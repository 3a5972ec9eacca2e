package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
)

type choiceJSON struct {
	Purpose   consent.Purpose   `json:"purpose"`
	Category  consent.Category  `json:"category"`
	Recipient consent.Recipient `json:"recipient"`
	State     consent.State     `json:"state"`
	GrantID   string            `json:"grant_id,omitempty"`
	Since     *time.Time        `json:"since,omitempty"`
	Expires   *time.Time        `json:"expires,omitempty" doc:"When a grant ends; or until when it is not asked for again"`
	Reason    consent.Reason    `json:"reason,omitempty" doc:"Why it is not allowed, apart from the browser's signal"`
}

type noticeJSON struct {
	consent.NoticeRef
	Text string `json:"text"`
}

type labelsJSON struct {
	Purposes   map[consent.Purpose]purposeLabel     `json:"purposes"`
	Categories map[consent.Category]categoryLabel   `json:"categories"`
	Recipients map[consent.Recipient]recipientLabel `json:"recipients"`
}

type purposeLabel struct {
	Label  string `json:"label"`
	Phrase string `json:"phrase"`
}

type categoryLabel struct {
	Label       string `json:"label"`
	Phrase      string `json:"phrase"`
	Description string `json:"description"`
	SourceBasis string `json:"source_basis"`
}

type recipientLabel struct {
	Label      string `json:"label"`
	Only       string `json:"only"`
	ThirdParty bool   `json:"third_party"`
}

type consentsInput struct {
	Language string `query:"language"`
	Accept   string `header:"Accept-Language"`
	// Conversation is where grants for one conversation are looked at.
	Conversation string `query:"conversation"`
}

type consentsOutput struct {
	Body struct {
		Epoch         int64        `json:"epoch"`
		PolicyVersion string       `json:"policy_version"`
		Notice        noticeJSON   `json:"notice"`
		Choices       []choiceJSON `json:"choices"`
		Labels        labelsJSON   `json:"labels"`
		GPC           bool         `json:"gpc"`
		Brand         string       `json:"brand"`
	}
}

type changeJSON struct {
	Purpose   consent.Purpose   `json:"purpose"`
	Category  consent.Category  `json:"category"`
	Recipient consent.Recipient `json:"recipient"`
	Granted   bool              `json:"granted"`
	Duration  consent.Duration  `json:"duration,omitempty" doc:"conversation or standing, which it is without"`
	Delete    bool              `json:"delete,omitempty" doc:"Also delete what is held here of the category"`
}

func (c changeJSON) change() consent.Change {
	return consent.Change{
		Triple:  consent.Triple{Purpose: c.Purpose, Category: c.Category, Recipient: c.Recipient},
		Granted: c.Granted, Duration: c.Duration, Delete: c.Delete,
	}
}

type changeInput struct {
	Accept       string `header:"Accept-Language"`
	Language     string `query:"language"`
	Conversation string `query:"conversation"`
	Body         struct {
		Changes []changeJSON `json:"changes"`
		Notice  *struct {
			ID      string `json:"id"`
			Version string `json:"version"`
			SHA256  string `json:"sha256,omitempty" doc:"Of its text, if the choice is to count for that text alone"`
		} `json:"notice,omitempty" doc:"The notice that was read: a yes on another one is refused"`
		OfferID string `json:"offer_id,omitempty"`
	}
}

type changeOutput struct {
	Body struct {
		Epoch    int64        `json:"epoch"`
		Choices  []choiceJSON `json:"choices"`
		Receipts []string     `json:"receipts"`
		AnswerID string       `json:"answer_id,omitempty" doc:"The new answer, if accepting an offer made one"`
	}
}

func (s *Server) privacyRoutes() {
	register(s, customers, huma.Operation{
		OperationID: "consents", Method: http.MethodGet, Path: "/api/me/consents",
		Summary: "Every choice I have, and how it stands",
	}, s.consents)
	register(s, customers, huma.Operation{
		OperationID: "changeConsents", Method: http.MethodPut, Path: "/api/me/consents",
		Summary: "Change my choices: all of them, or none",
	}, s.changeConsents)
}

func toChoices(all []consent.Choice) []choiceJSON {
	out := make([]choiceJSON, len(all))
	for i, c := range all {
		out[i] = choiceJSON{
			Purpose: c.Purpose, Category: c.Category, Recipient: c.Recipient, State: c.State,
			GrantID: c.Grant, Since: optional(c.Since), Expires: optional(c.Expires), Reason: c.Reason,
		}
	}
	return out
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// at returns the principal in the conversation that a request names, or in
// their latest one.
func (s *Server) at(ctx context.Context, who identity.Principal, id string) (identity.Principal, string, error) {
	if id != "" {
		c, err := s.Conversations.Own(ctx, who, id)
		return who.In(c.ID), c.Language, err
	}
	c, _, err := s.Conversations.Resume(ctx, who)
	return who.In(c.ID), c.Language, err
}

func (s *Server) consents(ctx context.Context, who identity.Principal, in *consentsInput) (*consentsOutput, error) {
	who, _, err := s.at(ctx, who, in.Conversation)
	if err != nil {
		return nil, err
	}
	language := cmp.Or(in.Language, preferred(in.Accept)) // as a change takes it
	site, err := s.Directory.Site(ctx, who.Site)
	if err != nil {
		return nil, err
	}
	c, err := s.Gate.Choices(ctx, who, language)
	if err != nil {
		return nil, err
	}
	p := c.Policy // another may be in force by now
	out := &consentsOutput{}
	b := &out.Body
	b.Epoch, b.PolicyVersion, b.Choices = c.Epoch, c.PolicyVersion, toChoices(c.Choices)
	b.Notice = noticeJSON{c.Notice, branded(p.Notice.Text.In(language), site.Name)}
	b.Labels, b.GPC, b.Brand = labels(p, language, site.Name), who.GPC, site.Name
	return out, nil
}

func branded(text, brand string) string { return strings.ReplaceAll(text, "{brand}", brand) }

func labels(p *consent.Policy, language, brand string) labelsJSON {
	say := func(t consent.Text) string { return branded(t.In(language), brand) }
	out := labelsJSON{
		Purposes: map[consent.Purpose]purposeLabel{}, Categories: map[consent.Category]categoryLabel{},
		Recipients: map[consent.Recipient]recipientLabel{},
	}
	for _, x := range p.Purposes {
		out.Purposes[x.ID] = purposeLabel{say(x.Label), say(x.Phrase)}
	}
	for _, x := range p.Categories {
		out.Categories[x.ID] = categoryLabel{say(x.Label), say(x.Phrase), say(x.Description), say(x.SourceBasis)}
	}
	for _, x := range p.Recipients {
		out.Recipients[x.ID] = recipientLabel{say(x.Label), say(x.Only), x.ThirdParty}
	}
	return out
}

func (s *Server) changeConsents(ctx context.Context, who identity.Principal, in *changeInput) (*changeOutput, error) {
	set := consent.ChangeSet{
		Offer: in.Body.OfferID, Channel: "widget", Language: cmp.Or(in.Language, preferred(in.Accept)),
	}
	conversation, superseded := in.Conversation, ""
	if in.Body.OfferID != "" {
		o, err := s.madeOffer(ctx, who, in.Body.OfferID)
		if err != nil {
			return nil, err
		}
		// The offer was read in its own language, with its notice.
		conversation, superseded, set.Language = o.conversation, o.answer, o.language
		set.Notice = &o.Notice
		for _, c := range in.Body.Changes {
			if !o.Asks(consent.Triple{Purpose: c.Purpose, Category: c.Category, Recipient: c.Recipient}) {
				return nil, huma.Error422UnprocessableEntity("The offer asks for something else. Make this change without the offer_id.")
			}
		}
	}
	who, _, err := s.at(ctx, who, conversation)
	if err != nil {
		return nil, err
	}
	granted := false
	for _, c := range in.Body.Changes {
		set.Changes = append(set.Changes, c.change())
		granted = granted || c.Granted
	}
	if n := in.Body.Notice; n != nil {
		read := consent.NoticeRef{ID: n.ID, Version: n.Version, SHA256: n.SHA256}
		switch {
		case set.Notice == nil:
			set.Notice = &read
		case granted && !read.Names(*set.Notice):
			return nil, consent.ErrStaleNotice
		}
	}
	changed, err := s.Gate.Change(ctx, who, set)
	if err != nil {
		return nil, err
	}
	out := changeOf(changed)
	if superseded != "" && granted {
		if out.Body.AnswerID, err = s.Conversations.Again(ctx, who, superseded); err != nil {
			return nil, err
		}
	}
	return out, nil
}
