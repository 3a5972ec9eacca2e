package export

import (
	"context"
	"fmt"
	"io"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/retrieval"
)

// inferences is the category of what was guessed about a customer.
const inferences consent.Category = "inferences"

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
	Disputed    bool              `json:"disputed"`
	Hidden      bool              `json:"hidden"`
	Mine        bool              `json:"mine"`
}

func (a *archive) eachRecord(ctx context.Context, each func(retrieval.Held) error) error {
	return pages(func(after consent.Place) ([]retrieval.Held, consent.Place, error) {
		return a.Source.RecordsOf(ctx, a.who.Customer, after, page)
	}, each)
}

func (l *listing) record(r retrieval.Held) error {
	return l.add(recordJSON{
		r.ID, r.Category, r.Title, r.Text, r.Fields, r.Source, r.CollectedAt, r.Language, r.Expires, r.Disputed, r.Hidden, r.Own,
	})
}

func (a *archive) records(ctx context.Context, w io.Writer) error {
	return list(w, func(l *listing) error {
		return a.eachRecord(ctx, func(r retrieval.Held) error {
			if err := l.record(r); err != nil {
				return err
			}
			return a.tick(ctx)
		})
	})
}

// insights writes what was inferred about the customer. Whatever the purpose
// insights makes is a record of that category.
func (a *archive) insights(ctx context.Context, w io.Writer) error {
	return list(w, func(l *listing) error {
		return a.eachRecord(ctx, func(r retrieval.Held) error {
			if r.Category != inferences {
				return nil
			}
			return l.record(r)
		})
	})
}

type messageJSON struct {
	ID         string              `json:"id"`
	Seq        int64               `json:"seq"`
	From       conversation.Author `json:"from"`
	Name       string              `json:"name,omitempty"`
	Text       string              `json:"text"`
	At         time.Time           `json:"at"`
	AnswerID   string              `json:"answer_id,omitempty"`
	Assisted   bool                `json:"assisted,omitempty"`
	Categories []consent.Category  `json:"categories"`
	Edited     time.Time           `json:"edited,omitzero"`
	Files      []fileJSON          `json:"files,omitempty"`
}

// fileJSON is a file that was sent with a message, and where in the archive it is.
type fileJSON struct {
	File string `json:"file"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// attachmentName is the name of an attachment in the archive: what its sender called it
// is in the list, since two may be called the same.
func attachmentName(a conversation.Attachment) string {
	return "attachments/" + a.ID + conversation.AttachmentTypes[a.Type]
}

func attached(m conversation.Message) []fileJSON {
	out := make([]fileJSON, len(m.Attachments))
	for i, a := range m.Attachments {
		out[i] = fileJSON{attachmentName(a), a.Name, a.Type, a.Size}
	}
	return out
}

// attachments writes the files that were sent, piece by piece.
func (a *archive) attachments(ctx context.Context) error {
	all, err := a.Source.ConversationsOf(ctx, a.who.Customer)
	if err != nil {
		return err
	}
	for _, c := range all {
		files, err := a.Source.AttachmentsOf(ctx, c)
		if err != nil {
			return err
		}
		for _, x := range files {
			err := a.file(ctx, attachmentName(x.Attachment), func(ctx context.Context, w io.Writer) error {
				for n := range x.Pieces {
					piece, err := a.Source.AttachmentPiece(ctx, x, n)
					if err == nil {
						_, err = w.Write(piece)
					}
					if err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("a file that was sent: %w", err)
			}
			if err := a.tick(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

type conversationJSON struct {
	ID       string              `json:"id"`
	State    conversation.State  `json:"state"`
	Reason   conversation.Reason `json:"reason"`
	Language string              `json:"language"`
	Created  time.Time           `json:"created"`
	Updated  time.Time           `json:"updated"`
	Rating   *Rating             `json:"rating,omitempty"`
	Contact  string              `json:"contact,omitempty"` // the address that is told of an answer
}

type answerJSON struct {
	answer.Answer
	Rating *Rating `json:"rating,omitempty"`
}

func (a *archive) eachMessage(ctx context.Context, c conversation.Conversation, each func(conversation.Message) error) error {
	return pages(func(after int64) ([]conversation.Message, int64, error) {
		return a.Source.MessagesOf(ctx, c, after, page)
	}, func(m conversation.Message) error {
		if err := each(m); err != nil {
			return err
		}
		return a.tick(ctx)
	})
}

// conversations writes every conversation with its messages and answers, and what
// the customer thought of them.
func (a *archive) conversations(ctx context.Context, w io.Writer) error {
	all, err := a.Source.ConversationsOf(ctx, a.who.Customer)
	if err != nil {
		return err
	}
	ratings, err := a.Source.RatingsOf(ctx, a.who.Customer)
	if err != nil {
		return err
	}
	of := make(map[string]*Rating, len(ratings))
	for _, r := range ratings {
		of[r.Subject] = &r
	}
	contacts, err := a.Source.ContactsOf(ctx, a.who.Customer)
	if err != nil {
		return err
	}
	return list(w, func(l *listing) error {
		for _, c := range all {
			if err := l.conversation(ctx, a, c, of, contacts[c.ID]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *listing) conversation(ctx context.Context, a *archive, c conversation.Conversation, ratings map[string]*Rating, contact string) error {
	head := conversationJSON{c.ID, c.State, c.Reason, c.Language, c.Created, c.Updated, ratings[c.ID], contact}
	return l.object(head, field{"messages", func(l *listing) error {
		return a.eachMessage(ctx, c, func(m conversation.Message) error {
			return l.add(messageJSON{
				m.ID, m.Seq, m.From, m.Name, m.Text(), m.At, m.AnswerID, m.Assisted, append([]consent.Category{}, m.Categories()...),
				m.Edited, attached(m),
			})
		})
	}}, field{"notes", func(l *listing) error {
		notes, err := a.Source.NotesOf(ctx, c)
		for _, n := range notes {
			if err == nil {
				err = l.add(n)
			}
		}
		return err
	}}, field{"answers", func(l *listing) error {
		return pages(func(after string) ([]answer.Answer, string, error) {
			return a.Source.AnswersOf(ctx, c, after, page)
		}, func(x answer.Answer) error {
			x.Verification = x.Verification.Counts() // what nobody was shown is no answer of theirs
			return l.add(answerJSON{x, ratings[x.ID]})
		})
	}})
}

// consents writes every event of the ledger, and how every choice stands.
func (a *archive) consents(ctx context.Context, w io.Writer, events []consent.Event) error {
	choices, err := a.Gate.Choices(ctx, a.who, a.language)
	if err != nil {
		return err
	}
	for range events {
		if err := a.tick(ctx); err != nil {
			return err
		}
	}
	return writeJSON(w, struct {
		consent.Choices
		Events []consent.Event `json:"events"`
	}{choices, forCustomer(events)})
}

// forCustomer leaves out who of the staff it was, as the customer sees it elsewhere.
func forCustomer(events []consent.Event) []consent.Event {
	out := append([]consent.Event{}, events...)
	for i, e := range out {
		out[i].Actor = e.ActorKind()
	}
	return out
}

func (a *archive) eachUse(ctx context.Context, each func(Use) error) error {
	return pages(func(after consent.Place) ([]Use, consent.Place, error) {
		return a.Source.Uses(ctx, a.who.Customer, after, page)
	}, func(u Use) error {
		if err := each(u); err != nil {
			return err
		}
		return a.tick(ctx)
	})
}

// usage writes what was done with the data, and adds up who it went to.
func (a *archive) usage(ctx context.Context, w io.Writer) error {
	return list(w, func(l *listing) error {
		return a.eachUse(ctx, func(u Use) error {
			a.went.add(u)
			return l.add(u)
		})
	})
}

type requestJSON struct {
	ID     string                `json:"id"`
	Kind   consent.RequestKind   `json:"kind"`
	Status consent.RequestStatus `json:"status"`
	At     time.Time             `json:"at"`
	Due    time.Time             `json:"due"`
	Closed time.Time             `json:"closed,omitzero"`
	Text   string                `json:"text,omitempty"`
	Record string                `json:"record_id,omitempty"`
	Answer string                `json:"answer_id,omitempty"`
	About  consent.ComplaintKind `json:"complaint,omitempty"`
	Notes  []noteJSON            `json:"notes"`
}

// noteJSON is something that was done to a request. The company's notes for itself
// are not in it.
type noteJSON struct {
	At     time.Time             `json:"at"`
	Action consent.RequestAction `json:"action"`
	Text   string                `json:"text,omitempty"`
}

func (a *archive) eachRequest(ctx context.Context, each func(consent.Request) error) error {
	return pages(func(after consent.Place) ([]consent.Request, consent.Place, error) {
		return a.Source.RequestsOf(ctx, a.who.Customer, after, page)
	}, each)
}

func (a *archive) requests(ctx context.Context, w io.Writer) error {
	return list(w, func(l *listing) error {
		return a.eachRequest(ctx, func(r consent.Request) error {
			out := requestJSON{r.ID, r.Kind, r.Status, r.At, r.Due, r.Closed, r.Detail, r.Record, r.Answer, r.Complaint, []noteJSON{}}
			for _, e := range r.History {
				n := noteJSON{At: e.At, Action: e.Action}
				if e.ForCustomer {
					n.Text = e.Note
				}
				out.Notes = append(out.Notes, n)
			}
			return l.add(out)
		})
	})
}

func (a *archive) deletions(ctx context.Context, w io.Writer) error {
	all, err := a.Source.Deletions(ctx, a.who.Customer)
	if err != nil {
		return err
	}
	return writeJSON(w, items(all))
}
