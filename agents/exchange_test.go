package agents_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"candor/agents"
	"candor/agents/desktest"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

const form = "%PDF-1.4\n1 0 obj<<>>endobj\nstartxref\n9\n%%EOF\n"

// TestFilesOfOutsideDesks: a file is words of the conversation. Another desk than the
// company's reads its own, and the others by a grant, while that stands.
func TestFilesOfOutsideDesks(t *testing.T) {
	f, s := newDesk(t)
	live := conversation.NewLive()
	x := agents.NewExchange(f.Service, s, live)
	ana, olga := f.Hire(t, "Ana", identity.RoleAgent), f.HireOutside(t, "Olga", f.Queue)
	c := f.Customer(t, "Hello")
	upload := func(from conversation.Author) string {
		t.Helper()
		a := conversation.StoredAttachment{
			Attachment:   conversation.Attachment{ID: identity.NewID("att"), Name: "form.pdf", Type: "application/pdf", Size: int64(len(form))},
			Conversation: c.Conversation, Customer: c.Who.Customer, From: from,
		}
		must(t, s.Upload(t.Context(), a, []byte(form)))
		return a.ID
	}
	theirs, unsent := upload(conversation.FromCustomer), upload(conversation.FromCustomer)
	_, err := s.PostFiles(t.Context(), c.Conversation, conversation.Message{
		ID: identity.NewID("msg"), From: conversation.FromCustomer, Segments: conversation.PlainMessage(""), Attachments: []conversation.Attachment{{ID: theirs}},
	}, "en", conversation.Message{ID: identity.NewID("msg"), From: conversation.FromSystem, Segments: conversation.PlainMessage("No.")})
	must(t, err)
	get := func(a desktest.Agent, id string) error {
		_, r, err := x.Attachment(t.Context(), t.Context(), a.Who, c.Conversation, id)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(r)
		if err == nil && !bytes.Equal(got, []byte(form)) {
			t.Errorf("%s reads %q", a.Who.Name, got)
		}
		return err
	}
	is := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	is("before a person was asked for", get(ana, theirs), conversation.ErrNotFound)
	c.AskForPerson(t)
	is("the company's desk", get(ana, theirs), nil)
	is("what was not sent", get(ana, unsent), conversation.ErrNotFound)
	is("another desk", get(olga, theirs), agents.ErrNotShared)
	c.ShareWith(t, desktest.Acme, consent.Conversation, true)
	is("another desk with a grant", get(olga, theirs), nil)
	c.ShareWith(t, desktest.Acme, consent.Conversation, false)
	is("another desk after a withdrawal", get(olga, theirs), agents.ErrNotShared)

	must(t, olga.Desk.Claim(t.Context(), olga.Who, c.Conversation))
	own, err := x.Upload(t.Context(), olga.Who, c.Conversation, "form", []byte(form))
	must(t, err)
	is("their own", get(olga, own.ID), nil)
	is("a colleague's that was not sent", get(ana, own.ID), conversation.ErrNotFound)
	must(t, f.Service.Send(t.Context(), olga.Who, c.Conversation, agents.Reply{Attachments: []string{own.ID}}))
	is("a colleague's that was sent", get(ana, own.ID), nil)
	for what, do := range map[string]func(context.Context, identity.Principal, string) error{
		"typing": x.Type,
		"upload": func(ctx context.Context, who identity.Principal, id string) error {
			_, err := x.Upload(ctx, who, id, "x", []byte(form))
			return err
		},
	} {
		is(what+" into another's conversation", do(t.Context(), ana.Who, c.Conversation), agents.ErrOwned)
		is(what+" by a reviewer", do(t.Context(), f.Hire(t, "Rita", identity.RoleReviewer).Who, c.Conversation), agents.ErrForbidden)
	}

	// Typing is told to who watches this conversation, or all.
	here, stop := live.Watch(c.Conversation)
	defer stop()
	elsewhere, stop := live.Watch("cnv_other")
	defer stop()
	must(t, x.Type(t.Context(), olga.Who, c.Conversation))
	if m := <-here; m.Kind != conversation.Typing || m.Staff != olga.Who.Staff || len(elsewhere) != 0 {
		t.Errorf("told: %+v, and %d elsewhere", m, len(elsewhere))
	}
}
