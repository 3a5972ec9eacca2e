package retrieval_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/retrieval/indextest"
)

const openAI consent.Recipient = "ai_provider:openai"

var (
	ana = identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "ana", Conversation: "cnv_1"}
	bob = identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "bob", Conversation: "cnv_2"}
)

// safe is a retrieval.OwnVectorStore over a store in memory.
type safe struct {
	*indextest.Store
	gate *consent.Gate

	mu      sync.Mutex
	vectors map[string]retrieval.OwnVector // by passage
	version int64
	asked   [][]consent.Category
	leaks   bool // gives out whatever there is
}

var _ interface {
	retrieval.VersionedStore
	retrieval.OwnVectorStore
} = (*safe)(nil)

func (s *safe) UnembeddedOwn(_ context.Context, scope consent.Scope, categories []consent.Category, _ retrieval.Space, limit int) ([]retrieval.OwnPassage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, slices.Clone(categories))
	records := s.Records()
	slices.SortStableFunc(records, func(a, b retrieval.Record) int { return b.CollectedAt.Compare(a.CollectedAt) })
	var out []retrieval.OwnPassage
	for _, r := range records {
		if !s.leaks && (r.Customer == "" || !retrieval.Permitted(scope, r) || !slices.Contains(categories, r.Category)) {
			continue
		}
		for _, p := range retrieval.Split(r) {
			if _, done := s.vectors[p.ID]; !done && (s.leaks || len(out) < limit) {
				out = append(out, retrieval.OwnPassage{Record: r, Passage: p, Body: []byte(r.Text)})
			}
		}
	}
	return out, s.Fail
}

func (s *safe) PutOwnVectors(ctx context.Context, scope consent.Scope, space retrieval.Space, vectors []retrieval.OwnVector) error {
	if err := s.gate.Holds(ctx, scope.Stamp()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range vectors {
		if v.Customer != scope.Customer() || space != (indextest.Words{}).Space() || string(v.Body) != v.Text {
			return errors.New("not what was read")
		}
		s.vectors[v.Passage.ID] = v
	}
	s.version++
	return nil
}

// Passages adds the vectors to what an index reads.
func (s *safe) Passages(ctx context.Context, scope consent.Scope) ([]retrieval.Stored, error) {
	out, err := s.Store.Passages(ctx, scope)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range out {
		if v, ok := s.vectors[p.ID]; ok {
			out[i].Vector, out[i].Space = v.Vector, indextest.Words{}.Space()
		}
	}
	return out, err
}

func (s *safe) PassagesVersion(ctx context.Context, scope consent.Scope) (int64, error) {
	v, err := s.Store.PassagesVersion(ctx, scope)
	s.mu.Lock()
	defer s.mu.Unlock()
	return v + s.version, err
}

// stored returns the passages that have vectors, sorted.
func (s *safe) stored() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.vectors))
}

// outside is an embedder that records what it was sent; what it does first is for a
// test to say.
type outside struct {
	indextest.Words
	recipient consent.Recipient
	log       *looks
	do        func(ctx context.Context, kind retrieval.TextKind, texts []string) error
	unknown   bool // it knows no text

	mu        sync.Mutex
	questions []string
	passages  []string
}

func (o *outside) Recipient() consent.Recipient { return o.recipient }

func (o *outside) Embed(ctx context.Context, kind retrieval.TextKind, texts []string) ([]retrieval.Vector, error) {
	o.mu.Lock()
	o.log.events = append(o.log.events, "sent "+string(kind))
	if kind == retrieval.QueryText {
		o.questions = append(o.questions, texts...)
	} else {
		o.passages = append(o.passages, texts...)
	}
	o.mu.Unlock()
	if o.do != nil {
		if err := o.do(ctx, kind, texts); err != nil {
			return nil, err
		}
	}
	if o.unknown {
		return make([]retrieval.Vector, len(texts)), nil
	}
	return o.Words.Embed(ctx, kind, texts)
}

// looks is a consent.AccessLog in memory, which takes nothing that does not hold.
type looks struct {
	gate   *consent.Gate
	all    []consent.Access
	events []string // what happened, in order
	fail   func(consent.Access) error
}

func (l *looks) Accessed(ctx context.Context, some ...consent.Access) error {
	for _, a := range some {
		if l.fail != nil {
			if err := l.fail(a); err != nil {
				return err
			}
		}
		if a.Stamp == nil {
			return errors.New("a look without a stamp")
		}
		if err := l.gate.Holds(ctx, *a.Stamp); err != nil {
			return err
		}
		l.all = append(l.all, a)
		l.events = append(l.events, fmt.Sprint("recorded ", a.Categories))
	}
	return nil
}

// house is a shop with a searcher by meaning.
type house struct {
	*testing.T
	store    *safe
	gate     *consent.Gate
	embedder *outside
	log      *looks
	searcher *retrieval.Searcher
}

// newHouse has records of two customers, each with a word of its own, and an article.
func newHouse(t *testing.T, recipient consent.Recipient) *house {
	gate := indextest.NewGate()
	h := &house{T: t, gate: gate, log: &looks{gate: gate}}
	h.store = &safe{Store: indextest.NewStore(), gate: gate, vectors: make(map[string]retrieval.OwnVector)}
	h.embedder = &outside{recipient: recipient, log: h.log}
	day := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for i, r := range []retrieval.Record{
		{ID: "article", Category: consent.Knowledge, Visibility: retrieval.PublicKnowledge, Text: "A parcel takes three days."},
		{ID: "order-1", Customer: "ana", Category: "orders", Title: "anas-order-1", Text: "Your parcel with boots left on Monday."},
		{ID: "order-2", Customer: "ana", Category: "orders", Title: "anas-order-2", Text: "Your parcel with a tent left on Friday."},
		{ID: "bill", Customer: "ana", Category: "billing", Title: "anas-bill", Text: "The parcel cost 49.00 EUR."},
		{ID: "profile", Customer: "ana", Category: "profile", Title: "anas-profile", Text: "The parcel goes to Main Street."},
		{ID: "bobs", Customer: "bob", Category: "orders", Title: "bobs-order", Text: "Your parcel with a lamp left on Sunday."},
	} {
		r.Site, r.Language, r.CollectedAt = "shop", "en", day.AddDate(0, 0, i)
		h.store.Put(r)
	}
	x := embedded.New(h.store, embedded.Options{Space: h.embedder.Space()})
	t.Cleanup(x.Close)
	h.searcher = retrieval.NewSearcher(x, h.store).ByMeaning(h.embedder, h.log)
	return h
}

func answers(c consent.Category, r consent.Recipient) consent.Triple {
	return consent.Triple{Purpose: consent.Answers, Category: c, Recipient: r}
}

// grant makes choices as the widget does; it returns the grants.
func (h *house) grant(who identity.Principal, triples ...consent.Triple) map[consent.Triple]string {
	h.Helper()
	return h.change(who, true, triples...)
}

func (h *house) change(who identity.Principal, granted bool, triples ...consent.Triple) map[consent.Triple]string {
	h.Helper()
	set := consent.ChangeSet{Language: "en", Channel: "widget"}
	for _, t := range triples {
		set.Changes = append(set.Changes, consent.Change{Triple: t, Granted: granted})
	}
	changed, err := h.gate.Change(h.Context(), who, set)
	if err != nil {
		h.Fatal(err)
	}
	out := make(map[consent.Triple]string)
	for _, e := range changed.Events {
		out[e.Triple] = e.ID
	}
	return out
}

func (h *house) scope(who identity.Principal, purpose consent.Purpose) consent.Scope {
	h.Helper()
	s, err := h.gate.Scope(h.Context(), who, purpose)
	if err != nil {
		h.Fatal(err)
	}
	return s
}

const question = "Where is my parcel, number 4711?"

// ask searches for the question.
func (h *house) ask(scope consent.Scope) retrieval.Result {
	h.Helper()
	found, err := h.searcher.Search(h.Context(), scope, retrieval.Analyze(question, "en"), 10)
	if err != nil {
		h.Fatal(err)
	}
	return found
}

// sent fails unless the embedder was sent just the question, so many times, and these
// records.
func (h *house) sent(step string, questions int, records ...string) {
	h.Helper()
	o := h.embedder
	if len(o.questions) != questions || slices.ContainsFunc(o.questions, func(q string) bool { return q != question }) {
		h.Errorf("%s: the questions sent are %q, want %d", step, o.questions, questions)
	}
	var titles []string
	for _, p := range o.passages {
		title, _, _ := strings.Cut(p, "\n")
		titles = append(titles, title)
	}
	slices.Sort(titles)
	if !slices.Equal(titles, records) {
		h.Errorf("%s: the records sent are %q, want %q", step, titles, records)
	}
}

// found fails unless the hits are of these records.
func (h *house) found(step string, r retrieval.Result, want ...string) {
	h.Helper()
	var got []string
	for _, hit := range r.Hits {
		got = append(got, hit.RecordID)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		h.Errorf("%s: found %q, want %q", step, got, want)
	}
}

// TestMeaningIsAsked: what goes to an outside model is the question under a grant for
// just that, and records under a grant for their own category, and both are on record
// before.
func TestMeaningIsAsked(t *testing.T) {
	conversation := answers(consent.Conversation, openAI)
	inHouse := func(c consent.Category) consent.Triple { return answers(c, consent.BrandAI) }
	for name, c := range map[string]struct {
		grants  []consent.Triple
		meaning retrieval.Meaning
		records []string // that are sent
		found   []string
	}{
		"nothing":                  {nil, retrieval.MeaningDenied, nil, []string{"article"}},
		"records, not the words":   {[]consent.Triple{inHouse("orders"), answers("orders", openAI)}, retrieval.MeaningDenied, nil, []string{"article", "order-1", "order-2"}},
		"the words":                {[]consent.Triple{conversation}, retrieval.MeaningUsed, nil, []string{"article"}},
		"records in house":         {[]consent.Triple{conversation, inHouse("orders"), inHouse("billing")}, retrieval.MeaningUsed, nil, []string{"article", "bill", "order-1", "order-2"}},
		"records outside only":     {[]consent.Triple{conversation, answers("orders", openAI)}, retrieval.MeaningUsed, nil, []string{"article"}},
		"one category to both":     {[]consent.Triple{conversation, inHouse("orders"), answers("orders", openAI)}, retrieval.MeaningUsed, []string{"anas-order-1", "anas-order-2"}, []string{"article", "order-1", "order-2"}},
		"each to one or the other": {[]consent.Triple{conversation, inHouse("orders"), inHouse("billing"), answers("billing", openAI), answers("profile", openAI)}, retrieval.MeaningUsed, []string{"anas-bill"}, []string{"article", "bill", "order-1", "order-2"}},
		"two categories": {
			[]consent.Triple{conversation, inHouse("orders"), inHouse("billing"), answers("billing", openAI), answers("orders", openAI)},
			retrieval.MeaningUsed,
			[]string{"anas-bill", "anas-order-1", "anas-order-2"},
			[]string{"article", "bill", "order-1", "order-2"},
		},
		"for another purpose": {
			[]consent.Triple{
				{Purpose: consent.AgentAssist, Category: "orders", Recipient: consent.HumanAgents},
				{Purpose: consent.Improvement, Category: consent.Conversation, Recipient: consent.BrandAI},
			},
			retrieval.MeaningDenied, nil,
			[]string{"article"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, openAI)
			grants := map[consent.Triple]string{}
			if len(c.grants) > 0 {
				grants = h.grant(ana, c.grants...)
			}
			h.grant(bob, conversation, inHouse("orders"), answers("orders", openAI), inHouse("profile"), answers("profile", openAI))
			// The embedder looks: what it is being sent is on record already.
			h.embedder.do = func(_ context.Context, kind retrieval.TextKind, texts []string) error {
				if len(h.log.all) == 0 {
					t.Error("it was sent something before anything was recorded")
					return nil
				}
				last := h.log.all[len(h.log.all)-1]
				if (kind == retrieval.QueryText) != (len(last.Records) == 0) {
					t.Errorf("it was sent a %s, recorded is %+v", kind, last)
				}
				return nil
			}
			scope := h.scope(ana, consent.Answers)
			r := h.ask(scope)
			if r.Meaning != c.meaning || r.Cause != nil {
				t.Errorf("the meaning is %s, %v, want %s", r.Meaning, r.Cause, c.meaning)
			}
			h.found(name, r, c.found...)
			questions := 0
			if c.meaning == retrieval.MeaningUsed {
				questions = 1
			}
			h.sent(name, questions, c.records...)
			for i, a := range h.log.all {
				if a.Customer != "ana" || a.Actor != string(openAI) || a.Kind != consent.EmbeddingAccess || a.Purpose != consent.Answers || a.Answer != "" ||
					a.Reason != "" || a.Stamp == nil || *a.Stamp != scope.Stamp() {
					t.Errorf("look %d is recorded as %+v", i, a)
				}
				if i == 0 {
					if len(a.Records) != 0 || !slices.Equal(a.Categories, []consent.Category{consent.Conversation}) {
						t.Errorf("the question is recorded as %+v", a)
					}
					continue
				}
				for _, record := range a.Records {
					if want := grants[answers(record.Category, openAI)]; record.Grant != want || want == "" || !slices.Contains(a.Categories, record.Category) {
						t.Errorf("%s is recorded under the grant %q, want %q, in %v", record.ID, record.Grant, want, a.Categories)
					}
				}
				if slices.Contains(a.Categories, consent.Conversation) || len(a.Records) != len(c.records) {
					t.Errorf("the records are recorded as %+v", a)
				}
			}
			// The next question finds them embedded: they are not sent again.
			if len(c.records) != len(h.store.stored()) {
				t.Errorf("vectors have %q", h.store.stored())
			}
			for _, hit := range h.ask(scope).Hits {
				own := len(hit.Recipients) > 0
				sent := slices.Contains(h.store.stored(), hit.PassageID)
				if own && (hit.Cosine > 0) != sent {
					t.Errorf("%s was sent: %v, and its cosine is %v", hit.RecordID, sent, hit.Cosine)
				}
			}
			h.sent("again", 2*questions, c.records...)
		})
	}
}

// TestMeaningOfOthers: a visitor's question goes out under their own grant, and that of
// nobody, and of the desk, does not.
func TestMeaningOfOthers(t *testing.T) {
	h := newHouse(t, openAI)
	h.grant(ana, answers(consent.Conversation, openAI), answers("orders", consent.BrandAI), answers("orders", openAI))
	visitor := identity.Principal{Kind: identity.Visitor, Site: "shop", Customer: "vis_1", Conversation: "cnv_9"}
	staff := identity.Principal{Kind: identity.Staff, Site: "shop", Staff: "stf_1"}
	for name, scope := range map[string]consent.Scope{
		"the zero scope":           {},
		"nobody":                   h.scope(identity.Principal{Site: "shop"}, consent.Answers),
		"nobody with ana's id":     h.scope(identity.Principal{Site: "shop", Customer: "ana"}, consent.Answers),
		"a visitor":                h.scope(visitor, consent.Answers),
		"another customer":         h.scope(bob, consent.Answers),
		"the desk":                 h.scope(staff.About("ana", "cnv_1"), consent.AgentAssist),
		"staff for answers":        h.scope(staff.About("ana", "cnv_1"), consent.Answers),
		"ana, for the desk":        h.scope(ana, consent.AgentAssist),
		"ana, for nothing":         h.scope(ana, ""),
		"ana, signalling a no":     h.scope(identity.Principal{Kind: identity.Customer, Site: "shop", Customer: "ana", Conversation: "cnv_1", GPC: true}, consent.Answers),
		"the site's own backend":   h.scope(identity.Principal{Kind: identity.Backend, Site: "shop", Customer: "ana"}, consent.Answers),
		"a visitor with ana's id?": h.scope(identity.Principal{Kind: identity.Visitor, Site: "shop", Customer: "vis_2"}, consent.Answers),
	} {
		if r := h.ask(scope); r.Meaning != retrieval.MeaningDenied || r.Cause != nil {
			t.Errorf("%s: the meaning is %s, %v", name, r.Meaning, r.Cause)
		}
		h.sent(name, 0)
		if len(h.log.all) != 0 {
			t.Errorf("%s: recorded is %+v", name, h.log.all)
		}
	}
	h.grant(visitor, answers(consent.Conversation, openAI))
	r := h.ask(h.scope(visitor, consent.Answers))
	if r.Meaning != retrieval.MeaningUsed || len(h.log.all) != 1 || h.log.all[0].Customer != "vis_1" {
		t.Errorf("a visitor's own: %s, %v, recorded is %+v", r.Meaning, r.Cause, h.log.all)
	}
	h.found("a visitor", r, "article")
	h.sent("a visitor", 1)
	visitor.GPC = true
	if r := h.ask(h.scope(visitor, consent.Answers)); r.Meaning != retrieval.MeaningDenied {
		t.Errorf("a visitor who signals a no: %s", r.Meaning)
	}
	h.sent("a visitor who signals a no", 1)
	if len(h.store.asked) != 0 && slices.ContainsFunc(h.store.asked, func(c []consent.Category) bool { return len(c) > 0 }) {
		t.Errorf("records were read to be sent: %v", h.store.asked)
	}
}

// all grants ana's words and orders to the outside model.
func (h *house) all() {
	h.Helper()
	h.grant(ana, answers(consent.Conversation, openAI), answers("orders", consent.BrandAI), answers("orders", openAI))
}

// TestMeaningUnrecorded: what cannot be recorded is not sent, and the question is
// searched all the same.
func TestMeaningUnrecorded(t *testing.T) {
	broken := errors.New("the disk is full")
	h := newHouse(t, openAI)
	h.all()
	scope := h.scope(ana, consent.Answers)
	h.log.fail = func(consent.Access) error { return broken }
	r := h.ask(scope)
	if r.Meaning != retrieval.MeaningAway || !errors.Is(r.Cause, broken) {
		t.Errorf("the meaning is %s, %v", r.Meaning, r.Cause)
	}
	h.found("by words", r, "article", "order-1", "order-2")
	h.sent("nothing is recorded", 0)
	h.log.fail = func(a consent.Access) error {
		if len(a.Records) > 0 {
			return broken
		}
		return nil
	}
	r = h.ask(scope)
	if r.Meaning != retrieval.MeaningUsed || !errors.Is(r.Cause, broken) {
		t.Errorf("of the records alone: the meaning is %s, %v", r.Meaning, r.Cause)
	}
	h.found("of the records alone", r, "article", "order-1", "order-2")
	h.sent("records are not recorded", 1)
	if got := h.store.stored(); len(got) != 0 {
		t.Errorf("vectors have %q", got)
	}
}

// TestMeaningWithdrawn: a scope that holds no more sends nothing, and stores nothing,
// whenever the customer chose otherwise.
func TestMeaningWithdrawn(t *testing.T) {
	withdraw := func(h *house) {
		h.change(ana, false, answers(consent.Conversation, openAI), answers("orders", openAI))
	}
	t.Run("before the question", func(t *testing.T) {
		h := newHouse(t, openAI)
		h.all()
		scope := h.scope(ana, consent.Answers)
		withdraw(h)
		if r := h.ask(scope); r.Meaning != retrieval.MeaningAway || !errors.Is(r.Cause, consent.ErrStale) {
			t.Errorf("the meaning is %s, %v", r.Meaning, r.Cause)
		}
		h.sent("withdrawn", 0)
		if r := h.ask(h.scope(ana, consent.Answers)); r.Meaning != retrieval.MeaningDenied || r.Cause != nil {
			t.Errorf("by a new scope the meaning is %s, %v", r.Meaning, r.Cause)
		}
		h.sent("by a new scope", 0)
	})
	t.Run("before the records", func(t *testing.T) {
		h := newHouse(t, openAI)
		h.all()
		h.embedder.do = func(context.Context, retrieval.TextKind, []string) error { withdraw(h); return nil }
		if r := h.ask(h.scope(ana, consent.Answers)); r.Meaning != retrieval.MeaningUsed || !errors.Is(r.Cause, consent.ErrStale) {
			t.Errorf("the meaning is %s, %v", r.Meaning, r.Cause)
		}
		h.sent("withdrawn", 1)
	})
	t.Run("before they are stored", func(t *testing.T) {
		h := newHouse(t, openAI)
		h.all()
		h.embedder.do = func(_ context.Context, kind retrieval.TextKind, _ []string) error {
			if kind == retrieval.PassageText {
				withdraw(h)
			}
			return nil
		}
		if r := h.ask(h.scope(ana, consent.Answers)); r.Meaning != retrieval.MeaningUsed || !errors.Is(r.Cause, consent.ErrStale) {
			t.Errorf("the meaning is %s, %v", r.Meaning, r.Cause)
		}
		if got := h.store.stored(); len(got) != 0 {
			t.Errorf("vectors have %q", got)
		}
	})
}

// TestMeaningAway: where the embedder fails the question is searched by words, and
// nobody reads what was asked in the reason.
func TestMeaningAway(t *testing.T) {
	broken := errors.New("status 503")
	h := newHouse(t, openAI)
	h.all()
	scope := h.scope(ana, consent.Answers)
	h.embedder.do = func(context.Context, retrieval.TextKind, []string) error { return broken }
	check := func(step string, r retrieval.Result, meaning retrieval.Meaning) {
		t.Helper()
		if r.Meaning != meaning || !errors.Is(r.Cause, broken) {
			t.Errorf("%s: the meaning is %s, %v", step, r.Meaning, r.Cause)
		}
		if s := fmt.Sprintf("%v", r.Cause); strings.Contains(s, "4711") || strings.Contains(s, "parcel") || strings.Contains(s, "ana") {
			t.Errorf("%s: the reason says %q", step, s)
		}
		h.found(step, r, "article", "order-1", "order-2")
		for _, hit := range r.Hits {
			if hit.Lexical <= 0 {
				t.Errorf("%s: %s was not found by words", step, hit.RecordID)
			}
		}
	}
	check("the question", h.ask(scope), retrieval.MeaningAway)
	h.embedder.do = func(_ context.Context, kind retrieval.TextKind, _ []string) error {
		if kind == retrieval.PassageText {
			return broken
		}
		return nil
	}
	check("the records", h.ask(scope), retrieval.MeaningUsed)
	if got := h.store.stored(); len(got) != 0 {
		t.Errorf("vectors have %q", got)
	}
	h.embedder.do = nil
	if r := h.ask(scope); r.Meaning != retrieval.MeaningUsed || r.Cause != nil {
		t.Errorf("when it is back: %s, %v", r.Meaning, r.Cause)
	}
	if got := h.store.stored(); !slices.Equal(got, []string{"order-1#0", "order-2#0"}) {
		t.Errorf("when it is back vectors have %q", got)
	}
	// A store that fails is another matter: nothing was found out.
	h.store.Fail = errors.New("the disk is gone")
	if found, err := h.searcher.Search(t.Context(), scope, retrieval.Analyze(question, "en"), 10); !errors.Is(err, h.store.Fail) || found.Hits != nil {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestMeaningUnknown: a question of which the model knows nothing is searched by words,
// and sends no records.
func TestMeaningUnknown(t *testing.T) {
	h := newHouse(t, openAI)
	h.all()
	h.embedder.unknown = true
	r := h.ask(h.scope(ana, consent.Answers))
	if r.Meaning != retrieval.MeaningUnknown || r.Cause != nil {
		t.Errorf("the meaning is %s, %v", r.Meaning, r.Cause)
	}
	h.found("unknown", r, "article", "order-1", "order-2")
	h.sent("unknown", 1)
}

// TestMeaningInHouse: the company's own model needs no grant for the question, and gets
// the records that may be searched; nobody outside sees anything, so nothing is
// recorded.
func TestMeaningInHouse(t *testing.T) {
	h := newHouse(t, consent.BrandAI)
	h.log.fail = func(a consent.Access) error {
		t.Errorf("recorded is %+v", a)
		return nil
	}
	r := h.ask(h.scope(ana, consent.Answers))
	if r.Meaning != retrieval.MeaningUsed || r.Cause != nil {
		t.Errorf("without a grant: %s, %v", r.Meaning, r.Cause)
	}
	h.found("without a grant", r, "article")
	h.sent("without a grant", 1)
	if r := h.ask(consent.Scope{}); r.Meaning != retrieval.MeaningUsed || r.Cause != nil {
		t.Errorf("the zero scope: %s, %v", r.Meaning, r.Cause)
	}
	if r := h.ask(h.scope(identity.Principal{Kind: identity.Visitor, Site: "shop"}, consent.Answers)); r.Meaning != retrieval.MeaningUsed {
		t.Errorf("a visitor: %s, %v", r.Meaning, r.Cause)
	}
	h.sent("nobody", 3)
	if len(h.store.asked) != 0 {
		t.Errorf("records were read for nobody: %v", h.store.asked)
	}
	h.grant(ana, answers("orders", consent.BrandAI), answers("billing", openAI))
	h.grant(bob, answers("orders", consent.BrandAI))
	r = h.ask(h.scope(ana, consent.Answers))
	h.found("granted", r, "article", "order-1", "order-2")
	h.sent("granted", 4, "anas-order-1", "anas-order-2")
	h.ask(h.scope(ana, consent.Answers))
	h.sent("again", 5, "anas-order-1", "anas-order-2")
	if got := h.store.stored(); !slices.Equal(got, []string{"order-1#0", "order-2#0"}) {
		t.Errorf("vectors have %q", got)
	}
}

// TestMeaningOff: without an embedder nothing is asked, and where nothing is to be
// found nobody is.
func TestMeaningOff(t *testing.T) {
	h := newHouse(t, consent.BrandAI)
	if r, err := h.searcher.Search(t.Context(), consent.Scope{}, retrieval.Analyze(question, "en"), 0); err != nil || r.Hits != nil || r.Meaning != retrieval.MeaningOff {
		t.Errorf("a limit of 0: %+v, %v", r, err)
	}
	h.sent("a limit of 0", 0)
	words := retrieval.NewSearcher(embedded.New(h.store, embedded.Options{}), h.store)
	if r, err := words.Search(t.Context(), h.scope(bob, consent.Answers), retrieval.Analyze(question, "en"), 10); err != nil || r.Meaning != retrieval.MeaningOff || len(r.Hits) != 1 {
		t.Errorf("by words: %+v, %v", r, err)
	}
}

// TestMeaningTrustsNoStore: a store that gives out everything shows the model nothing
// that the scope does not permit.
func TestMeaningTrustsNoStore(t *testing.T) {
	for _, recipient := range []consent.Recipient{openAI, consent.BrandAI} {
		h := newHouse(t, recipient)
		h.store.Put(retrieval.Record{ID: "elsewhere", Site: "other", Customer: "ana", Category: "orders", Title: "elsewhere", Text: "A parcel."})
		h.all()
		h.grant(ana, answers("billing", consent.BrandAI))
		h.store.leaks = true
		if r := h.ask(h.scope(ana, consent.Answers)); r.Meaning != retrieval.MeaningUsed || r.Cause != nil {
			t.Errorf("%s, %v", r.Meaning, r.Cause)
		}
		want := []string{"anas-order-1", "anas-order-2"}
		if recipient == consent.BrandAI {
			want = append([]string{"anas-bill"}, want...)
		}
		h.sent(string(recipient), 1, want...)
	}
}

// many gives ana so many orders, each a day newer than the last.
func (h *house) many(n int) {
	for i := range n {
		h.store.Put(retrieval.Record{
			ID: fmt.Sprintf("many-%03d", i), Site: "shop", Customer: "ana", Category: "orders", Title: fmt.Sprintf("many-%03d", i), Language: "en",
			Text: "A parcel.", CollectedAt: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i),
		})
	}
}

// TestOwnBatches: a question has so many passages embedded, the newest first, and the
// next ones the rest; each is on record before it is sent, and sent once.
func TestOwnBatches(t *testing.T) {
	h := newHouse(t, openAI)
	h.all()
	h.many(100)
	h.embedder.do = func(_ context.Context, kind retrieval.TextKind, texts []string) error {
		last := h.log.all[len(h.log.all)-1]
		for _, text := range texts {
			title, _, _ := strings.Cut(text, "\n")
			recorded := slices.ContainsFunc(last.Records, func(r consent.AccessedRecord) bool { return r.ID == title })
			if kind == retrieval.PassageText && strings.HasPrefix(title, "many-") && !recorded {
				t.Errorf("%s was sent before it was recorded", title)
			}
		}
		return nil
	}
	for i, want := range []int{64, 102, 102} {
		r := h.ask(h.scope(ana, consent.Answers))
		if r.Meaning != retrieval.MeaningUsed || r.Cause != nil {
			t.Errorf("question %d: %s, %v", i, r.Meaning, r.Cause)
		}
		if len(h.embedder.passages) != want || len(h.store.stored()) != want {
			t.Errorf("question %d: %d were sent, %d are stored, want %d", i, len(h.embedder.passages), len(h.store.stored()), want)
		}
	}
	if first, _, _ := strings.Cut(h.embedder.passages[0], "\n"); first != "many-099" {
		t.Errorf("the first that was sent is %s", first)
	}
	unique := slices.Clone(h.embedder.passages)
	slices.Sort(unique)
	if len(slices.Compact(unique)) != 102 {
		t.Error("something was sent twice")
	}
}

// nothing is an index that finds nothing.
type nothing struct{}

func (nothing) Search(context.Context, consent.Scope, retrieval.Query, int) ([]retrieval.Match, error) {
	return nil, nil
}

// TestPatience: a question waits so long for its meaning and no longer, and what was
// embedded meanwhile is kept.
func TestPatience(t *testing.T) {
	wait := func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, consent.BrandAI)
		h.searcher = retrieval.NewSearcher(nothing{}, h.store).ByMeaning(h.embedder, h.log)
		h.grant(ana, answers("orders", consent.BrandAI))
		h.many(30)
		h.embedder.do = func(ctx context.Context, _ retrieval.TextKind, _ []string) error { return wait(ctx, time.Hour) }
		at := time.Now()
		r := h.ask(h.scope(ana, consent.Answers))
		if r.Meaning != retrieval.MeaningAway || !errors.Is(r.Cause, context.DeadlineExceeded) {
			t.Errorf("a model that hangs: %s, %v", r.Meaning, r.Cause)
		}
		if d := time.Since(at); d != 3*time.Second {
			t.Errorf("a model that hangs took %s", d)
		}
		// One that takes 300 ms a text never gets through all of them for one question,
		// and yet through all of them in the end.
		h.embedder.do = func(ctx context.Context, _ retrieval.TextKind, texts []string) error {
			for range texts {
				if err := wait(ctx, 300*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		}
		before := 0
		for i := 0; before < 32; i++ {
			at := time.Now()
			r := h.ask(h.scope(ana, consent.Answers))
			n := len(h.store.stored())
			if d := time.Since(at); d > 3*time.Second || r.Meaning != retrieval.MeaningUsed || n == before {
				t.Fatalf("question %d took %s, %s, %v; %d are stored, before %d", i, d, r.Meaning, r.Cause, n, before)
			}
			before = n
		}
	})
}

// TestEmbeddable: who may be sent records is decided by category and recipient, and the
// company's own models may have what is searched.
func TestEmbeddable(t *testing.T) {
	h := newHouse(t, openAI)
	h.grant(ana, answers("orders", consent.BrandAI), answers("orders", openAI), answers("billing", consent.BrandAI), answers("profile", openAI), answers(consent.Conversation, openAI))
	scope := h.scope(ana, consent.Answers)
	for r, want := range map[consent.Recipient][]consent.Category{
		consent.BrandAI: {"billing", "orders"}, openAI: {"orders"}, consent.HumanAgents: {}, "ai_provider:other": {}, "": {},
	} {
		for range 2 { // the scope is not changed by it
			if got := retrieval.Embeddable(scope, r); len(got) != len(want) || len(want) > 0 && !slices.Equal(got, want) {
				t.Errorf("to %q may go %v, want %v", r, got, want)
			}
			if got := retrieval.Embeddable(consent.Scope{}, r); len(got) != 0 {
				t.Errorf("under the zero scope %v may go to %q", got, r)
			}
		}
	}
	if d := cmp.Diff([]consent.Category{"billing", "orders"}, scope.Searchable()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
