package agents

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// ByExtract is who wrote a summary that is quoted from the conversation.
const ByExtract = "extractive"

// Summary is a conversation so far, point by point, as its reader may see it.
type Summary struct {
	By     string  `json:"by" doc:"extractive, or the name of the model"`
	Points []Point `json:"points"`
}

// PointKind is what a point of a summary says.
type PointKind string

// Point kinds.
const (
	Wants       PointKind = "wants"       // the customer's first question
	Latest      PointKind = "latest"      // their newest
	AnsweredBy  PointKind = "answered"    // what they were told
	Missing     PointKind = "missing"     // what was not found
	NotAllowed  PointKind = "not_allowed" // a category that was wanted for an answer, and not to be used
	SharedPoint PointKind = "shared"      // a category that the reader may see
	Left        PointKind = "left"        // what nobody has answered
)

// Point is one thing that a summary says, and where it is from.
type Point struct {
	Kind PointKind `json:"kind" enum:"wants,latest,answered,missing,not_allowed,shared,left"`
	Text string    `json:"text"`
	// Masked is whether the text is a note in the place of what the reader may not see.
	Masked   bool             `json:"masked,omitempty"`
	Category consent.Category `json:"category,omitempty"`
	Sources  []PointSource    `json:"sources"`
}

// PointSource is one of a message, a record and an answer, by its id.
type PointSource struct {
	Message string `json:"message,omitempty"`
	Record  string `json:"record,omitempty"`
	Answer  string `json:"answer,omitempty"`
}

// Answered is how an answer of the assistant's ended.
type Answered struct {
	ID       string
	Status   string // as the answer's
	Question string
	Made     []Made // the records that it cites, each once
	// Wanted are the categories that would have helped and were not to be used.
	Wanted []consent.Category
}

// Made is a record that something was made from.
type Made struct {
	Record   string           `json:"record"`
	Category consent.Category `json:"category"` // never that of company knowledge
}

// Helped reports whether the answer says something that the customer asked for.
func (a Answered) Helped() bool {
	return a.Status == SuggestionAnswered || a.Status == SuggestionPartial
}

const needsConsent = "needs_consent"

// lacked reports whether the question, or a part of it, was looked for and left open. What
// was interrupted nobody has looked for to the end.
func (a Answered) lacked() bool {
	return slices.Contains([]string{SuggestionPartial, SuggestionDeclined, needsConsent, "clarify"}, a.Status)
}

// Excerpt is what a message says that the reader of a summary may see, and what it was
// made from.
type Excerpt struct {
	Message string
	From    conversation.Author
	Text    string
	Made    []Made
}

// SummaryRequest is what a summary is to be made from, the oldest first.
type SummaryRequest struct {
	ID           string
	Conversation string
	Brand        string
	Language     string
	Excerpts     []Excerpt
}

// StoredSummary is what a model made of a conversation. It is used only while its stamp
// is that of who reads it.
type StoredSummary struct {
	By     string
	Seq    int64
	Reader consent.Recipient
	Points []Point
	Stamp  consent.Stamp
}

// Summarizer has a language model sum a conversation up for the principal, who is staff
// about its customer. A model that may not have what it takes is not asked, what goes to
// one is in the citation log before, and each point is checked against the messages that
// it names; there may be none left. Ok is false where no model was asked.
type Summarizer interface {
	Summarize(ctx context.Context, who identity.Principal, r SummaryRequest) (s StoredSummary, ok bool, err error)
}

// What a summary holds.
const (
	maxPointRunes = 240
	maxAnswered   = 3 // the last answers
	maxMissing    = 3
	maxSources    = 5
)

// phrases are the set texts of a summary.
type phrases struct {
	notShared func(categories []consent.Category) string
	category  func(c consent.Category) string
}

// extract quotes a summary from a conversation.
//
// SECURITY: what was made from records is in it only as far as the scope lets its reader
// see all of their categories at this moment.
func extract(scope consent.Scope, messages []conversation.Message, answered []Answered, records []Made, p phrases) Summary {
	out := Summary{By: ByExtract, Points: []Point{}}
	if readsWords(scope) {
		out.Points = append(out.Points, asked(messages)...)
		out.Points = append(out.Points, told(scope, messages, answered, p)...)
	}
	out.Points = append(out.Points, standing(scope, answered, records, p)...)
	return out
}

// asked are the customer's first and newest messages, and what of the others nobody has
// answered.
func asked(messages []conversation.Message) (out []Point) {
	var own []conversation.Message
	open := 0
	for _, m := range messages {
		switch m.From {
		case conversation.FromCustomer:
			own = append(own, m)
			open++
		case conversation.FromAssistant, conversation.FromAgent:
			open = 0
		case conversation.FromSystem:
		}
	}
	if len(own) == 0 {
		return nil
	}
	point := func(k PointKind, m conversation.Message) {
		out = append(out, Point{Kind: k, Text: shorten(m.Text(), maxPointRunes), Sources: []PointSource{{Message: m.ID}}})
	}
	first := max(0, slices.IndexFunc(own, func(m conversation.Message) bool { return len(strings.Fields(m.Text())) >= fewWords }))
	point(Wants, own[first])
	last := len(own) - 1
	for i := max(first+1, len(own)-open, last-maxLeft); i < last; i++ {
		point(Left, own[i])
	}
	if last > first {
		point(Latest, own[last])
	}
	return out
}

// maxLeft is how many messages that nobody has answered are listed beside the newest.
const maxLeft = 5

// fewWords is what a message has at least that says what its customer wants: fewer greet.
const fewWords = 3

// told is what the assistant answered, of the last answers.
func told(scope consent.Scope, messages []conversation.Message, answered []Answered, p phrases) (out []Point) {
	n := 0
	for _, m := range slices.Backward(messages) {
		i := slices.IndexFunc(answered, func(a Answered) bool { return a.ID == m.AnswerID && a.Helped() })
		if m.From != conversation.FromAssistant || i < 0 {
			continue
		}
		if n++; n > maxAnswered {
			break
		}
		said, denied := readable(scope, m)
		if len(denied) > 0 {
			out = append(out, Point{
				Kind: AnsweredBy, Text: p.notShared(denied), Masked: true, Category: denied[0], Sources: []PointSource{{Answer: m.AnswerID}},
			})
		}
		if said != "" {
			x := Point{Kind: AnsweredBy, Text: shorten(said, maxPointRunes), Sources: []PointSource{{Answer: m.AnswerID}}}
			for _, made := range answered[i].Made {
				if _, ok := scope.Permits(made.Category, scope.Reader()); ok && len(x.Sources) < maxSources {
					x.Sources, x.Category = append(x.Sources, PointSource{Record: made.Record}), made.Category
				}
			}
			out = append(out, x)
		}
	}
	slices.Reverse(out)
	return out
}

// readable is what of a message the scope's reader may see, and the categories of the
// rest.
func readable(scope consent.Scope, m conversation.Message) (said string, denied []consent.Category) {
	var parts []string
	for _, seg := range m.Segments {
		n := len(denied)
		for _, c := range seg.Categories {
			if _, ok := scope.Permits(c, scope.Reader()); !ok {
				denied = append(denied, c)
			}
		}
		if len(denied) == n {
			parts = append(parts, seg.Text)
		}
	}
	slices.Sort(denied)
	return strings.Join(parts, " "), slices.Compact(denied)
}

// standing is what was not found or not to be used, and what is shared.
func standing(scope consent.Scope, answered []Answered, records []Made, p phrases) (out []Point) {
	seen := make(map[consent.Category]bool)
	words, n := readsWords(scope), 0
	for _, a := range slices.Backward(answered) {
		if !a.lacked() {
			continue
		}
		if n++; n > maxMissing {
			break
		}
		denied := slices.ContainsFunc(a.Wanted, func(c consent.Category) bool {
			_, ok := scope.Permits(c, scope.Reader())
			return !ok
		})
		// What waits for consent is named by what is not allowed.
		if words && a.Question != "" && (a.Status != needsConsent || !denied) {
			out = append(out, Point{Kind: Missing, Text: shorten(a.Question, maxPointRunes), Sources: []PointSource{{Answer: a.ID}}})
		}
		for _, c := range a.Wanted {
			if _, ok := scope.Permits(c, scope.Reader()); ok || seen[c] {
				continue
			}
			seen[c] = true
			out = append(out, Point{Kind: NotAllowed, Text: p.category(c), Category: c, Sources: []PointSource{{Answer: a.ID}}})
		}
	}
	for _, c := range scope.Searchable() {
		if c == consent.Conversation {
			continue
		}
		x := Point{Kind: SharedPoint, Text: p.category(c), Category: c, Sources: []PointSource{}}
		for _, r := range records {
			if r.Category == c && len(x.Sources) < maxSources {
				x.Sources = append(x.Sources, PointSource{Record: r.Record})
			}
		}
		out = append(out, x)
	}
	return out
}

// summarize returns the summary of a conversation for a view: what a model made of it, if
// that is at hand and still holds, in the place of what is quoted.
func (s *Service) summarize(ctx context.Context, who identity.Principal, v View, scope consent.Scope, messages []conversation.Message) (Summary, error) {
	if s.assist.Store == nil {
		return Summary{By: ByExtract, Points: []Point{}}, nil
	}
	c := v.Conversation
	answered, err := s.assist.Store.Answered(ctx, c.ID)
	if err != nil {
		return Summary{}, err
	}
	var records []Made
	for _, r := range v.Records {
		records = append(records, Made{r.ID, r.Category})
	}
	policy := s.gate.Policy()
	p := phrases{
		notShared: func(denied []consent.Category) string { return s.notices.NotShared(c.Language, denied) },
		category:  func(x consent.Category) string { return policy.Phrase(c.Language, x) },
	}
	out := extract(scope, messages, answered, records, p)
	if s.assist.Summarizer == nil || c.State != conversation.Open || !readsWords(scope) {
		return out, nil
	}
	stored, ok, err := s.assist.Store.Summarized(ctx, c.ID, c.LastSeq-summaryBehind, scope.Reader())
	if err != nil {
		return Summary{}, err
	}
	// SECURITY: what a model wrote holds what it was given under its stamp. It is shown
	// only under the same choices and policy.
	now := scope.Stamp()
	same := stored.Stamp.Epoch == now.Epoch && stored.Stamp.PolicyVersion == now.PolicyVersion && stored.Stamp.ValidUntil.Equal(now.ValidUntil) &&
		stored.Stamp.Conversation == now.Conversation && stored.Stamp.Personal == now.Personal
	switch {
	case !ok || !same || now.Unavailable:
		s.writeSummary(who, v, scope, messages, answered)
		return out, nil
	case len(stored.Points) == 0:
		return out, nil
	}
	out.By, out.Points = stored.By, slices.Concat(stored.Points, standing(scope, answered, records, p))
	if !slices.ContainsFunc(stored.Points, func(x Point) bool { return x.Kind == Wants }) {
		out.Points = slices.Concat(asked(messages), out.Points)
	}
	return out, nil
}

const (
	// summaryBehind is by how many events a summary may be behind: what came since is on the
	// page, and each one is a model's work.
	summaryBehind = 12
	// summaryReads is how many of the last messages a model is given.
	summaryReads = 40
	// summaryRest is how long a model rests after one of a conversation.
	summaryRest = time.Minute
)

// summaryTime bounds how long a model may take for a summary, which nobody waits for.
const summaryTime = 2 * time.Minute

// background is what goes on behind views.
type background struct {
	group sync.WaitGroup
	mu    sync.Mutex
	over  bool
	busy  map[string]context.CancelFunc // by conversation
	ended map[string]time.Time          // when the last one did, by conversation and epoch
}

// Stop ends what goes on behind views, and returns when it has ended. Nothing more is
// begun.
func (s *Service) Stop() {
	s.behind.mu.Lock()
	s.behind.over = true
	for _, cancel := range s.behind.busy {
		cancel()
	}
	s.behind.mu.Unlock()
	s.behind.group.Wait()
}

// writeSummary has a model write the summary of a conversation for the next look at it:
// one at a time.
func (s *Service) writeSummary(who identity.Principal, v View, scope consent.Scope, messages []conversation.Message, answered []Answered) {
	c := v.Conversation
	r := SummaryRequest{ID: identity.NewID("sum"), Conversation: c.ID, Brand: v.Brand, Language: c.Language, Excerpts: excerpts(scope, messages[max(0, len(messages)-summaryReads):], answered)}
	if len(r.Excerpts) == 0 {
		return
	}
	s.behind.mu.Lock()
	defer s.behind.mu.Unlock()
	maps.DeleteFunc(s.behind.ended, func(_ string, at time.Time) bool { return time.Since(at) > summaryRest })
	under := fmt.Sprintf("%s/%d", c.ID, scope.Stamp().Epoch) // what was not allowed then may be now
	if _, rests := s.behind.ended[under]; s.behind.over || s.behind.busy[c.ID] != nil || rests {
		return
	}
	if s.behind.busy == nil {
		s.behind.busy, s.behind.ended = make(map[string]context.CancelFunc), make(map[string]time.Time)
	}
	ctx, cancel := context.WithTimeout(context.Background(), summaryTime)
	s.behind.busy[c.ID] = cancel
	s.behind.group.Go(func() {
		defer func() {
			cancel()
			s.behind.mu.Lock()
			defer s.behind.mu.Unlock()
			delete(s.behind.busy, c.ID)
			s.behind.ended[under] = time.Now()
		}()
		out, ok, err := s.assist.Summarizer.Summarize(ctx, who.About(c.Customer, c.ID), r)
		if err != nil || !ok {
			return // what is quoted stands
		}
		out.Seq, out.Reader = c.LastSeq, scope.Reader()
		_ = s.assist.Store.PutSummary(ctx, c.Customer, c.ID, out) // else what is quoted stands
	})
}

// excerpts is what the scope's reader may see of a conversation, message by message.
func excerpts(scope consent.Scope, messages []conversation.Message, answered []Answered) []Excerpt {
	var out []Excerpt
	for _, m := range messages {
		said, _ := readable(scope, m)
		if m.From == conversation.FromSystem || said == "" {
			continue
		}
		x := Excerpt{Message: m.ID, From: m.From, Text: said}
		for _, c := range m.Categories() {
			if _, ok := scope.Permits(c, scope.Reader()); !ok {
				continue // what it quotes of it is left out
			}
			x.Made = append(x.Made, madeFrom(m, c, answered)...)
		}
		out = append(out, x)
	}
	return out
}

// madeFrom are the records of a category that a message quotes: those of its answer, or
// the message itself where they are not known.
func madeFrom(m conversation.Message, c consent.Category, answered []Answered) (out []Made) {
	for _, a := range answered {
		for _, made := range a.Made {
			if a.ID == m.AnswerID && made.Category == c {
				out = append(out, made)
			}
		}
	}
	if len(out) == 0 {
		out = []Made{{m.ID, c}}
	}
	return out
}
