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
	// Attachments and Suggestion are of a reply.
	Attachments []string `json:"attachments,omitempty"`
	Suggestion  string   `json:"suggestion,omitempty"`
	// Queue, Staff and Note are of a transfer.
	Queue string           `json:"queue,omitempty"`
	Staff identity.StaffID `json:"staff,omitempty"`
	Note  string           `json:"note,omitempty"`
	// Instruction is of a suggestion.
	Instruction string `json:"instruction,omitempty"`
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
	Until          time.Time           `json:"until,omitzero"`
	Assignee       *personJSON         `json:"assignee,omitempty"`
	Unread         int                 `json:"unread"`
	Topic          string              `json:"topic,omitempty"`
	Skills         []string            `json:"skills,omitempty"`
	Opened         time.Time           `json:"opened"`
	FirstReply     time.Time           `json:"first_reply,omitzero"`
	Asked          time.Time           `json:"asked,omitzero"`
	Due            *dueJSON            `json:"due,omitempty"`
	Escalated      int                 `json:"escalated,omitempty"`
	Reserved       *reservedJSON       `json:"reserved,omitempty"`
	LastOwner      identity.StaffID    `json:"last_owner,omitempty"`
	Closed         time.Time           `json:"closed,omitzero"`
	Outcome        string              `json:"outcome,omitempty"`
}

// dueJSON is what is promised to the customer next.
type dueJSON struct {
	Kind agents.DueKind `json:"kind"`
	At   time.Time      `json:"at"`
	Late bool           `json:"late"`
}

// reservedJSON is whom a ticket is kept for.
type reservedJSON struct {
	Staff identity.StaffID `json:"staff"`
	Name  string           `json:"name"`
	Until time.Time        `json:"until"`
}

type noteJSON struct {
	ID    string           `json:"id"`
	Staff identity.StaffID `json:"staff"`
	Name  string           `json:"name"`
	At    time.Time        `json:"at"`
	Text  string           `json:"text"`
}

type historyJSON struct {
	At     time.Time        `json:"at"`
	Kind   agents.EventKind `json:"kind"`
	Actor  identity.StaffID `json:"actor,omitempty"`
	Name   string           `json:"name,omitempty"`
	Queue  string           `json:"queue"`
	Detail string           `json:"detail,omitempty"`
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
	Read      conversation.Marks  `json:"read"`
	Summary   agents.Summary      `json:"summary"`
	Notes     []noteJSON          `json:"notes,omitempty"`
	History   []historyJSON       `json:"history,omitempty"`
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

	Attachments []conversation.Attachment `json:"attachments,omitempty"`
	Edited      time.Time                 `json:"edited,omitzero"`
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
		ID: t.ID, ConversationID: t.Conversation, Site: t.Site, Customer: t.Customer, Queue: t.Queue, Reason: t.Reason,
		Priority: t.Priority, WaitingSince: t.WaitingSince, Summary: t.Summary, Language: t.Language, State: t.State,
		Unread: t.Unread, Topic: t.Topic, Skills: t.Skills, Opened: t.Clocks.Opened, FirstReply: t.Clocks.FirstReply,
		Until: t.Until, Asked: t.Clocks.Asked, Escalated: t.Escalated, LastOwner: t.LastOwner, Closed: t.Clocks.Closed, Outcome: t.Outcome,
	}
	if t.Assignee != "" {
		out.Assignee = &personJSON{t.Assignee, t.AssigneeName}
	}
	if !t.Clocks.Due.IsZero() {
		out.Due = &dueJSON{t.Clocks.DueKind, t.Clocks.Due, t.Clocks.Late}
	}
	if t.Reserved != nil {
		out.Reserved = &reservedJSON{t.Reserved.Staff, t.Reserved.Name, t.Reserved.Until}
	}
	return out
}

func (t ticketJSON) ticket() agents.Ticket {
	out := agents.Ticket{
		ID: t.ID, Conversation: t.ConversationID, Site: t.Site, Customer: t.Customer, Queue: t.Queue, Reason: t.Reason,
		Priority: t.Priority, WaitingSince: t.WaitingSince, Summary: t.Summary, Language: t.Language, State: t.State,
		Unread: t.Unread, Topic: t.Topic, Skills: t.Skills, Escalated: t.Escalated, LastOwner: t.LastOwner, Outcome: t.Outcome, Until: t.Until,
		Clocks: agents.TicketClocks{Opened: t.Opened, FirstReply: t.FirstReply, Asked: t.Asked, Closed: t.Closed},
	}
	if t.Assignee != nil {
		out.Assignee, out.AssigneeName = t.Assignee.ID, t.Assignee.Name
	}
	if t.Due != nil {
		out.Clocks.DueKind, out.Clocks.Due, out.Clocks.Late = t.Due.Kind, t.Due.At, t.Due.Late
	}
	if t.Reserved != nil {
		out.Reserved = &agents.Kept{Staff: t.Reserved.Staff, Name: t.Reserved.Name, Until: t.Reserved.Until}
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
		Brand: v.Brand, Ticket: fromTicket(v.Ticket), Read: c.Read, Summary: v.Summary,
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
			m.Attachments, m.Edited,
		})
	}
	for _, n := range v.Notes {
		out.Notes = append(out.Notes, noteJSON{n.ID, n.Staff, n.Name, n.At, n.Text})
	}
	for _, e := range v.History {
		out.History = append(out.History, historyJSON(e))
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
			Assignee: v.Assignee, Language: v.Language, LastSeq: v.LastSeq, Read: v.Read, Created: v.Created, Updated: v.Updated,
		},
		Brand: v.Brand, Ticket: v.Ticket.ticket(), Summary: v.Summary, Shared: v.Shared, NotShared: v.NotShared, Asks: v.Asks,
	}
	for _, m := range v.Messages {
		out.Messages = append(out.Messages, agents.ViewMessage{
			Message: conversation.Message{
				ID: m.ID, Seq: m.Seq, From: m.From, At: m.At, AnswerID: m.AnswerID, Assisted: m.Assisted, Staff: m.Staff, Name: m.Name,
				Attachments: m.Attachments, Edited: m.Edited,
			},
			Parts: m.Segments,
		})
	}
	for _, n := range v.Notes {
		out.Notes = append(out.Notes, agents.Note{ID: n.ID, Conversation: v.ID, Staff: n.Staff, Name: n.Name, At: n.At, Text: n.Text})
	}
	for _, e := range v.History {
		out.History = append(out.History, agents.TicketEvent(e))
	}
	for _, r := range v.Records {
		out.Records = append(out.Records, retrieval.Record{
			ID: r.ID, Site: v.Site, Customer: v.Customer, Category: r.Category, Title: r.Title, Text: r.Text, Fields: r.Fields,
			Source: r.Source, CollectedAt: r.CollectedAt, Language: r.Language, Expires: r.Expires,
		})
	}
	return out
}
