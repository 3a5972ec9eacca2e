package natsdesk

import (
	"strings"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// The JSON of the desk over NATS. Its fields are named as those of the desk over
// HTTP.

// requestJSON is a request. Who asks is not in it: that is the token's to say.
type requestJSON struct {
	ConversationID string    `json:"conversation_id,omitempty"`
	Text           string    `json:"text,omitempty"`
	Until          time.Time `json:"until,omitzero"`
	// Categories are what the customer is asked to share.
	Categories []consent.Category `json:"categories,omitempty"`
}

// doneJSON is the reply to a request that changed something.
type doneJSON struct {
	ConversationID string `json:"conversation_id"`
}

type listJSON struct {
	Tickets []ticketJSON `json:"tickets"`
}

type personJSON struct {
	ID   identity.StaffID `json:"id"`
	Name string           `json:"name"`
}

type ticketJSON struct {
	ID             string              `json:"id"`
	ConversationID string              `json:"conversation_id"`
	Site           identity.SiteID     `json:"site"`
	Customer       identity.CustomerID `json:"customer"`
	Queue          string              `json:"queue"`
	Reason         conversation.Reason `json:"reason"`
	Priority       int                 `json:"priority"`
	WaitingSince   time.Time           `json:"waiting_since"`
	Summary        string              `json:"summary"`
	Language       string              `json:"language"`
	State          agents.TicketState  `json:"state"`
	Assignee       *personJSON         `json:"assignee,omitempty"`
}

type viewJSON struct {
	ID        string              `json:"id"`
	Site      identity.SiteID     `json:"site"`
	Customer  identity.CustomerID `json:"customer"`
	Visitor   bool                `json:"visitor"`
	State     conversation.State  `json:"state"`
	Reason    conversation.Reason `json:"reason"`
	Assignee  identity.StaffID    `json:"assignee,omitempty"`
	Language  string              `json:"language"`
	LastSeq   int64               `json:"last_seq"`
	Created   time.Time           `json:"created"`
	Updated   time.Time           `json:"updated"`
	Brand     string              `json:"brand"`
	Ticket    ticketJSON          `json:"ticket"`
	Messages  []messageJSON       `json:"messages"`
	Shared    []consent.Category  `json:"shared"`
	NotShared []consent.Category  `json:"not_shared"`
	Asks      asks                `json:"asks,omitempty"`
	Records   []recordJSON        `json:"records"`
}

// asks says of what is not shared whether it may be asked for.
type asks = map[consent.Category]consent.AskState

type messageJSON struct {
	ID       string              `json:"id"`
	Seq      int64               `json:"seq"`
	From     conversation.Author `json:"from"`
	Text     string              `json:"text"` // of the segments
	At       time.Time           `json:"at"`
	AnswerID string              `json:"answer_id,omitempty"`
	Assisted bool                `json:"assisted,omitempty"`
	Staff    identity.StaffID    `json:"staff,omitempty"`
	Name     string              `json:"name,omitempty"`
	Segments []agents.Part       `json:"segments"`
}

type recordJSON struct {
	ID          string            `json:"id"`
	Category    consent.Category  `json:"category"`
	Title       string            `json:"title"`
	Text        string            `json:"text"`
	Fields      map[string]string `json:"fields,omitempty"`
	Source      retrieval.Source  `json:"source"`
	CollectedAt time.Time         `json:"collected_at"`
	Language    string            `json:"language,omitempty"`
	Expires     time.Time         `json:"expires,omitzero"`
}

func fromTicket(t agents.Ticket) ticketJSON {
	out := ticketJSON{
		t.ID, t.Conversation, t.Site, t.Customer, t.Queue, t.Reason, t.Priority, t.WaitingSince, t.Summary, t.Language, t.State, nil,
	}
	if t.Assignee != "" {
		out.Assignee = &personJSON{t.Assignee, t.AssigneeName}
	}
	return out
}

func (t ticketJSON) ticket() agents.Ticket {
	out := agents.Ticket{
		ID: t.ID, Conversation: t.ConversationID, Site: t.Site, Customer: t.Customer, Queue: t.Queue, Reason: t.Reason,
		Priority: t.Priority, WaitingSince: t.WaitingSince, Summary: t.Summary, Language: t.Language, State: t.State,
	}
	if t.Assignee != nil {
		out.Assignee, out.AssigneeName = t.Assignee.ID, t.Assignee.Name
	}
	return out
}

// fromView takes the parts of messages, in which what the agent may not see is
// left out, and never their segments.
func fromView(v agents.View) viewJSON {
	c := v.Conversation
	out := viewJSON{
		ID: c.ID, Site: c.Site, Customer: c.Customer, Visitor: c.Visitor, State: c.State, Reason: c.Reason,
		Assignee: c.Assignee, Language: c.Language, LastSeq: c.LastSeq, Created: c.Created, Updated: c.Updated,
		Brand: v.Brand, Ticket: fromTicket(v.Ticket),
		Messages: []messageJSON{}, Records: []recordJSON{}, Asks: v.Asks,
		Shared: append([]consent.Category{}, v.Shared...), NotShared: append([]consent.Category{}, v.NotShared...),
	}
	for _, m := range v.Messages {
		texts := make([]string, len(m.Parts))
		for i, p := range m.Parts {
			texts[i] = p.Text
		}
		out.Messages = append(out.Messages, messageJSON{
			m.ID, m.Seq, m.From, strings.Join(texts, " "), m.At, m.AnswerID, m.Assisted, m.Staff, m.Name, m.Parts,
		})
	}
	for _, r := range v.Records {
		out.Records = append(out.Records, recordJSON{
			r.ID, r.Category, r.Title, r.Text, r.Fields, r.Source, r.CollectedAt, r.Language, r.Expires,
		})
	}
	return out
}

func (v viewJSON) view() agents.View {
	out := agents.View{
		Conversation: conversation.Conversation{
			ID: v.ID, Site: v.Site, Customer: v.Customer, Visitor: v.Visitor, State: v.State, Reason: v.Reason,
			Assignee: v.Assignee, Language: v.Language, LastSeq: v.LastSeq, Created: v.Created, Updated: v.Updated,
		},
		Brand: v.Brand, Ticket: v.Ticket.ticket(), Shared: v.Shared, NotShared: v.NotShared, Asks: v.Asks,
	}
	for _, m := range v.Messages {
		out.Messages = append(out.Messages, agents.ViewMessage{
			Message: conversation.Message{
				ID: m.ID, Seq: m.Seq, From: m.From, At: m.At, AnswerID: m.AnswerID, Assisted: m.Assisted, Staff: m.Staff, Name: m.Name,
			},
			Parts: m.Segments,
		})
	}
	for _, r := range v.Records {
		out.Records = append(out.Records, retrieval.Record{
			ID: r.ID, Site: v.Site, Customer: v.Customer, Category: r.Category, Title: r.Title, Text: r.Text, Fields: r.Fields,
			Source: r.Source, CollectedAt: r.CollectedAt, Language: r.Language, Expires: r.Expires,
		})
	}
	return out
}
