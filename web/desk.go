package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

type ticketJSON struct {
	ID             string              `json:"id"`
	ConversationID string              `json:"conversation_id"`
	Queue          string              `json:"queue"`
	Reason         conversation.Reason `json:"reason"`
	Priority       int                 `json:"priority" doc:"Lower is sooner"`
	WaitingSince   time.Time           `json:"waiting_since"`
	Summary        string              `json:"summary"`
	Language       string              `json:"language"`
	State          agents.TicketState  `json:"state" doc:"waiting, owned, closed, or snoozed: put off, for its owner and supervisors to see"`
	Until          *time.Time          `json:"until,omitempty" doc:"When one that is snoozed comes back, if its customer does not write before"`
	Assignee       *person             `json:"assignee,omitempty"`
	Mine           bool                `json:"mine"`
	Unread         int                 `json:"unread" doc:"How many of the customer's messages nobody here has read"`
	ClocksJSON
}

func toTicket(t agents.Ticket, who identity.Principal) ticketJSON {
	out := ticketJSON{
		ID: t.ID, ConversationID: t.Conversation, Queue: t.Queue, Reason: t.Reason, Priority: t.Priority,
		WaitingSince: t.WaitingSince, Summary: t.Summary, Language: t.Language, State: t.State, Until: optional(t.Until),
		Mine: t.Assignee != "" && t.Assignee == who.Staff, Unread: t.Unread, ClocksJSON: clocks(t, who),
	}
	if t.Assignee != "" {
		out.Assignee = &person{t.Assignee, t.AssigneeName}
	}
	return out
}

type queueInput struct {
	Queue string `query:"queue" doc:"Empty: every queue"`
}

type queueOutput struct {
	Body struct {
		Tickets []ticketJSON `json:"tickets"`
	}
}

type deskMessage struct {
	ID       string              `json:"id"`
	Seq      int64               `json:"seq"`
	From     conversation.Author `json:"from"`
	Text     string              `json:"text"`
	At       time.Time           `json:"at"`
	AnswerID string              `json:"answer_id,omitempty"`
	Assisted bool                `json:"assisted,omitempty"`
	Name     string              `json:"name,omitempty"`
	Mine     bool                `json:"mine,omitempty" doc:"Whether who asks wrote it"`
	Segments []agents.Part       `json:"segments"`

	Attachments []conversation.Attachment `json:"attachments,omitempty"`
	Edited      *time.Time                `json:"edited,omitempty" doc:"When its author changed it"`

	Flags []review.Verdict `json:"flags,omitempty" doc:"What people at the desk found wrong with the answer, the latest last"`
}

type deskRecord struct {
	ID          string            `json:"id"`
	Category    consent.Category  `json:"category"`
	Title       string            `json:"title"`
	Text        string            `json:"text"`
	Fields      map[string]string `json:"fields,omitempty"`
	Source      retrieval.Source  `json:"source"`
	CollectedAt time.Time         `json:"collected_at"`
}

type deskOutput struct {
	Body struct {
		ID        string              `json:"id"`
		State     conversation.State  `json:"state"`
		Reason    conversation.Reason `json:"reason"`
		Customer  identity.CustomerID `json:"customer"`
		Visitor   bool                `json:"visitor"`
		Language  string              `json:"language"`
		Brand     string              `json:"brand"`
		Ticket    ticketJSON          `json:"ticket"`
		Messages  []deskMessage       `json:"messages"`
		Read      conversation.Marks  `json:"read" doc:"Up to which message each side has read, by its seq"`
		Contact   bool                `json:"contact" doc:"Whether the customer left an address that is told of an answer"`
		Rating    *ratingJSON         `json:"rating,omitempty" doc:"What the customer thought of it"`
		Shared    []consent.Category  `json:"shared"`
		NotShared []consent.Category  `json:"not_shared"`
		// Asks is there for who has the conversation.
		Asks    map[consent.Category]consent.AskState `json:"asks,omitempty" doc:"Of what is not shared, whether the customer may be asked for it: open, waiting, not_now, refused, stopped or never"`
		Records []deskRecord                          `json:"records"`
		Summary agents.Summary                        `json:"summary"`
		Notes   []noteJSON                            `json:"notes" doc:"What the desk noted, the oldest first"`
		History []ticketEventJSON                     `json:"history" doc:"What happened to its tickets, the oldest first"`
	}
}

// deskDone answers an action with what changed. It holds nothing of the
// conversation: a remembered response must not outlive a consent.
type deskDone struct {
	Body struct {
		ConversationID string              `json:"conversation_id"`
		State          conversation.State  `json:"state"`
		Reason         conversation.Reason `json:"reason"`
	}
}

type replyInput struct {
	ID   string `path:"id"`
	Body struct {
		Text        string   `json:"text,omitempty" doc:"It may be empty where there are attachments"`
		Attachments []string `json:"attachments,omitempty" doc:"The ids of at most 10 files that were uploaded before"`
		Suggestion  string   `json:"suggestion,omitempty" doc:"The id of the suggestion that the text came from"`
	}
}

type snoozeInput struct {
	ID   string `path:"id"`
	Body struct {
		Until time.Time `json:"until" doc:"In the future, at most 90 days from now"`
	}
}

type askInput struct {
	ID   string `path:"id"`
	Body struct {
		Categories []consent.Category `json:"categories" minItems:"1" maxItems:"20" doc:"What people at the desk would see"`
	}
}

type presenceInput struct {
	Body struct {
		Status agents.Status `json:"status" enum:"online,busy,away"`
	}
}

func (s *Server) deskRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "deskQueue", Method: http.MethodGet, Path: "/api/desk/queue", Summary: "Who waits, and who is served",
	}, s.queue)
	register(s, staffOnly, huma.Operation{
		OperationID: "deskConversation", Method: http.MethodGet, Path: "/api/desk/conversations/{id}",
		Summary: "A conversation, as far as its customer lets people see it",
	}, s.deskConversation)
	register(s, staffOnly, huma.Operation{
		OperationID: "presence", Method: http.MethodPut, Path: "/api/desk/presence",
		Summary: "Say whether I am there", DefaultStatus: http.StatusNoContent,
	}, s.setPresence)
	for name, act := range map[string]func(context.Context, identity.Principal, string) error{
		"claim": s.Desk.Claim, "release": s.Desk.Release, "resolve": s.Desk.Resolve, "return": s.Desk.Return,
	} {
		register(s, staffOnly, huma.Operation{
			OperationID: name, Method: http.MethodPost, Path: "/api/desk/conversations/{id}/" + name,
			Summary: deskSummaries[name], DefaultStatus: http.StatusOK,
		}, func(ctx context.Context, who identity.Principal, in *conversationID) (*deskDone, error) {
			return s.done(ctx, in.ID, act(ctx, who, in.ID))
		})
	}
	register(s, staffOnly, huma.Operation{
		OperationID: "reply", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/messages",
		Summary: "Write to the customer",
	}, func(ctx context.Context, who identity.Principal, in *replyInput) (*deskDone, error) {
		return s.done(ctx, in.ID, s.Assist.Send(ctx, who, in.ID, agents.Reply{
			Text: in.Body.Text, Attachments: in.Body.Attachments, Suggestion: in.Body.Suggestion,
		}))
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "snooze", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/snooze",
		Summary: "Put a conversation off",
	}, func(ctx context.Context, who identity.Principal, in *snoozeInput) (*deskDone, error) {
		return s.done(ctx, in.ID, s.Desk.Snooze(ctx, who, in.ID, in.Body.Until))
	})
	register(s, staffOnly, huma.Operation{
		OperationID: "askConsent", Method: http.MethodPost, Path: "/api/desk/conversations/{id}/ask-consent",
		Summary: "Ask the customer, once, to let people at the desk see categories of their data",
	}, func(ctx context.Context, who identity.Principal, in *askInput) (*deskDone, error) {
		return s.done(ctx, in.ID, s.Desk.Ask(ctx, who, in.ID, in.Body.Categories))
	})
}

var deskSummaries = map[string]string{
	"claim": "Take a conversation", "release": "Put a conversation back into the queue",
	"resolve": "End a conversation", "return": "Give a conversation back to the assistant",
}

func (s *Server) done(ctx context.Context, id string, err error) (*deskDone, error) {
	if err != nil {
		return nil, err
	}
	c, err := s.Conversations.At(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &deskDone{}
	out.Body.ConversationID, out.Body.State, out.Body.Reason = c.ID, c.State, c.Reason
	return out, nil
}

func (s *Server) queue(ctx context.Context, who identity.Principal, in *queueInput) (*queueOutput, error) {
	tickets, err := s.Desk.Queue(ctx, who, in.Queue)
	if err != nil {
		return nil, err
	}
	out := &queueOutput{}
	out.Body.Tickets = make([]ticketJSON, len(tickets))
	for i, t := range tickets {
		out.Body.Tickets[i] = toTicket(t, who)
	}
	return out, nil
}

func (s *Server) deskConversation(ctx context.Context, who identity.Principal, in *conversationID) (*deskOutput, error) {
	v, err := s.Desk.Get(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	flags, err := s.Reviews.Flagged(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	contact, err := s.Contacts.HasContact(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &deskOutput{}
	b := &out.Body
	b.ID, b.State, b.Reason = v.Conversation.ID, v.Conversation.State, v.Conversation.Reason
	b.Customer, b.Visitor, b.Language, b.Brand = v.Conversation.Customer, v.Conversation.Visitor, v.Conversation.Language, v.Brand
	b.Ticket, b.Read = toTicket(v.Ticket, who), v.Conversation.Read
	b.Shared, b.NotShared = append([]consent.Category{}, v.Shared...), append([]consent.Category{}, v.NotShared...)
	b.Asks, b.Messages, b.Records = v.Asks, []deskMessage{}, []deskRecord{}
	b.Summary, b.Contact = v.Summary, contact
	if b.Rating, err = s.ratingOf(ctx, in.ID); err != nil {
		return nil, err
	}
	if b.Rating != nil && who.Outside() {
		b.Rating.Comment = "" // said to the company
	}
	b.Notes, b.History = toNotes(v.Notes), toHistory(v.History)
	for _, m := range v.Messages {
		x := deskMessage{
			ID: m.ID, Seq: m.Seq, From: m.From, At: m.At, AnswerID: m.AnswerID, Assisted: m.Assisted, Name: m.Name, Segments: m.Parts,
			Mine: m.Staff != "" && m.Staff == who.Staff, Flags: flags[m.AnswerID], Attachments: m.Attachments, Edited: optional(m.Edited),
		}
		for i, p := range m.Parts {
			if i > 0 {
				x.Text += " "
			}
			x.Text += p.Text
		}
		b.Messages = append(b.Messages, x)
	}
	for _, r := range v.Records {
		b.Records = append(b.Records, deskRecord{r.ID, r.Category, r.Title, r.Text, r.Fields, r.Source, r.CollectedAt})
	}
	return out, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
