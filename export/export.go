// Package export is access and portability: what was done with a customer's data,
// and everything that is held about them as an archive that they can take along.
//
// It promises that an archive holds what is held about its customer and nothing
// about anybody else, that it is sealed wherever it lies, and that making one
// takes little memory however much there is. It decides nothing about data: who
// asks is who it is about, and no consent is needed to read what is one's own.
package export

import (
	"context"
	"errors"
	"time"

	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// UseKind is a kind of thing that was done with a customer's data.
type UseKind string

// Use kinds. The others are those of consent.AccessKind.
const (
	AnswerUse UseKind = "answer" // it went to who writes answers
	Deletion  UseKind = "deletion"
)

// UseKinds returns every kind.
func UseKinds() []UseKind {
	out := []UseKind{AnswerUse}
	for _, k := range consent.AccessKinds {
		out = append(out, UseKind(k))
	}
	return append(out, Deletion)
}

// Use is one thing that was done with a customer's data. It stays when the consent
// that allowed it ends.
type Use struct {
	ID             string             `json:"id"`
	At             time.Time          `json:"at"`
	Kind           UseKind            `json:"kind" doc:"answer, desk, log, choices, backend, export, request, embedding, webhook or deletion"`
	AnswerID       string             `json:"answer_id,omitempty"`
	ConversationID string             `json:"conversation_id,omitempty"`
	Purpose        consent.Purpose    `json:"purpose" doc:"Empty where it is none of the policy's"`
	Recipient      consent.Recipient  `json:"recipient,omitempty" doc:"Who of the policy got to see it"`
	Who            *Person            `json:"who,omitempty" doc:"The person or the site that did it, if one did"`
	Categories     []consent.Category `json:"categories"`
	Records        []UsedRecord       `json:"records"`
	Reason         string             `json:"reason,omitempty"`
	What           consent.Deleted    `json:"what,omitempty" doc:"What was deleted"`
	Count          int64              `json:"count,omitempty" doc:"How many were deleted"`
	Actor          string             `json:"-"` // whose kind and name are Who
}

// Person is who did something, as their customer knows them.
type Person struct {
	Kind string `json:"kind" doc:"staff, site, customer, visitor or system"`
	Name string `json:"name,omitempty"`
}

// UsedRecord is a record that was used. Its title is empty once it is deleted.
type UsedRecord struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Category consent.Category `json:"category"`
	GrantID  string           `json:"grant_id,omitempty"`
}

// Owner is whom an archive is about.
type Owner struct {
	ID      identity.CustomerID `json:"id"`
	Site    identity.SiteID     `json:"site"`
	Brand   string              `json:"brand"`
	Accent  string              `json:"-"`
	Subject string              `json:"subject,omitempty"` // the site's own id; a visitor has none
	Since   time.Time           `json:"since"`
}

// Note is what somebody at the desk told the others about a conversation.
type Note struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	Name string    `json:"name,omitempty"` // whose it is
	Text string    `json:"text"`
}

// Rating is what a customer thought of a conversation or an answer.
type Rating struct {
	Subject string `json:"subject"`
	Score   int    `json:"score"`
	Comment string `json:"comment,omitempty"`
	// Shown is whether they were shown what was used: yes, no or unsure.
	Shown string    `json:"shown,omitempty"`
	At    time.Time `json:"at"`
}

// Counts is how much is held about a customer.
type Counts struct {
	Records, Messages, Answers, Events, Uses int64
	// Categories is what there are records of, sorted; with Conversation if anything
	// was said.
	Categories []consent.Category
}

// Source is where what is held about a customer is read.
//
// Every method returns what is the customer's own and nothing else: for somebody
// who is not there it is nothing. Pages hold nothing twice while nothing changes,
// and next is where a list goes on: the zero value says that it does not. An error
// of storage is returned as it is. All methods are safe for concurrent use.
type Source interface {
	// Now returns the database's clock.
	Now(ctx context.Context) (time.Time, error)
	Owner(ctx context.Context, customer identity.CustomerID) (Owner, error)
	Counts(ctx context.Context, customer identity.CustomerID) (Counts, error)
	RecordsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) (page []retrieval.Held, next consent.Place, err error)
	// ConversationsOf returns every conversation, the newest first.
	ConversationsOf(ctx context.Context, customer identity.CustomerID) ([]conversation.Conversation, error)
	MessagesOf(ctx context.Context, c conversation.Conversation, after int64, limit int) (page []conversation.Message, next int64, err error)
	// AttachmentsOf returns the files that were sent in a conversation, AttachmentPiece a
	// piece of one; the first is 0.
	AttachmentsOf(ctx context.Context, c conversation.Conversation) ([]conversation.StoredAttachment, error)
	AttachmentPiece(ctx context.Context, a conversation.StoredAttachment, n int) ([]byte, error)
	// NotesOf returns what the desk noted about a conversation, the oldest first.
	NotesOf(ctx context.Context, c conversation.Conversation) ([]Note, error)
	// AnswersOf returns answers in the order of their ids, which says nothing.
	AnswersOf(ctx context.Context, c conversation.Conversation, after string, limit int) (page []answer.Answer, next string, err error)
	RatingsOf(ctx context.Context, customer identity.CustomerID) ([]Rating, error)
	// ContactsOf returns the addresses that the customer left, by their conversations.
	ContactsOf(ctx context.Context, customer identity.CustomerID) (map[string]string, error)
	// Uses returns what was done with the customer's data, the newest first.
	Uses(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) (page []Use, next consent.Place, err error)
	Deletions(ctx context.Context, customer identity.CustomerID) ([]consent.Deletion, error)
	RequestsOf(ctx context.Context, customer identity.CustomerID, after consent.Place, limit int) (page []consent.Request, next consent.Place, err error)
}

// Status is how an export stands.
type Status string

// Statuses.
const (
	Running Status = "running"
	Done    Status = "done"
	Failed  Status = "failed"
)

// Job is an export. Done and Total count what is written; Total is an estimate
// until it is done.
type Job struct {
	ID      string
	Status  Status
	Done    int64
	Total   int64
	Size    int64 // of the archive in bytes
	Parts   int   // that the archive is kept in
	Expires time.Time
}

// Life is how long an archive is kept.
const Life = 24 * time.Hour

// Errors of a Shelf.
var (
	// ErrRunning refuses an export while another of the customer's is being made.
	ErrRunning = errors.New("an export of your data is being made already; wait for it")
	// ErrNotFound means that there is no such export, or that it is somebody else's,
	// or not any more.
	ErrNotFound = errors.New("there is no such export, or it is not kept any more")
	// ErrUnfinished means that the archive is not there yet.
	ErrUnfinished = errors.New("the export is not finished yet")
	// ErrFailed means that the archive will never be there.
	ErrFailed = errors.New("the export failed; ask for a new one")
	// ErrEnded means that an export is not being made here any more.
	ErrEnded = errors.New("the export was ended")
)

// Shelf keeps exports and their archives, sealed under the customer's key, where
// every replica can read them.
//
// Begin starts an export, of which a customer has one at a time (ErrRunning). Put
// adds a part of its archive, or with nil only says that its making goes on: an
// export that nobody says this of for some time, or whose replica is gone, has
// failed, and Put is then ErrEnded. End ends one; an archive is kept for Life, or
// until the next one is done. An export of somebody else is ErrNotFound. All methods
// are durable when they return and safe for concurrent use.
type Shelf interface {
	Begin(ctx context.Context, customer identity.CustomerID, id string, total int64) error
	Put(ctx context.Context, customer identity.CustomerID, id string, part []byte, done int64) error
	End(ctx context.Context, customer identity.CustomerID, id string, status Status) error
	// Remove removes an export that has no archive to keep.
	Remove(ctx context.Context, customer identity.CustomerID, id string) error
	Job(ctx context.Context, customer identity.CustomerID, id string) (Job, error)
	// Part returns a part of an archive; the first is 0.
	Part(ctx context.Context, customer identity.CustomerID, id string, n int) ([]byte, error)
}
