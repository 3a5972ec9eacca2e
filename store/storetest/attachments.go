package storetest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// file is an attachment of the customer's, not sent yet. Its pieces are three.
func (f *fixture) file(who identity.Principal, conv, name string) (conversation.StoredAttachment, []byte) {
	data := bytes.Repeat([]byte(name+" "), (2*conversation.AttachmentPiece+1000)/(len(name)+1))
	return conversation.StoredAttachment{
		Attachment:   conversation.Attachment{ID: identity.NewID("att"), Name: name + ".pdf", Type: "application/pdf", Size: int64(len(data))},
		Conversation: conv, Customer: who.Customer, From: conversation.FromCustomer,
	}, data
}

func (f *fixture) upload(who identity.Principal, conv, name string) string {
	f.Helper()
	a, data := f.file(who, conv, name)
	f.must(f.Upload(f.Context(), a, data))
	return a.ID
}

// sending is a message with files.
func sending(from conversation.Author, files ...string) conversation.Message {
	m := message(from, "here")
	m.Attachments, _ = conversation.Named(files)
	return m
}

func (f *fixture) bytes(conv, attachment string) string {
	f.Helper()
	a, err := f.Attachment(f.Context(), conv, attachment)
	f.must(err)
	all, err := io.ReadAll(conversation.ReadPieces(f.Context(), f.Store, a))
	f.must(err)
	return string(all)
}

// attachmentsAreSent: a file belongs to one message of one conversation, and is read as
// it was uploaded.
func attachmentsAreSent(f *fixture) {
	conv, other := f.talk(f.maya), f.talk(f.omar)
	a, data := f.file(f.maya, conv, "letter")
	f.must(f.Upload(f.Context(), a, data))
	f.must(f.Upload(f.Context(), a, data)) // a request that is repeated
	if got := f.bytes(conv, a.ID); got != string(data) {
		f.Errorf("%d bytes came back, of %d", len(got), len(data))
	}
	f.is("in another conversation", only(f.Attachment(f.Context(), other, a.ID)), conversation.ErrNotFound)
	stolen := a
	stolen.Conversation, stolen.Customer = other, f.omar.Customer
	f.is("an id of somebody else's", f.Upload(f.Context(), stolen, data), conversation.ErrNotFound)

	before := f.contents()
	for what, m := range map[string]conversation.Message{
		"somebody else's": sending(conversation.FromCustomer, f.upload(f.omar, other, "theirs")),
		"none":            sending(conversation.FromCustomer, "att_none"),
		"one, and none":   sending(conversation.FromCustomer, a.ID, "att_none"),
	} {
		f.is(what, only(f.Post(f.Context(), conv, m, "en")), conversation.ErrAttachmentGone)
	}
	if after := f.contents(); after["events"] != before["events"] || after["answers"] != before["answers"] {
		f.Error("a message was posted without its files")
	}
	m := sending(conversation.FromCustomer, a.ID)
	p, err := f.Post(f.Context(), conv, m, "en")
	f.must(err)
	if len(p.Message.Attachments) != 1 || p.Message.Attachments[0] != a.Attachment {
		f.Errorf("the message has %+v", p.Message.Attachments)
	}
	if again, err := f.Post(f.Context(), conv, m, "en"); err != nil || again.Message.Seq != p.Message.Seq {
		f.Errorf("the same message again: %+v, %v", again, err)
	}
	f.is("the file in a second message", only(f.Post(f.Context(), conv, sending(conversation.FromCustomer, a.ID), "en")), conversation.ErrAttachmentGone)
	messages, err := f.Messages(f.Context(), conv)
	f.must(err)
	if last := messages[len(messages)-1]; !slices.Equal(last.Attachments, []conversation.Attachment{a.Attachment}) {
		f.Errorf("read again it has %+v", last.Attachments)
	}

	// Of an agent's own, and only of theirs.
	f.handOff(conv)
	sam, noor := f.agent(identity.StaffID(identity.NewID("stf"))), f.agent(identity.StaffID(identity.NewID("stf")))
	form, data := f.file(f.maya, conv, "form")
	form.From, form.Staff = conversation.FromAgent, sam
	f.must(f.Upload(f.Context(), form, data))
	reply := func(who identity.StaffID) error {
		m := sending(conversation.FromAgent, form.ID)
		m.Staff = who
		return f.Act(f.Context(), who, conv, agents.Action{Trigger: conversation.AgentReplies, Message: &m})
	}
	f.is("another agent's file", reply(noor), conversation.ErrAttachmentGone)
	if c := f.state(conv); c.Assignee != "" {
		f.Errorf("the reply that failed took the conversation: %+v", c)
	}
	f.must(reply(sam))
}

// attachedOnce: of many messages that send one file at a moment one does.
func attachedOnce(f *fixture) {
	conv := f.talk(f.maya)
	id := f.upload(f.maya, conv, "photo")
	var sent atomic.Int64
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if _, err := f.Post(f.Context(), conv, sending(conversation.FromCustomer, id), "en"); err == nil {
				sent.Add(1)
			}
		})
	}
	group.Wait()
	if sent.Load() != 1 {
		f.Errorf("the file was sent with %d messages", sent.Load())
	}
}

// uploadedOnce: of many uploads of one id at a moment one is stored, whole; and an agent's
// only while nobody else has the conversation.
func uploadedOnce(f *fixture) {
	conv := f.talk(f.maya)
	for round := range 3 {
		a, _ := f.file(f.maya, conv, "scan")
		var stored atomic.Int64
		var group sync.WaitGroup
		for i := range 4 {
			data := bytes.Repeat([]byte{byte('a' + i)}, 9*conversation.AttachmentPiece)
			group.Go(func() {
				switch err := f.Upload(f.Context(), a, data); {
				case err == nil:
					stored.Add(1)
				case !errors.Is(err, conversation.ErrUploadedAgain):
					f.Errorf("round %d: %v", round, err)
				}
			})
		}
		group.Wait()
		got := f.bytes(conv, a.ID)
		if stored.Load() == 0 || len(got) != 9*conversation.AttachmentPiece || strings.Trim(got, got[:1]) != "" {
			f.Errorf("round %d: of %d uploads that were stored %d bytes came back, whole: %t", round, stored.Load(), len(got), strings.Trim(got, got[:1]) == "")
		}
	}

	f.handOff(conv)
	sam, noor := f.agent("stf_sam"), f.agent("stf_noor")
	upload := func(who identity.StaffID) error {
		a, data := f.file(f.maya, conv, "form")
		a.From, a.Staff = conversation.FromAgent, who
		return f.Upload(f.Context(), a, data)
	}
	f.must(upload(noor)) // nobody has it
	f.claim(sam, conv)
	f.must(upload(sam))
	before := f.contents()
	f.is("into what another agent has", upload(noor), agents.ErrOwned)
	f.unchanged("refused", before)
}

// filesWithoutWords: nobody answers them, and the customer reads why.
func filesWithoutWords(f *fixture) {
	conv := f.talk(f.maya)
	post := func() conversation.Posted {
		f.Helper()
		m := sending(conversation.FromCustomer, f.upload(f.maya, conv, "photo"))
		m.Segments = conversation.PlainMessage("")
		notice := message(conversation.FromSystem, "The assistant can't read files.")
		p, err := f.PostFiles(f.Context(), conv, m, "en", notice)
		f.must(err)
		again, err := f.PostFiles(f.Context(), conv, m, "en", notice)
		if err != nil || again.Message.Seq != p.Message.Seq {
			f.Errorf("sent again: %+v, %v", again, err)
		}
		return p
	}
	said := func() (texts []string) {
		f.Helper()
		messages, err := f.Messages(f.Context(), conv)
		f.must(err)
		for _, m := range messages[1:] {
			texts = append(texts, string(m.From)+":"+m.Text())
		}
		return texts
	}
	if p := post(); p.AnswerID != "" {
		f.Error("the assistant is to answer a file")
	}
	want := []string{"customer:", "system:The assistant can't read files."}
	if got := said(); !slices.Equal(got, want) {
		f.Errorf("%q", got)
	}
	f.handOff(conv)
	post()
	if got := said(); !slices.Equal(got, append(want, "system:A person will come.", "customer:")) {
		f.Errorf("where a person is to answer: %q", got)
	}
}

// attachmentsAreSwept: what was not sent within the hour goes, and what was cut off.
func attachmentsAreSwept(f *fixture) {
	conv := f.talk(f.maya)
	sent, loose := f.upload(f.maya, conv, "sent"), f.upload(f.maya, conv, "loose")
	f.must(only(f.Post(f.Context(), conv, sending(conversation.FromCustomer, sent), "en")))
	cut, data := f.file(f.maya, conv, "cut off")
	f.reopen() // a process that was killed after its first commit
	f.exec(`INSERT INTO attachments (id, conversation, customer, message, author, staff, size, pieces, at, sealed)
		SELECT 'att_cut', conversation, customer, '', author, staff, size, 0, at, sealed FROM attachments WHERE id = '` + loose + `'`)
	f.exec(`INSERT INTO attachment_pieces (attachment, piece, sealed) SELECT 'att_cut', 0, sealed FROM attachment_pieces WHERE attachment = '` + loose + `' AND piece = 0`)
	f.is("half a file", only(f.Attachment(f.Context(), conv, "att_cut")), conversation.ErrNotFound)
	f.is("half a file in a message", only(f.Post(f.Context(), conv, sending(conversation.FromCustomer, "att_cut"), "en")), conversation.ErrAttachmentGone)
	cut.ID = "att_cut"
	f.must(f.Upload(f.Context(), cut, data)) // begun again it is whole
	if got := f.bytes(conv, "att_cut"); got != string(data) {
		f.Errorf("begun again it has %d bytes", len(got))
	}

	f.must(f.SweepAttachments(f.Context()))
	f.bytes(conv, loose)
	f.pass(conversation.AttachmentLife - time.Second)
	f.must(f.SweepAttachments(f.Context()))
	f.bytes(conv, loose)
	f.pass(2 * time.Second)
	f.is("late", only(f.Post(f.Context(), conv, sending(conversation.FromCustomer, loose), "en")), conversation.ErrAttachmentGone)
	f.must(f.SweepAttachments(f.Context()))
	f.is("swept", only(f.Attachment(f.Context(), conv, loose)), conversation.ErrNotFound)
	f.is("swept", only(f.Attachment(f.Context(), conv, "att_cut")), conversation.ErrNotFound)
	f.bytes(conv, sent)
	if left := f.count("SELECT COUNT(*) FROM attachment_pieces WHERE attachment <> '" + sent + "'"); left != 0 {
		f.Errorf("%d pieces are left", left)
	}
}

// attachmentsAreBounded: a customer uploads so many in 24 hours, and so do agents apart.
func attachmentsAreBounded(f *fixture) {
	conv := f.talk(f.maya)
	small := func() error {
		a, _ := f.file(f.maya, conv, "small")
		a.Size = 1
		return f.Upload(f.Context(), a, []byte("x"))
	}
	for range conversation.MaxAttachmentsADay {
		f.must(small())
	}
	f.is("one more", small(), conversation.ErrAttachmentAllowance)
	a, _ := f.file(f.maya, conv, "form")
	a.From, a.Staff = conversation.FromAgent, f.agent("stf_files")
	f.must(f.Upload(f.Context(), a, []byte("x")))
	mine := f.talk(f.omar)
	large, _ := f.file(f.omar, mine, "large")
	large.Size = conversation.MaxAttachmentBytesADay + 1
	f.is("too many bytes", f.Upload(f.Context(), large, []byte("x")), conversation.ErrAttachmentAllowance)
	f.pass(24*time.Hour + time.Second)
	f.must(small())
}

// attachmentsAreSealed, are in the takeout, and go with their customer.
func attachmentsAreSealed(f *fixture) {
	conv, other := f.talk(f.maya), f.talk(f.omar)
	id, theirs := f.upload(f.maya, conv, "canarybird"), f.upload(f.omar, other, "canarybird")
	f.must(only(f.Post(f.Context(), conv, sending(conversation.FromCustomer, id), "en")))
	for table, rows := range f.contents() {
		if strings.Contains(rows, "canarybird") {
			f.Errorf("%s holds a file in plain", table)
		}
	}
	c := f.state(conv)
	files, err := f.AttachmentsOf(f.Context(), c)
	if err != nil || len(files) != 1 || files[0].ID != id {
		f.Errorf("the takeout has %+v, %v", files, err)
	}
	a, err := f.Attachment(f.Context(), conv, id)
	f.must(err)
	erased, err := f.Erase(f.Context(), f.maya.Customer, nil)
	f.must(err)
	if erased.Deleted["attachments"] != 1 {
		f.Errorf("deleted: %v", erased.Deleted)
	}
	if _, err := io.ReadAll(conversation.ReadPieces(f.Context(), f.Store, a)); err == nil {
		f.Error("a file of who was erased is still read")
	}
	late, data := f.file(f.maya, conv, "late")
	if err := f.Upload(f.Context(), late, data); err == nil {
		f.Error("a file of who was erased was taken")
	}
	if n := f.count("SELECT COUNT(*) FROM attachments"); n != 1 {
		f.Errorf("%d files are left", n)
	}
	f.bytes(other, theirs)
}

// attachmentsAreKept as long as what was said with them.
func attachmentsAreKept(f *fixture) {
	conv := f.talk(f.maya)
	f.must(only(f.PostFiles(f.Context(), conv, sending(conversation.FromCustomer, f.upload(f.maya, conv, "photo")), "en", message(conversation.FromSystem, "No."))))
	kept := 30 * 24 * time.Hour
	f.pass(kept - time.Hour)
	f.must(only(f.RemoveConversations(f.Context(), kept)))
	if n := f.count("SELECT COUNT(*) FROM attachment_pieces"); n != 3 {
		f.Errorf("%d pieces are kept", n)
	}
	f.pass(2 * time.Hour)
	f.must(only(f.RemoveConversations(f.Context(), kept)))
	if n := f.count("SELECT (SELECT COUNT(*) FROM attachments) + (SELECT COUNT(*) FROM attachment_pieces)"); n != 0 {
		f.Errorf("%d rows are left", n)
	}
}

// attachmentsAreHeld with what was said, of who was erased.
func attachmentsAreHeld(f *fixture) {
	conv := f.talk(f.maya)
	f.must(only(f.Post(f.Context(), conv, sending(conversation.FromCustomer, f.upload(f.maya, conv, "contract")), "en")))
	f.upload(f.maya, conv, "not sent")
	f.must(only(f.AddLegalHold(f.Context(), consent.Hold{
		Customer: f.maya.Customer, Categories: []consent.Category{consent.Conversation}, Reason: "A case at court.",
		Until: f.now().Add(time.Hour), Actor: "staff:stf_1",
	})))
	f.must(only(f.Erase(f.Context(), f.maya.Customer, nil)))
	if n := f.count("SELECT COUNT(*) FROM held WHERE what = 'attachment' AND category = 'conversation'"); n != 3 {
		f.Errorf("%d pieces are held, want those of the file that was sent", n)
	}
	if n := f.count("SELECT COUNT(*) FROM attachment_pieces"); n != 0 {
		f.Errorf("%d pieces are left under no key", n)
	}
}
