package store

import (
	"errors"
	"testing"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/delivery"
	"candor/identity"
)

// TestPlansOfDesk: so is what is asked by the desk, by whoever routes, delivers and wakes
// every second, and by reports.
func TestPlansOfDesk(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *Store) {
		p := newPlanned(t, open())
		s, ctx, customer := p.Store, t.Context(), p.who.Customer
		stamp, err := p.gate.Scope(ctx, p.who, consent.Answers)
		must(t, err)
		must(t, s.AddStaff(ctx, identity.StaffMember{ID: "stf_2", Email: "two@shop.example", Roles: []identity.Role{identity.RoleAgent}}))
		_, err = s.PutWebhook(ctx, delivery.Webhook{Name: "crm", URL: "https://crm.example", Events: []string{"candor.message.unread"}}, false)
		must(t, err)
		must(t, s.fill(ctx))

		conv, err := s.Conversation(ctx, "cnv_maya")
		must(t, err)
		file := conversation.StoredAttachment{
			Attachment: conversation.Attachment{ID: "att_maya", Type: "image/png", Size: 1}, Conversation: conv.ID, Customer: customer, From: conversation.FromCustomer,
		}
		target, busy := string(delivery.WebhookRecipient("crm")), agents.Queue{Name: "returns", Title: "Returns", Quiet: agents.Span(time.Hour)}
		busy.Takes.Languages = []string{"pt"}
		act := func(a agents.Action) func() error {
			return func() error { return s.Act(ctx, agents.By{Staff: "stf_1"}, conv.ID, a) }
		}
		for _, c := range []asked{
			{"a file", func() error { return s.Upload(ctx, file, []byte("x")) }},
			{"a message with it", func() error {
				m := p.message("msg_file")
				m.Attachments = []conversation.Attachment{{ID: file.ID}}
				return only(s.PostFiles(ctx, conv.ID, m, "en", conversation.Message{ID: "msg_notice", From: conversation.FromSystem}))
			}},
			{"what was sent", func() error { return only(s.AttachmentsOf(ctx, conv)) }},
			{"a file of it", func() error { return only(s.Attachment(ctx, conv.ID, file.ID)) }},
			{"a piece of the file", func() error { return only(s.AttachmentPiece(ctx, file, 0)) }},
			{"files that nobody sent", func() error {
				loose := file
				loose.ID = "att_loose"
				must(t, s.Upload(ctx, loose, []byte("x")))
				_, err := s.writes.ExecContext(ctx, "UPDATE attachments SET at = 0 WHERE id = 'att_loose'")
				return errors.Join(err, s.SweepAttachments(ctx))
			}},
			{"a queue", func() error { return s.SetQueue(ctx, busy, "") }},
			{"a queue less", func() error { return s.RemoveQueue(ctx, busy.Name) }},
			{"a queue again", func() error { return s.SetQueue(ctx, busy, "") }},
			{"a seat", func() error { return s.SetSeat(ctx, agents.Seat{Staff: "stf_1", Capacity: 4}) }},
			{"what one serves", func() error { return only(s.QueuesOf(ctx, "stf_1")) }},
			{"that one is there", func() error { return only(s.Heard(ctx, "stf_1", agents.Online, time.Minute)) }},
			{"an address", func() error { return s.SetContact(ctx, conv, "maya@mail.example") }},
			{"whether there is an address", func() error { return only(s.HasContact(ctx, conv.ID)) }},
			{"a customer's addresses", func() error { return only(s.ContactsOf(ctx, customer)) }},
			{"a handoff", func() error {
				return only(s.Handoff(ctx, conv.ID, conversation.CustomerRequest, p.message("msg_wait")))
			}},
			{"the tickets of a queue", func() error { return only(s.Tickets(ctx, "support")) }},
			{"a reservation", func() error {
				ticket, err := s.TicketOf(ctx, conv.ID)
				must(t, err)
				return s.Reserve(ctx, agents.Reservation{Ticket: ticket.ID, Conversation: conv.ID, Staff: "stf_1", Until: time.Now().Add(time.Hour)})
			}},
			{"a reservation that passes", func() error { return s.Pass(ctx, agents.By{Staff: "stf_1"}, conv.ID) }},
			{"a note", func() error {
				return s.AddNote(ctx, agents.By{Staff: "stf_1"}, agents.Note{ID: "not_maya", Conversation: conv.ID, Staff: "stf_1", Text: "x"})
			}},
			{"the notes", func() error { return only(s.Notes(ctx, conv.ID)) }},
			{"a suggestion", func() error {
				return s.AddSuggestion(ctx, agents.By{Staff: "stf_1"}, customer, agents.Suggestion{ID: "sug_maya", Conversation: conv.ID, Staff: "stf_1", Stamp: stamp.Stamp()})
			}},
			{"the suggestions", func() error { return only(s.Suggestions(ctx, conv.ID)) }},
			{"a summary", func() error {
				return s.PutSummary(ctx, customer, conv.ID, agents.StoredSummary{Seq: 1, Reader: consent.HumanAgents, Stamp: stamp.Stamp()})
			}},
			{"a summary for its reader", func() error {
				_, _, err := s.Summarized(ctx, conv.ID, 1, consent.HumanAgents)
				return err
			}},
			{"how answers ended", func() error { return only(s.Answered(ctx, conv.ID)) }},
			{"a reply from a suggestion", act(agents.Action{
				Trigger: conversation.AgentReplies, Reason: conversation.TakenOver,
				Message: &conversation.Message{ID: "msg_reply", From: conversation.FromAgent, Staff: "stf_1", Segments: conversation.PlainMessage("x")},
				Drafted: &agents.Drafted{Suggestion: "sug_maya", Outcome: agents.UsedAsItWas},
			})},
			{"an edit", func() error {
				return s.Edit(ctx, conv.ID, conversation.Edit{Message: "msg_reply", Text: "y", By: conversation.FromAgent, Staff: "stf_1"})
			}},
			{"what is unread", func() error {
				n, err := s.TellUnread(ctx, -time.Minute, true)
				if err == nil && n != 1 {
					err = errors.New("nobody was told")
				}
				return err
			}},
			{"whether a customer sends GPC", func() error { return only(s.SignalsGPC(ctx, customer)) }},
			{"for whom there are deliveries", func() error { return only(s.Deliveries().Targets(ctx)) }},
			{"what is to be delivered", func() error { return only(s.Deliveries().Due(ctx, target, 10)) }},
			{"how much is to be delivered", func() error { return only(s.WaitingDeliveries(ctx)) }},
			{"the letter of a mail", func() error {
				mails, err := s.Deliveries().Due(ctx, delivery.MailTarget, 10)
				must(t, err)
				return only(s.Deliveries().Letter(ctx, mails[0]))
			}},
			{"what came of a delivery", func() error {
				return s.Deliveries().Settle(ctx, delivery.Delivery{ID: "dlv_7", Target: target, Kind: delivery.Hook}, delivery.Result{Status: delivery.Failed, Why: "status"})
			}},
			{"what came of deliveries to one", func() error { return only(s.WebhookLog(ctx, "crm", 10)) }},
			{"the webhooks", func() error { return only(s.Webhooks(ctx)) }},
			{"deliveries that are long over", func() error { return s.SweepDeliveries(ctx) }},
			{"no address any more", func() error { return s.RemoveContact(ctx, conv) }},
			{"a read mark", func() error {
				_, _, err := s.MarkRead(ctx, conv.ID, conversation.FromCustomer, "", 1<<40)
				return err
			}},
			{"a transfer to a person", func() error {
				return s.Transfer(ctx, agents.By{Staff: "stf_1"}, conv.ID, agents.Transfer{Staff: "stf_2", Note: "x"})
			}},
			{"a claim of what is kept", func() error {
				return s.Act(ctx, agents.By{Staff: "stf_2"}, conv.ID, agents.Action{Trigger: conversation.AgentClaims})
			}},
			{"a transfer to a queue", func() error {
				return s.Transfer(ctx, agents.By{Staff: "stf_2"}, conv.ID, agents.Transfer{Queue: busy.Name})
			}},
			{"a claim", act(agents.Action{Trigger: conversation.AgentClaims})},
			{"that one is put off", act(agents.Action{Trigger: conversation.AgentSnoozes, Until: time.Now().Add(time.Hour)})},
			{"what wakes", func() error {
				must(t, only(s.writes.ExecContext(ctx, "UPDATE conversations SET snoozed_until = 1 WHERE id = 'cnv_maya'")))
				return s.WakeSnoozed(ctx)
			}},
			{"what is late", func() error {
				must(t, only(s.writes.ExecContext(ctx, "UPDATE tickets SET due = 1, due_kind = 'resolution' WHERE conversation = 'cnv_maya'")))
				n, err := s.Escalate(ctx)
				if err == nil && n != 1 {
					err = errors.New("nothing was late")
				}
				return err
			}},
			{"a claim of what is late", act(agents.Action{Trigger: conversation.AgentClaims})},
			{"what has gone quiet", func() error {
				must(t, only(s.writes.ExecContext(ctx, "UPDATE conversations SET said = 1 WHERE id = 'cnv_maya'")))
				told := 0
				_, err := s.GoQuiet(ctx, func(string, time.Duration) string { told++; return "x" })
				if err == nil && told != 1 {
					err = errors.New("nobody was told")
				}
				return err
			}},
			{"who has gone", func() error {
				must(t, only(s.writes.ExecContext(ctx, "UPDATE staff SET disabled = TRUE WHERE id = 'stf_1'")))
				gone, err := s.Silent(ctx, time.Minute)
				must(t, err)
				if len(gone) != 1 {
					return errors.New("nobody has gone")
				}
				must(t, only(s.writes.ExecContext(ctx, "UPDATE staff SET disabled = FALSE WHERE id = 'stf_1'")))
				return only(s.TakeBack(ctx, gone[0], time.Minute, conversation.Message{ID: "msg_gone", From: conversation.FromSystem}))
			}},
			{"a claim of what came back", act(agents.Action{Trigger: conversation.AgentClaims})},
			{"a resolution", act(agents.Action{Trigger: conversation.AgentResolves})},
			{"whether it is solved", func() error { return only(s.MayConfirm(ctx, conv.ID)) }},
			{"that it is not solved", func() error {
				return s.Confirm(ctx, conv.ID, false, conversation.Message{ID: "msg_open", From: conversation.FromSystem})
			}},
			{"a rating", func() error {
				return s.RateConversation(ctx, customer, conv.ID, conversation.Rating{Score: 5, Shown: "yes"})
			}},
			{"the rating", func() error { return only(s.RatingOf(ctx, conv.ID)) }},
			{"what happened", func() error { return only(s.TicketHistory(ctx, conv.ID)) }},
			{"a report", func() error { return only(s.Stays(ctx, time.Now().Add(-time.Hour), time.Time{})) }},
			{"the ratings of a customer", func() error { return only(s.RatingsOf(ctx, customer)) }},
			{"the notes about a customer", func() error { return only(s.NotesOf(ctx, conv)) }},
			{"what is over", func() error { return only(s.RemoveConversations(ctx, 1000*time.Hour)) }},
			{"an erasure", func() error { return only(s.Erase(ctx, customer, nil)) }},
		} {
			p.asks(t, c)
		}
	})
}
