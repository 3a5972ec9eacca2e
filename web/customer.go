package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/pii"
)

// sayOperation is the operation whose calls are limited as messages.
const sayOperation = "say"

// sessionLife is how long a widget session lasts.
const sessionLife = 24 * time.Hour

type sessionInput struct {
	GPCHeader string `header:"Sec-GPC"`
	Accept    string `header:"Accept-Language"`
	Body      struct {
		Site     string  `json:"site" doc:"The id of the site"`
		Identity *string `json:"identity,omitempty" doc:"A fresh identity token of the site's backend; without it the session is a visitor's"`
		GPC      bool    `json:"gpc,omitempty" doc:"Whether the page's browser sends Global Privacy Control"`
		Language string  `json:"language,omitempty" doc:"BCP 47"`
	}
}

type siteInfo struct {
	ID     identity.SiteID `json:"id"`
	Name   string          `json:"name"`
	Accent string          `json:"accent,omitempty"`
}

type sessionOutput struct {
	Body struct {
		Token        string               `json:"token"`
		Customer     *identity.CustomerID `json:"customer" doc:"Candor's own id for the customer; null for a visitor"`
		Conversation string               `json:"conversation"`
		Site         siteInfo             `json:"site"`
		Demo         bool                 `json:"demo"`
		Expires      time.Time            `json:"expires"`
	}
}

// messageJSON is a message as its customer sees it.
type messageJSON struct {
	ID       string              `json:"id"`
	Seq      int64               `json:"seq"`
	From     conversation.Author `json:"from"`
	Text     string              `json:"text"`
	At       time.Time           `json:"at"`
	AnswerID string              `json:"answer_id,omitempty"`
	Assisted bool                `json:"assisted,omitempty"`
	Name     string              `json:"name,omitempty" doc:"The agent's name"`
	Offer    *consent.Offer      `json:"offer,omitempty" doc:"A consent that somebody at the desk asks for; the text is its text"`
	Masked   []pii.Kind          `json:"masked,omitempty" doc:"What was hidden in the customer's message before it was stored: card, card_code, bank_account, government_id, password, health"`

	Attachments []conversation.Attachment `json:"attachments,omitempty"`
	Edited      *time.Time                `json:"edited,omitempty" doc:"When its author changed it; the text is the newest"`
}

func toMessage(m conversation.Message) messageJSON {
	return messageJSON{
		m.ID, m.Seq, m.From, m.Text(), m.At, m.AnswerID, m.Assisted, m.Name, m.Offer, masked(m), m.Attachments, optional(m.Edited),
	}
}

// masked are the kinds of what is hidden in a message of a customer. They are read off
// the text: nothing else of what was typed is kept.
func masked(m conversation.Message) []pii.Kind {
	if m.From != conversation.FromCustomer {
		return nil
	}
	return pii.Masked(m.Text())
}

// hide hides what support never needs in words of a customer that are no message.
func (s *Server) hide(text, language string) string {
	if found := s.Language(text); found != "" {
		language = found
	}
	text, _ = pii.Mask(text, language)
	return text
}

type person struct {
	ID   identity.StaffID `json:"id,omitempty"`
	Name string           `json:"name"`
}

type conversationJSON struct {
	ID            string              `json:"id"`
	State         conversation.State  `json:"state"`
	Reason        conversation.Reason `json:"reason"`
	Messages      []messageJSON       `json:"messages"`
	Assignee      *person             `json:"assignee,omitempty"`
	QueuePosition int                 `json:"queue_position,omitempty"`
	Wait          *waitJSON           `json:"wait,omitempty"`
	LastSeq       int64               `json:"last_seq" doc:"Read the events after this one"`
	Read          conversation.Marks  `json:"read" doc:"Up to which message each side has read, by its seq"`
	Contact       *contactJSON        `json:"contact,omitempty" doc:"The address that is told when a person has answered"`
	// ContactOffered is whether an address can be left.
	ContactOffered bool        `json:"contact_offered" doc:"Whether an e-mail address can be left that is told of the answer"`
	Rating         *ratingJSON `json:"rating,omitempty" doc:"What its customer thought of it"`
	MayConfirm     bool        `json:"may_confirm,omitempty" doc:"A person resolved it, and its customer may say whether it is solved"`
}

type ratingJSON struct {
	Score   int    `json:"score"`
	Comment string `json:"comment,omitempty"`
	Shown   string `json:"shown,omitempty" enum:"yes,no,unsure" doc:"Whether they say that we showed what we used"`
}

// ratingOf is what a customer thought of a conversation; nil: they did not say.
func (s *Server) ratingOf(ctx context.Context, id string) (*ratingJSON, error) {
	r, err := s.Answers.RatingOf(ctx, id)
	if err != nil || r.Score == 0 {
		return nil, err
	}
	return &ratingJSON{r.Score, r.Comment, r.Shown}, nil
}

type conversationID struct {
	ID string `path:"id"`
}

func (s *Server) customerRoutes() {
	register(s, anyone, huma.Operation{
		OperationID: "startSession", Method: http.MethodPost, Path: "/api/session",
		Summary: "Start or resume a session on a site",
	}, s.startSession)
	register(s, customers, huma.Operation{
		OperationID: "startConversation", Method: http.MethodPost, Path: "/api/conversations",
		Summary: "Start a new conversation", DefaultStatus: http.StatusCreated,
	}, s.startConversation)
	register(s, customers, huma.Operation{
		OperationID: "conversation", Method: http.MethodGet, Path: "/api/conversations/{id}",
		Summary: "A conversation with its messages",
	}, s.getConversation)
	register(s, customers, huma.Operation{
		OperationID: sayOperation, Method: http.MethodPost, Path: "/api/conversations/{id}/messages",
		Summary: "Send a message", DefaultStatus: http.StatusAccepted,
	}, s.say)
	register(s, customers, huma.Operation{
		OperationID: "handoff", Method: http.MethodPost, Path: "/api/conversations/{id}/handoff",
		Summary: "Ask for a person",
	}, s.handoff)
	register(s, customers, huma.Operation{
		OperationID: "rate", Method: http.MethodPost, Path: "/api/conversations/{id}/rating",
		Summary: "Rate a conversation", DefaultStatus: http.StatusNoContent,
	}, s.rateConversation)
	register(s, customers, huma.Operation{
		OperationID: "answer", Method: http.MethodGet, Path: "/api/answers/{id}",
		Summary: "An answer, with what it used and what it did not",
	}, s.getAnswer)
	register(s, customers, huma.Operation{
		OperationID: "feedback", Method: http.MethodPost, Path: "/api/answers/{id}/feedback",
		Summary: "Say whether an answer helped", DefaultStatus: http.StatusNoContent,
	}, s.rateAnswer)
}

func (s *Server) startSession(ctx context.Context, _ identity.Principal, in *sessionInput) (*sessionOutput, error) {
	site, err := s.Directory.Site(ctx, identity.SiteID(in.Body.Site))
	if err != nil {
		return nil, err
	}
	now, err := s.Directory.Now(ctx)
	if err != nil {
		return nil, err
	}
	language := preferred(in.Body.Language, in.Accept)
	x := identity.Session{
		ID: identity.NewID("ses"), Token: identity.NewSecret("cst"), Kind: identity.Visitor, Site: site.ID,
		GPC: in.Body.GPC || in.GPCHeader == "1", Expires: now.Add(sessionLife),
	}
	if in.Body.Identity != nil {
		if x.Customer, err = s.identify(ctx, site, *in.Body.Identity, now); err != nil {
			return nil, err
		}
		x.Kind = identity.Customer
	} else if x.Customer, err = s.Directory.AddVisitor(ctx, site.ID); err != nil {
		return nil, err
	}
	if err := s.Directory.AddSession(ctx, x); err != nil {
		return nil, err
	}
	who := identity.Principal{Kind: x.Kind, Site: x.Site, Customer: x.Customer, Session: x.ID, GPC: x.GPC}
	c, ok, err := s.Conversations.Resume(ctx, who)
	if err == nil && !ok {
		c, err = s.Conversations.Start(ctx, who, language, s.firstFrame(language, site.Name))
	}
	if err != nil {
		return nil, err
	}
	out := &sessionOutput{}
	out.Body.Token, out.Body.Conversation, out.Body.Expires = x.Token, c.ID, x.Expires
	out.Body.Site = siteInfo{site.ID, site.Name, site.Accent}
	out.Body.Demo = s.Demo != nil
	if x.Kind == identity.Customer {
		out.Body.Customer = &x.Customer
	}
	return out, nil
}

// identify returns whom an identity token speaks for, and notes what it says of them
// that decides who may choose for them.
func (s *Server) identify(ctx context.Context, site identity.Site, token string, now time.Time) (identity.CustomerID, error) {
	claims, err := identity.VerifyToken(ctx, s.Directory, site, token, now)
	if err != nil {
		return "", err
	}
	if claims.Jurisdiction != "" && s.Gate.Policy().Profile(claims.Jurisdiction).ID != claims.Jurisdiction {
		return "", fmt.Errorf("%w: the policy has no jurisdiction of the token's name", identity.ErrUnauthenticated)
	}
	customer, err := s.Directory.Customer(ctx, site.ID, claims.Subject)
	if err != nil {
		return "", err
	}
	return customer, s.Gate.Identify(ctx, customer, consent.Person{AgeBand: consent.AgeBand(claims.AgeBand), Jurisdiction: claims.Jurisdiction})
}

// preferred is the language of Candor's own texts that suits the tags best.
func preferred(tags ...string) string {
	for _, t := range tags {
		first, _, _ := strings.Cut(t, ",")
		first, _, _ = strings.Cut(first, ";")
		if first = strings.TrimSpace(first); first != "" && first != "*" {
			return consent.MatchLanguage(first)
		}
	}
	return consent.Languages[0]
}

func (s *Server) firstFrame(language, brand string) string {
	return answer.FirstFrame(language, brand, int(s.Gate.Policy().SaidRetention()))
}

type startInput struct {
	Accept string `header:"Accept-Language"`
}

type conversationOutput struct {
	Body conversationJSON
}

func (s *Server) startConversation(ctx context.Context, who identity.Principal, in *startInput) (*conversationOutput, error) {
	site, err := s.Directory.Site(ctx, who.Site)
	if err != nil {
		return nil, err
	}
	language := preferred(in.Accept)
	c, err := s.Conversations.Start(ctx, who, language, s.firstFrame(language, site.Name))
	if err != nil {
		return nil, err
	}
	return s.getConversation(ctx, who, &conversationID{c.ID})
}

func (s *Server) getConversation(ctx context.Context, who identity.Principal, in *conversationID) (*conversationOutput, error) {
	c, messages, err := s.Conversations.Messages(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &conversationOutput{Body: conversationJSON{
		ID: c.ID, State: c.State, Reason: c.Reason, Messages: []messageJSON{}, LastSeq: c.LastSeq, Read: c.Read,
	}}
	for _, m := range messages {
		out.Body.Messages = append(out.Body.Messages, toMessage(m))
	}
	if out.Body.Contact, err = s.contactOf(ctx, c); err != nil {
		return nil, err
	}
	out.Body.ContactOffered = s.Mails
	if out.Body.Rating, err = s.ratingOf(ctx, c.ID); err != nil {
		return nil, err
	}
	if out.Body.MayConfirm, err = s.Conversations.MayConfirm(ctx, c); err != nil {
		return nil, err
	}
	out.Body.Assignee, out.Body.QueuePosition, err = s.atDesk(ctx, c)
	out.Body.Wait = s.wait(ctx, c.ID, out.Body.QueuePosition)
	return out, err
}

// atDesk returns who has the conversation, or its place in the queue.
func (s *Server) atDesk(ctx context.Context, c conversation.Conversation) (*person, int, error) {
	if c.Assignee != "" {
		m, err := s.Directory.Staff(ctx, c.Assignee)
		if away(err) {
			return nil, 0, err
		}
		if err != nil {
			return nil, 0, nil //nolint:nilerr // an account that was closed has no name to show
		}
		return &person{Name: m.Name}, 0, nil
	}
	if c.State != conversation.Open {
		return nil, 0, nil
	}
	t, err := s.Feed.TicketOf(ctx, c.ID)
	return nil, t.QueuePosition, err
}

type sayInput struct {
	ID   string `path:"id"`
	Body struct {
		Text        string   `json:"text,omitempty" doc:"At most 4000 characters; it may be empty where there are attachments"`
		Attachments []string `json:"attachments,omitempty" doc:"The ids of at most 10 files that were uploaded before"`
	}
}

type sayOutput struct {
	Body struct {
		MessageID string `json:"message_id"`
		AnswerID  string `json:"answer_id,omitempty" doc:"The answer that will be written; absent while a person has the conversation"`
		// Masked is what was hidden in it.
		Masked []pii.Kind `json:"masked,omitempty" doc:"What was hidden in the message before it was stored"`
	}
}

func (s *Server) say(ctx context.Context, who identity.Principal, in *sayInput) (*sayOutput, error) {
	c, err := s.Conversations.Own(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	language := c.Language
	if found := s.Language(in.Body.Text); found != "" {
		language = consent.MatchLanguage(found)
	}
	var p conversation.Posted
	if len(in.Body.Attachments) == 0 {
		p, err = s.Conversations.Say(ctx, who, in.ID, in.Body.Text, language)
	} else {
		p, err = s.Exchange.Say(ctx, who, in.ID, conversation.Saying{
			Text: in.Body.Text, Language: language, Attachments: in.Body.Attachments, Unread: answer.Say(answer.SayFilesUnread, language),
		})
	}
	if err != nil {
		return nil, err
	}
	out := &sayOutput{}
	out.Body.MessageID, out.Body.AnswerID, out.Body.Masked = p.Message.ID, p.AnswerID, masked(p.Message)
	return out, nil
}

type handoffInput struct {
	ID   string `path:"id"`
	Body *struct {
		Reason string             `json:"reason,omitempty" doc:"In the customer's own words; the person who takes over reads it"`
		Share  []consent.Category `json:"share,omitempty" doc:"Categories that people at the desk may see, for this conversation"`
	} `required:"false"`
}

type handoffOutput struct {
	Body struct {
		TicketID      string             `json:"ticket_id"`
		State         conversation.State `json:"state"`
		QueuePosition int                `json:"queue_position"`
		Wait          *waitJSON          `json:"wait,omitempty"`
		Shared        []consent.Category `json:"shared" doc:"What of the wish to share took effect"`
		// ContactOffered is whether an address can be left.
		ContactOffered bool `json:"contact_offered" doc:"Whether an e-mail address can be left that is told of the answer"`
	}
}

// handoff gives the conversation to a person, first of all and whatever else is
// wrong with the request: nothing a customer agrees to or not keeps them from
// reaching one.
func (s *Server) handoff(ctx context.Context, who identity.Principal, in *handoffInput) (*handoffOutput, error) {
	c, err := s.Conversations.Own(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	t, err := s.Conversations.Handoff(ctx, who, in.ID, answer.Say(answer.SayHandoff, c.Language))
	if err != nil {
		return nil, err
	}
	out := &handoffOutput{}
	out.Body.TicketID, out.Body.State, out.Body.QueuePosition = t.ID, conversation.Open, t.QueuePosition
	out.Body.Wait = s.wait(ctx, c.ID, t.QueuePosition)
	out.Body.Shared, out.Body.ContactOffered = []consent.Category{}, s.Mails
	if in.Body == nil {
		return out, nil
	}
	if strings.TrimSpace(in.Body.Reason) != "" {
		_, err := s.Conversations.Say(ctx, who, c.ID, in.Body.Reason, c.Language)
		if away(err) {
			return nil, err // they ask again, for the same ticket, and lose no word
		}
		if err != nil {
			s.Logger.Warn("the reason of a handoff was not stored", "conversation", c.ID, "error", err)
		}
	}
	for _, category := range in.Body.Share {
		if slices.Contains(out.Body.Shared, category) {
			continue
		}
		_, err := s.Gate.Change(ctx, who.In(c.ID), consent.ChangeSet{Language: c.Language, Channel: "handoff", Changes: []consent.Change{{
			Triple:  consent.Triple{Purpose: consent.AgentAssist, Category: category, Recipient: consent.HumanAgents},
			Granted: true, Duration: consent.ThisConversation,
		}}})
		if away(err) {
			return nil, err
		}
		if err != nil {
			s.Logger.Warn("a category was not shared with the desk", "conversation", c.ID, "error", err)
			continue
		}
		out.Body.Shared = append(out.Body.Shared, category)
	}
	return out, nil
}

type answerOutput struct {
	Body answer.Answer
}

func (s *Server) getAnswer(ctx context.Context, who identity.Principal, in *conversationID) (*answerOutput, error) {
	a, err := s.Answers.Answer(ctx, who.Customer, in.ID)
	return &answerOutput{s.toCustomer(a)}, err
}

// toCustomer is an answer as its customer sees it.
//
// SECURITY: a sentence that was removed may say anything, of anybody. Only the demo shows
// it to whoever asked.
func (s *Server) toCustomer(a answer.Answer) answer.Answer {
	if s.Demo == nil {
		a.Verification = a.Verification.Counts()
	}
	return a
}

type ratingInput struct {
	ID   string `path:"id"`
	Body struct {
		Score   int    `json:"score" minimum:"1" maximum:"5"`
		Comment string `json:"comment,omitempty" maxLength:"2000"`
		Shown   string `json:"shown,omitempty" enum:"yes,no,unsure" doc:"Whether we showed what we used"`
	}
}

func (s *Server) rateConversation(ctx context.Context, who identity.Principal, in *ratingInput) (*struct{}, error) {
	c, err := s.Conversations.Own(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.Answers.RateConversation(ctx, who.Customer, in.ID, conversation.Rating{
		Score: in.Body.Score, Comment: s.hide(in.Body.Comment, c.Language), Shown: in.Body.Shown,
	})
}

type feedbackInput struct {
	ID   string `path:"id"`
	Body struct {
		Helpful bool   `json:"helpful"`
		Comment string `json:"comment,omitempty" maxLength:"2000"`
	}
}

func (s *Server) rateAnswer(ctx context.Context, who identity.Principal, in *feedbackInput) (*struct{}, error) {
	if _, err := s.Answers.Answer(ctx, who.Customer, in.ID); err != nil {
		return nil, err
	}
	score := 0
	if in.Body.Helpful {
		score = 1
	}
	return nil, s.Answers.Rate(ctx, who.Customer, in.ID, score, s.hide(in.Body.Comment, ""))
}
