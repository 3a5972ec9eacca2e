package agents

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
)

// Statuses of a suggestion, as an answer's.
const (
	SuggestionAnswered    = "answered"
	SuggestionPartial     = "partial"     // it answers a part of the question only
	SuggestionDeclined    = "declined"    // nothing that may be used answers it
	SuggestionInterrupted = "interrupted" // it could not be written
)

// Outcome is what became of a suggestion; empty: it stands.
type Outcome string

// Outcomes.
const (
	UsedAsItWas Outcome = "used"    // sent in the same words
	Edited      Outcome = "edited"  // sent in others
	Ignored     Outcome = "ignored" // another reply was sent while it stood
)

// Suggestion is a draft of a reply, with its sources, as the member of staff may read it
// for whom it was written.
type Suggestion struct {
	ID     string `json:"id"`
	Status string `json:"status" enum:"answered,partial,declined,interrupted"`
	// Text is what may be sent: the sentences that are not internal.
	Text      string              `json:"text"`
	Sentences []SuggestedSentence `json:"sentences"`
	Used      []SuggestionSource  `json:"used"`
	NotShared []consent.Category  `json:"not_shared"`
	Model     string              `json:"model,omitempty"`
	// Note says why there is no text, or what was not done.
	Note string `json:"note,omitempty"`

	Conversation string           `json:"-"`
	Staff        identity.StaffID `json:"-"`
	// Instructed is whether a model was told the instruction.
	Instructed bool `json:"-"`
	// Stamp is what it was decided by. What was made from records is read, and sent, only
	// while that holds.
	Stamp consent.Stamp `json:"-"`
}

// SuggestedSentence is a sentence of a suggestion. An internal one is for the member of
// staff, and not part of the text.
type SuggestedSentence struct {
	Text      string     `json:"text"`
	Internal  bool       `json:"internal,omitempty"`
	Citations []Citation `json:"citations"`
}

// Citation is a source of a sentence. Quote is verbatim from the record, Score is 0 to 1.
type Citation struct {
	RecordID  string  `json:"record_id"`
	PassageID string  `json:"passage_id"`
	Quote     string  `json:"quote"`
	Score     float64 `json:"score"`
}

// SuggestionSource is a record that a suggestion used, once for each recipient, with the
// grant that allowed it. Company knowledge has category "knowledge" and no grant.
type SuggestionSource struct {
	RecordID    string            `json:"record_id"`
	Title       string            `json:"title"`
	Category    consent.Category  `json:"category"`
	Source      retrieval.Source  `json:"source"`
	CollectedAt time.Time         `json:"collected_at,omitzero"`
	Purpose     consent.Purpose   `json:"purpose"`
	Recipient   consent.Recipient `json:"recipient"`
	GrantID     string            `json:"grant_id,omitempty"`
}

// Categories returns the categories of the records that the sentence cites.
func (s Suggestion) Categories(x SuggestedSentence) []consent.Category {
	var out []consent.Category
	for _, c := range x.Citations {
		for _, u := range s.Used {
			if u.RecordID == c.RecordID && u.Category != consent.Knowledge && !slices.Contains(out, u.Category) {
				out = append(out, u.Category)
			}
		}
	}
	return out
}

// Personal are the categories of the records that the text was made from.
func (s Suggestion) Personal() []consent.Category {
	var out []consent.Category
	for _, x := range s.Sentences {
		if !x.Internal {
			out = append(out, s.Categories(x)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// SuggestRequest is what a suggestion is to answer.
type SuggestRequest struct {
	ID           string
	Conversation string
	Brand        string
	Language     string // of the customer's latest message
	// Unanswered are the customer's messages that nobody has answered, Before those
	// before them, the oldest first.
	Unanswered, Before []string
	Instruction        string // of the member of staff; empty: none
}

// Suggester writes suggestions for the principal, who is staff about a customer, under
// the customer's grants for agent_assist.
//
// When it returns, what the suggestion was made from is in the citation log. It has no
// error where nothing could be written: then the status says so, and the rest is empty.
// Errors are consent.ErrStale, and of ctx.
type Suggester interface {
	Suggest(ctx context.Context, who identity.Principal, r SuggestRequest) (Suggestion, error)
}

// AssistStore keeps what helps people at the desk.
//
// AddSuggestion stores a suggestion, sealed, under its stamp: consent.ErrStale if that
// does not hold any more, or a source is hidden by now. It keeps to By as Act does. Suggestions returns those of a
// conversation that stand, the newest last. Act settles them: see Drafted.
//
// PutSummary stores what a model made of a conversation until it goes on; Summarized
// returns it for the reader and the sequence number that it is of, if it is there.
type AssistStore interface {
	AddSuggestion(ctx context.Context, by By, customer identity.CustomerID, s Suggestion) error
	Suggestions(ctx context.Context, conversation string) ([]Suggestion, error)
	Answered(ctx context.Context, conversation string) ([]Answered, error)
	PutSummary(ctx context.Context, customer identity.CustomerID, conversation string, s StoredSummary) error
	Summarized(ctx context.Context, conversation string, seq int64, reader consent.Recipient) (StoredSummary, bool, error)
	Canned(ctx context.Context) ([]Canned, error)
	PutCanned(ctx context.Context, who identity.StaffID, c Canned) error
	RemoveCanned(ctx context.Context, id string) error
	Sites(ctx context.Context) ([]identity.Site, error)
}

// Assist is what helps people at the desk. Without a Suggester there are no suggestions,
// without a Summarizer no model writes summaries.
type Assist struct {
	Store      AssistStore
	Suggester  Suggester
	Summarizer Summarizer
	Knowledge  KnowledgeSearch
}

// SetAssist adds what helps people at the desk. It is called before the desk is used.
func (s *Service) SetAssist(a Assist) { s.assist = a }

// Drafted is that a reply came from a suggestion. The transaction that sends the reply
// settles it, and refuses with consent.ErrStale if its stamp does not hold any more or
// one of its sources is hidden.
type Drafted struct {
	Suggestion string
	Outcome    Outcome
	Stamp      *consent.Stamp // nil: it was made from nothing personal
	Records    []string       // that the text cites
}

// Errors of suggestions.
var (
	// ErrNoAssist means that nothing here writes suggestions.
	ErrNoAssist = errors.New("suggestions are not set up here")
	// ErrUnknownSuggestion means that it was sent, or another reply was, or there is none.
	ErrUnknownSuggestion = errors.New("this suggestion is not there any more; ask for another one")
	// ErrInstruction means that an instruction is too long.
	ErrInstruction = errors.New("the instruction is longer than 500 characters")
	// ErrWithdrawn means that a suggestion was made from what may not be used any more.
	ErrWithdrawn = staleError("the customer has changed what may be used since this was drafted, so it was not sent. Your text is still yours: take out what came from the draft, or ask for a new one")
)

// staleError is a consent.ErrStale in the words of who meets it.
type staleError string

func (e staleError) Error() string { return string(e) }

func (staleError) Unwrap() error { return consent.ErrStale }

// MaxInstruction is the longest instruction in Unicode code points.
const MaxInstruction = 500

// Notes of suggestions.
const (
	noteNothing     = "Nothing that may be used here answers the customer. Write it yourself, or search what we know."
	noteNoQuestion  = "The customer has asked nothing yet."
	noteFailed      = "The suggestion could not be written. Please try again, or write it yourself."
	noteInstruction = "The instruction was not followed: only a language model can, and this was quoted from its sources."
	noteInternal    = "Only internal knowledge answers this. It is for you, and is not put into the reply."
	noteWords       = "The customer does not share their words with your desk, so nothing can be suggested."
)

// Suggest drafts a reply to what the customer has asked and nobody has answered. Who may
// see the conversation may ask for it.
func (s *Service) Suggest(ctx context.Context, who identity.Principal, id, instruction string) (Suggestion, error) {
	instruction = strings.TrimSpace(instruction)
	switch {
	case !who.Has(deskRoles...):
		return Suggestion{}, ErrForbidden
	case s.assist.Suggester == nil:
		return Suggestion{}, ErrNoAssist
	case utf8.RuneCountInString(instruction) > MaxInstruction:
		return Suggestion{}, ErrInstruction
	}
	for range maxViews {
		out, err := s.suggest(ctx, who, id, instruction)
		if !errors.Is(err, consent.ErrStale) {
			return out, err
		}
	}
	return Suggestion{}, consent.ErrStale
}

func (s *Service) suggest(ctx context.Context, who identity.Principal, id, instruction string) (Suggestion, error) {
	c, site, err := s.about(ctx, who, id)
	if err != nil {
		return Suggestion{}, err
	}
	who.Site = c.Site
	about := who.About(c.Customer, id)
	messages, err := s.store.Messages(ctx, id)
	if err != nil {
		return Suggestion{}, err
	}
	r := SuggestRequest{ID: identity.NewID("sug"), Conversation: id, Brand: site.Name, Language: c.Language, Instruction: instruction}
	r.Unanswered, r.Before = unanswered(messages)
	refused := Suggestion{
		ID: r.ID, Status: SuggestionDeclined, Sentences: []SuggestedSentence{}, Used: []SuggestionSource{}, NotShared: []consent.Category{},
	}
	scope, err := s.gate.Scope(ctx, about, consent.AgentAssist)
	if err != nil && !scope.Unavailable() {
		return Suggestion{}, err
	}
	switch {
	case !readsWords(scope):
		refused.Note = noteWords
		return refused, nil
	case len(r.Unanswered)+len(r.Before) == 0:
		refused.Note = noteNoQuestion
		return refused, nil
	}
	out, err := s.assist.Suggester.Suggest(ctx, about, r)
	if err != nil {
		return Suggestion{}, err
	}
	out.Conversation, out.Staff = id, who.Staff
	out.Note = noteOf(out, instruction)
	if len(out.Sentences) == 0 {
		return out, nil // there is nothing to keep
	}
	if err := s.assist.Store.AddSuggestion(ctx, By{Staff: who.Staff, Queue: who.Queue}, c.Customer, out); err != nil {
		return Suggestion{}, err
	}
	// SECURITY: nothing is given out before it is on record who sees it, under the stamp
	// that it was made under.
	look := accessIn(about, c)
	look.Stamp = &out.Stamp
	for _, u := range out.Used {
		if u.Recipient == scope.Reader() && u.Category != consent.Knowledge {
			look.Records = append(look.Records, consent.AccessedRecord{ID: u.RecordID, Category: u.Category, Grant: u.GrantID})
			look.Categories = append(look.Categories, u.Category)
		}
	}
	if err := s.store.Accessed(ctx, look); err != nil {
		return Suggestion{}, err
	}
	return out, nil
}

// noteOf says what a suggestion does not.
func noteOf(x Suggestion, instruction string) string {
	switch {
	case x.Status == SuggestionInterrupted:
		return noteFailed
	case x.Text == "" && len(x.Sentences) > 0:
		return noteInternal
	case x.Text == "":
		return noteNothing
	case instruction != "" && !x.Instructed:
		return noteInstruction
	}
	return ""
}

// about returns a conversation that is or was at the desk, with its site.
func (s *Service) about(ctx context.Context, who identity.Principal, id string) (c conversation.Conversation, site identity.Site, err error) {
	if !who.Has(deskRoles...) {
		return c, site, ErrForbidden
	}
	if c, err = s.store.Conversation(ctx, id); err != nil {
		return c, site, err
	}
	if _, err := s.ticket(ctx, who, id); err != nil {
		return c, site, err
	}
	site, err = s.store.Site(ctx, c.Site)
	return c, site, err
}

// readsWords reports whether the reader of a scope may see the customer's own words: the
// company's desk may, another one by a grant.
func readsWords(scope consent.Scope) bool {
	if scope.Reader() == consent.HumanAgents {
		return true
	}
	_, ok := scope.Permits(consent.Conversation, scope.Reader())
	return ok
}

// unanswered returns the customer's messages after the last answer of the assistant or a
// person, and those before.
func unanswered(messages []conversation.Message) (open, before []string) {
	for _, m := range messages {
		switch m.From {
		case conversation.FromCustomer:
			open = append(open, m.Text())
		case conversation.FromAssistant, conversation.FromAgent:
			before, open = append(before, open...), nil
		case conversation.FromSystem:
		}
	}
	return open[max(0, len(open)-maxUnanswered):], before
}

// maxUnanswered is how many of the customer's messages a draft answers.
const maxUnanswered = 5

// Standing returns a suggestion of a conversation that stands, if its stamp still holds,
// as the member of staff may read it for whom it was written: ErrUnknownSuggestion for
// others, ErrWithdrawn where it does not hold.
func (s *Service) Standing(ctx context.Context, who identity.Principal, conv, id string) (Suggestion, error) {
	c, _, err := s.about(ctx, who, conv)
	if err != nil {
		return Suggestion{}, err
	}
	all, err := s.assist.Store.Suggestions(ctx, conv)
	if err != nil {
		return Suggestion{}, err
	}
	i := slices.IndexFunc(all, func(x Suggestion) bool { return x.ID == id && x.Staff == who.Staff })
	if i < 0 {
		return Suggestion{}, ErrUnknownSuggestion
	}
	// SECURITY: who it is written for may have moved to another desk since.
	scope, err := s.gate.Scope(ctx, who.About(c.Customer, conv), consent.AgentAssist)
	personal := all[i].Personal()
	if err == nil && len(personal) > 0 {
		err = s.gate.Holds(ctx, all[i].Stamp)
	}
	internal := slices.ContainsFunc(all[i].Sentences, func(x SuggestedSentence) bool { return x.Internal })
	if err == nil && who.Outside() && internal { // the company's own staff read that
		err = consent.ErrStale
	}
	for _, category := range personal {
		if _, ok := scope.Permits(category, scope.Reader()); !ok && err == nil {
			err = consent.ErrStale
		}
	}
	if errors.Is(err, consent.ErrStale) {
		err = ErrWithdrawn
	}
	if err != nil {
		return Suggestion{}, err
	}
	return all[i], nil
}

// drafted is how a reply in these words is sent that came from a suggestion: with what
// settles it, and the segments of the message. Without a suggestion, a text that holds a
// sentence of one that stands and quotes personal data is from that one.
//
// SECURITY: what was made from a record carries its categories, whoever sends it.
func (s *Service) drafted(ctx context.Context, who identity.Principal, conv, text, suggestion string) (*Drafted, []conversation.Segment, error) {
	plain := conversation.PlainMessage(text)
	if s.assist.Store == nil {
		return nil, plain, nil
	}
	if suggestion == "" {
		all, err := s.assist.Store.Suggestions(ctx, conv)
		if err != nil {
			return nil, nil, err
		}
		for _, x := range slices.Backward(all) {
			if x.Staff == who.Staff && x.quotedIn(text) {
				suggestion = x.ID
				break
			}
		}
		if suggestion == "" {
			return nil, plain, nil
		}
	}
	x, err := s.Standing(ctx, who, conv, suggestion)
	if err != nil {
		return nil, nil, err
	}
	d := &Drafted{Suggestion: x.ID, Outcome: Edited}
	if len(x.Personal()) > 0 {
		d.Stamp = &x.Stamp
	}
	for _, sentence := range x.Sentences {
		for _, c := range sentence.Citations {
			if !sentence.Internal && !slices.Contains(d.Records, c.RecordID) {
				d.Records = append(d.Records, c.RecordID)
			}
		}
	}
	if oneLine(text) != oneLine(x.Text) {
		return d, []conversation.Segment{{Text: text, Categories: x.Personal()}}, nil
	}
	d.Outcome = UsedAsItWas
	var segments []conversation.Segment
	for _, sentence := range x.Sentences {
		if !sentence.Internal {
			segments = append(segments, conversation.Segment{Text: sentence.Text, Categories: x.Categories(sentence)})
		}
	}
	return d, segments, nil
}

// quotedIn reports whether a text holds a sentence of the suggestion that quotes
// personal data.
func (s Suggestion) quotedIn(text string) bool {
	text = oneLine(text)
	return slices.ContainsFunc(s.Sentences, func(x SuggestedSentence) bool {
		return !x.Internal && len(s.Categories(x)) > 0 && strings.Contains(text, oneLine(x.Text))
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
