package web

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"candor/answer"
	"candor/citation"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

type entryJSON struct {
	ID          string                 `json:"id"`
	Kind        citation.Kind          `json:"kind"`
	Opened      string                 `json:"opened,omitempty" doc:"The opened entry that this one closes"`
	At          time.Time              `json:"at"`
	Attempt     int                    `json:"attempt"`
	Recipient   consent.Recipient      `json:"recipient"`
	Model       string                 `json:"model"`
	Epoch       int64                  `json:"epoch"`
	GPC         bool                   `json:"gpc"`
	Status      string                 `json:"status"`
	Records     []citation.Use         `json:"records" doc:"Their ids are empty while the answer is sealed"`
	NotSearched []citation.NotSearched `json:"not_searched"`
}

// usedJSON is a record that the answer used, and whether answers may use it now.
type usedJSON struct {
	answer.Used
	Hidden bool `json:"hidden" doc:"Somebody has hidden it from answers; false while the answer is sealed"`
}

// sourceJSON is a source of the answer as it was quoted, and as it is now.
type sourceJSON struct {
	RecordID string           `json:"record_id"`
	Title    string           `json:"title"`
	Category consent.Category `json:"category"`
	Then     quotedJSON       `json:"then"`
	Now      sourceNow        `json:"now"`
}

type quotedJSON struct {
	Quote  string `json:"quote"`
	Before string `json:"before" doc:"What stands before it in the source, where the source still says it and may be read"`
	After  string `json:"after"`
}

type sourceNow struct {
	State review.Now `json:"state" enum:"same,changed,gone,hidden,not_permitted"`
	Text  string     `json:"text,omitempty" doc:"Of a customer's record only while they let people at the desk see its category"`
}

// grantJSON is an event of the ledger that the answer relied on, or one that changed it
// since.
type grantJSON struct {
	GrantID string `json:"grant_id"`
	consent.Triple
	State   consent.State `json:"state"`
	At      time.Time     `json:"at"`
	Expires *time.Time    `json:"expires,omitempty"`
	Notice  shownJSON     `json:"notice"`
}

// shownJSON is the notice as its customer read it. The text is empty where no policy has
// it any more; the hash is always there.
type shownJSON struct {
	ID       string `json:"id"`
	Version  string `json:"version"`
	SHA256   string `json:"sha256"`
	Language string `json:"language"`
	Text     string `json:"text"`
}

type reviewJSON struct {
	ID       string         `json:"id"`
	Verdict  review.Verdict `json:"verdict"`
	Note     string         `json:"note,omitempty"`
	Reviewer review.Person  `json:"reviewer"`
	At       time.Time      `json:"at"`
}

type complaintJSON struct {
	RequestID string                `json:"request_id"`
	Status    consent.RequestStatus `json:"status"`
	At        time.Time             `json:"at"`
	Due       time.Time             `json:"due"`
}

type flagJSON struct {
	Kind review.Verdict `json:"kind"`
	Note string         `json:"note,omitempty"`
	By   review.Person  `json:"by"`
	At   time.Time      `json:"at"`
}

type citationInput struct {
	ID string `path:"id" doc:"Of an answer, or of an entry that is about it: the id or the answer_id of an item of the list"`
	ReasonInput
}

// Resolve refuses a reason that is there and empty.
func (*citationInput) Resolve(ctx huma.Context) []error { return emptyFilters(ctx) }

type citationOutput struct {
	Body struct {
		answer.Answer
		Customer   identity.CustomerID `json:"customer"`
		Site       identity.SiteID     `json:"site"`
		Gone       bool                `json:"gone,omitempty" doc:"The conversation is kept no longer: this is what the log has of it"`
		Sealed     bool                `json:"sealed"`
		Body       bodyState           `json:"body" enum:"open,sealed,gone"`
		Entries    []entryJSON         `json:"entries"`
		Score      *float64            `json:"score"`
		Verdict    review.Verdict      `json:"verdict"`
		Assignee   *review.Person      `json:"assignee,omitempty"`
		Reviews    []reviewJSON        `json:"reviews"`
		Complaints []complaintJSON     `json:"complaints"`
		Flags      []flagJSON          `json:"flags"`
		Used       []usedJSON          `json:"used"`
		Sources    []sourceJSON        `json:"sources"`
		Grants     []grantJSON         `json:"grants" doc:"The consent behind each use, and what became of it"`
	}
}

func (s *Server) citation(ctx context.Context, who identity.Principal, in *citationInput) (*citationOutput, error) {
	if !who.Has(reviewers...) {
		return nil, errRole
	}
	id, err := s.Reviews.AnswerOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	x, err := s.Reviews.Item(ctx, id)
	if err != nil {
		return nil, err
	}
	entries, err := s.Citations.ByAnswer(ctx, id)
	if err != nil {
		return nil, err
	}
	whole, sample := x, in.reason() == review.ForSample
	for _, e := range entries { // those of attempts that were taken back are seen too
		if !sample {
			whole.Records = append(whole.Records[:len(whole.Records):len(whole.Records)], e.Records...)
		}
	}
	ids, err := s.allowed(ctx, who, in.reason(), []review.Item{whole}, true)
	if err != nil {
		return nil, err
	}
	open := len(ids) > 0
	out := &citationOutput{}
	b := &out.Body
	b.Customer, b.Site, b.Score, b.Verdict, b.Assignee, b.Gone = x.Customer, x.Site, x.Score, x.Verdict, x.Assignee, false
	b.Answer = ofLog(x, entries)
	b.Sources, b.Grants = []sourceJSON{}, []grantJSON{}
	if open {
		open, err = s.fill(ctx, &b.Answer, &b.Gone, x.ID)
		if err != nil {
			return nil, err
		}
	}
	if open {
		if b.Sources, err = s.sourcesOf(ctx, who, x, b.Answer, entries); err != nil {
			return nil, err
		}
		if b.Grants, err = s.grantsOf(ctx, x, entries); err != nil {
			return nil, err
		}
	}
	b.Sealed, b.Body = !open, bodySealed
	switch {
	case open:
		b.Body = bodyOpen
	case x.Gone, len(ids) > 0:
		b.Body = bodyGone
	}
	if !open {
		sealIDs(&b.Answer, entries)
	}
	if open && sample {
		sealUnsaid(&b.Answer, entries)
	}
	if b.Used, err = s.usedOf(ctx, x.Site, b.Answer.Used); err != nil {
		return nil, err
	}
	b.Entries = make([]entryJSON, len(entries))
	for i, e := range entries {
		b.Entries[i] = entryJSON{
			ID: e.ID, Kind: e.Kind, Opened: e.Opened, At: e.At, Attempt: e.Attempt, Recipient: e.Recipient, Model: e.Model,
			Epoch: e.Epoch, GPC: e.GPC, Status: e.Status, Records: append([]citation.Use{}, e.Records...),
			NotSearched: append([]citation.NotSearched{}, e.NotSearched...),
		}
	}
	f, err := s.Reviews.Findings(ctx, id, open)
	if err != nil {
		return nil, err
	}
	b.Reviews, b.Flags, b.Complaints = make([]reviewJSON, len(f.Reviews)), make([]flagJSON, len(f.Flags)), make([]complaintJSON, len(f.Complaints))
	for i, v := range f.Reviews {
		b.Reviews[i] = reviewJSON{v.ID, v.Verdict, v.Note, v.Reviewer, v.At}
	}
	for i, v := range f.Flags {
		b.Flags[i] = flagJSON{v.Kind, v.Note, v.By, v.At}
	}
	for i, v := range f.Complaints {
		b.Complaints[i] = complaintJSON{v.Request, v.Status, v.At, v.Due}
	}
	return out, nil
}

// sealIDs takes out which records were used: the site's numbering of its customer's
// orders is sealed in the log, and the heads of entries do not have it.
func sealIDs(a *answer.Answer, entries []citation.Entry) {
	for i := range a.Used {
		a.Used[i].RecordID = ""
	}
	for i := range entries {
		for j := range entries[i].Records {
			entries[i].Records[j].RecordID = ""
		}
	}
}

// sealUnsaid takes out what was found or written and not said: a sample is of what the
// answer was made from, and the customer allowed no more than that.
func sealUnsaid(a *answer.Answer, entries []citation.Entry) {
	a.Verification = a.Verification.Counts()
	for i := range entries {
		for j := range entries[i].Records {
			if r := &entries[i].Records[j]; r.Category != consent.Knowledge {
				r.RecordID = ""
			}
		}
	}
}

// fill adds what was said: as the log has it, and from the conversation, if it is still
// kept, what the log does not repeat. It returns whether there is something.
func (s *Server) fill(ctx context.Context, a *answer.Answer, gone *bool, entry string) (bool, error) {
	contents, err := s.Citations.Open(ctx, entry)
	if err != nil {
		return false, err
	}
	c, ok := contents[entry]
	if !ok {
		return false, nil
	}
	var said answer.Said
	var removed answer.Reviewed
	if json.Unmarshal(c.Said, &said) != nil || c.Review != nil && json.Unmarshal(c.Review, &removed) != nil {
		return false, errors.New("the sealed part of an entry does not read")
	}
	kept, _, err := s.Answers.AnyAnswer(ctx, a.ID)
	*gone = errors.Is(err, conversation.ErrNotFound)
	switch {
	case *gone:
	case err != nil:
		return false, err
	default:
		leaf := a.Leaf
		*a = kept
		a.Leaf = leaf
		if a.Status == answer.Writing {
			return true, nil // the log has the question alone
		}
	}
	a.Question, a.Sentences = said.Question, append([]answer.Sentence{}, said.Sentences...)
	var text []string
	for _, x := range a.Sentences {
		text = append(text, x.Text)
	}
	a.Text = strings.Join(text, " ")
	if said.Verification != nil {
		a.Verification = *said.Verification
	}
	if removed.Removed != nil {
		a.Verification.Removed = removed.Removed
	}
	if said.Spent != nil {
		a.Spent = *said.Spent
	}
	return true, nil
}

// usedOf says of each record whether it is hidden. Those without an id are sealed.
func (s *Server) usedOf(ctx context.Context, site identity.SiteID, used []answer.Used) ([]usedJSON, error) {
	var ids []string
	for _, u := range used {
		if u.RecordID != "" {
			ids = append(ids, u.RecordID)
		}
	}
	var hidden []string
	if len(ids) > 0 {
		var err error
		if hidden, err = s.Hiding.HiddenOf(ctx, site, ids); err != nil {
			return nil, err
		}
	}
	out := make([]usedJSON, len(used))
	for i, u := range used {
		out[i] = usedJSON{u, slices.Contains(hidden, u.RecordID)}
	}
	return out, nil
}

const (
	// aroundQuote is how much of a source stands on each side of a quote, in code points.
	aroundQuote = 240
	// maxSourceText bounds the text of a source, in code points.
	maxSourceText = 20_000
)

// sourcesOf returns what the sentences cite: as it was quoted, and as it is now.
//
// SECURITY: the text of a customer's record is read under a scope for people at the desk,
// and shown once that is on record and still holds. Of another one only the store says
// whether it still holds the quote.
func (s *Server) sourcesOf(ctx context.Context, who identity.Principal, x review.Item, a answer.Answer, entries []citation.Entry) ([]sourceJSON, error) {
	out := []sourceJSON{}
	var ids []string
	for _, sentence := range a.Sentences {
		for _, c := range sentence.Citations {
			if slices.ContainsFunc(out, func(o sourceJSON) bool { return o.RecordID == c.RecordID && o.Then.Quote == c.Quote }) {
				continue
			}
			out = append(out, sourceJSON{RecordID: c.RecordID, Category: categoryOf(c.RecordID, entries), Then: quotedJSON{Quote: c.Quote}})
			if !slices.Contains(ids, c.RecordID) {
				ids = append(ids, c.RecordID)
			}
		}
	}
	readable, err := s.readable(ctx, who, x, ids)
	if err != nil {
		return nil, err
	}
	for i := range out {
		o := &out[i]
		if o.Now.State, err = s.Reviews.Compare(ctx, x.Site, o.RecordID, o.Then.Quote); err != nil {
			return nil, err
		}
		for _, u := range a.Used {
			if u.RecordID == o.RecordID {
				o.Title = u.Title
			}
		}
		r, ok := readable[o.RecordID]
		if !ok {
			continue
		}
		if o.Title == "" {
			o.Title = r.Title
		}
		o.Now.Text = firstRunes(r.Text, maxSourceText)
		if before, after, found := strings.Cut(r.Text, o.Then.Quote); found {
			o.Then.Before, o.Then.After = lastRunes(before, aroundQuote), firstRunes(after, aroundQuote)
		}
	}
	return out, nil
}

func categoryOf(record string, entries []citation.Entry) consent.Category {
	for _, e := range entries {
		for _, u := range e.Records {
			if u.RecordID == record {
				return u.Category
			}
		}
	}
	return ""
}

// readable reads those of the sources that a person may read at this moment, and records
// that they do.
func (s *Server) readable(ctx context.Context, who identity.Principal, x review.Item, ids []string) (map[string]retrieval.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	who.Site = x.Site
	scope, err := s.Gate.Scope(ctx, who.About(x.Customer, x.Conversation), consent.AgentAssist)
	if err != nil && !scope.Unavailable() && !errors.Is(err, consent.ErrUnknownCustomer) {
		return nil, err
	}
	texts, err := s.Sources.Texts(ctx, scope, ids)
	if err != nil {
		return nil, err
	}
	stamp := scope.Stamp()
	look := consent.Access{
		Customer: x.Customer, Actor: who.Actor(), Conversation: x.Conversation, Answer: x.AnswerID, Purpose: consent.AgentAssist, Stamp: &stamp,
	}
	for _, r := range texts {
		if r.Category == consent.Knowledge {
			continue
		}
		grant, _ := scope.Permits(r.Category, scope.Reader())
		look.Records = append(look.Records, consent.AccessedRecord{ID: r.ID, Category: r.Category, Grant: grant})
	}
	out := make(map[string]retrieval.Record, len(texts))
	personal := len(look.Records) > 0
	if personal {
		if err := s.seen(ctx, look); changedMeanwhile(err) {
			personal = false
		} else if err != nil {
			return nil, err
		}
	}
	for _, r := range texts {
		if personal || r.Category == consent.Knowledge {
			out[r.ID] = r
		}
	}
	return out, nil
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

func lastRunes(s string, n int) string {
	i := len(s)
	for ; i > 0 && n > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[i:]
}

// grantsOf returns the events of the ledger that the uses name, and those that changed
// the same choices since, in their order.
func (s *Server) grantsOf(ctx context.Context, x review.Item, entries []citation.Entry) ([]grantJSON, error) {
	out := []grantJSON{}
	named := make(map[string]bool)
	for _, e := range entries {
		for _, u := range e.Records {
			named[u.GrantID] = u.GrantID != ""
		}
	}
	if len(named) == 0 {
		return out, nil
	}
	history, err := s.Gate.History(ctx, identity.Principal{Kind: identity.Customer, Site: x.Site, Customer: x.Customer})
	if err != nil {
		return nil, err
	}
	site, err := s.Directory.Site(ctx, x.Site)
	if err != nil {
		return nil, err
	}
	relied := make(map[consent.Key]bool)
	for _, e := range history { // the oldest first
		if relied[e.Key()] = relied[e.Key()] || named[e.ID]; !relied[e.Key()] {
			continue
		}
		r, err := s.Receipts.Of(ctx, e, site.Name)
		if err != nil {
			return nil, err
		}
		shown := shownJSON{ID: e.Notice.ID, Version: e.Notice.Version, SHA256: e.Notice.SHA256, Language: e.Language}
		if r.Record.Notice.Shown != nil {
			shown.Text = r.Record.Notice.Shown.Text
		}
		out = append(out, grantJSON{e.ID, e.Triple, e.State, e.At, optional(e.Expires), shown})
	}
	return out, nil
}
