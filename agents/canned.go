package agents

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/analysis"
)

// Canned is a reply that the company has ready.
type Canned struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Text may hold {{brand}}, {{agent}}, {{customer}}, {{ticket}} and {{language}}.
	Text     string `json:"text"`
	Language string `json:"language,omitempty" doc:"BCP 47; empty: any"`
	Queue    string `json:"queue,omitempty" doc:"Empty: every queue"`
}

// Rendered is a canned reply with its variables filled in, but those that are missing.
type Rendered struct {
	Canned
	Rendered string   `json:"rendered"`
	Missing  []string `json:"missing"`
}

// Variables are what a canned reply may have filled in.
var Variables = []string{"brand", "agent", "customer", "ticket", "language"}

// Errors of canned replies. Those that say what is wrong wrap ErrCanned.
var (
	ErrCanned        = errors.New("this canned reply cannot be kept")
	ErrUnknownCanned = errors.New("there is no such canned reply")
)

// What a canned reply may hold.
const (
	maxCannedTitle = 120
	maxCannedText  = 4000
)

var (
	variable = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)
	cannedID = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
)

// check says what is wrong with a canned reply.
func (c Canned) check() error {
	switch {
	case !cannedID.MatchString(c.ID):
		return fmt.Errorf("%w: its id is not 1 to 64 of a-z, 0-9, - and _", ErrCanned)
	case strings.TrimSpace(c.Title) == "" || utf8.RuneCountInString(c.Title) > maxCannedTitle:
		return fmt.Errorf("%w: its title must have 1 to %d characters", ErrCanned, maxCannedTitle)
	case strings.TrimSpace(c.Text) == "" || utf8.RuneCountInString(c.Text) > maxCannedText:
		return fmt.Errorf("%w: its text must have 1 to %d characters", ErrCanned, maxCannedText)
	case c.Language != "" && !slices.Contains(consent.Languages, c.Language):
		return fmt.Errorf("%w: its language is none of %s", ErrCanned, strings.Join(consent.Languages, ", "))
	}
	for _, m := range variable.FindAllStringSubmatch(c.Text, -1) {
		if !slices.Contains(Variables, m[1]) {
			return fmt.Errorf("%w: it has a variable that there is not; there are {{%s}}", ErrCanned, strings.Join(Variables, "}}, {{"))
		}
	}
	return nil
}

// render fills a canned reply in. A variable without a value stays as it is, and is
// missing.
func (c Canned) render(values map[string]string) Rendered {
	out := Rendered{Canned: c, Missing: []string{}}
	out.Rendered = variable.ReplaceAllStringFunc(c.Text, func(found string) string {
		name := variable.FindStringSubmatch(found)[1]
		if v := values[name]; v != "" {
			return v
		}
		if !slices.Contains(out.Missing, name) {
			out.Missing = append(out.Missing, name)
		}
		return found
	})
	return out
}

// Canned returns the canned replies, by title: all of them, or those for a conversation,
// filled in. The customer's name is there only where they share their profile with the
// reader; then it is on record that it was seen.
func (s *Service) Canned(ctx context.Context, who identity.Principal, conv string) ([]Rendered, error) {
	if !who.Has(deskRoles...) {
		return nil, ErrForbidden
	}
	all, err := s.assist.Store.Canned(ctx)
	if err != nil {
		return nil, err
	}
	out := []Rendered{}
	if conv == "" {
		for _, c := range all {
			out = append(out, c.render(map[string]string{"agent": who.Name}))
		}
		return out, nil
	}
	c, site, err := s.about(ctx, who, conv)
	if err != nil {
		return nil, err
	}
	t, err := s.ticket(ctx, who, conv)
	if err != nil {
		return nil, err
	}
	fits := slices.DeleteFunc(all, func(x Canned) bool {
		return x.Queue != "" && x.Queue != t.Queue || x.Language != "" && x.Language != consent.MatchLanguage(c.Language)
	})
	values := map[string]string{"brand": site.Name, "agent": who.Name, "ticket": t.ID, "language": c.Language}
	if slices.ContainsFunc(fits, func(x Canned) bool { return strings.Contains(x.Text, "customer") }) {
		who.Site = c.Site
		if values["customer"], err = s.customerName(ctx, who.About(c.Customer, conv), c); err != nil {
			return nil, err
		}
	}
	for _, x := range fits {
		out = append(out, x.render(values))
	}
	return out, nil
}

// profile is the category of which a customer's name is.
const profile consent.Category = "profile"

// named is the customer's name by their profile, and what lets people at the desk read it.
type named struct {
	name   string // empty: there is none, or it is not shared
	record consent.AccessedRecord
	stamp  consent.Stamp
}

func (s *Service) named(ctx context.Context, about identity.Principal) (named, error) {
	scope, err := s.gate.Scope(ctx, about, consent.AgentAssist)
	if err != nil && !scope.Unavailable() {
		return named{}, err
	}
	grant, ok := scope.Permits(profile, scope.Reader())
	if !ok {
		return named{}, nil
	}
	records, err := s.store.PermittedOf(ctx, scope, profile, maxRecords)
	i := slices.IndexFunc(records, func(r retrieval.Record) bool { return r.Fields["name"] != "" })
	if err != nil || i < 0 {
		return named{}, err
	}
	r := records[i]
	return named{r.Fields["name"], consent.AccessedRecord{ID: r.ID, Category: profile, Grant: grant}, scope.Stamp()}, nil
}

// customerName is the customer's name by their profile, if they share it; else empty.
func (s *Service) customerName(ctx context.Context, about identity.Principal, c conversation.Conversation) (string, error) {
	n, err := s.named(ctx, about)
	if err != nil || n.name == "" {
		return "", err
	}
	look := accessIn(about, c)
	look.Stamp, look.Categories, look.Records = &n.stamp, []consent.Category{profile}, []consent.AccessedRecord{n.record}
	err = s.store.Accessed(ctx, look)
	if errors.Is(err, consent.ErrStale) {
		return "", nil // it is not shared any more
	}
	return n.name, err
}

// naming gives the parts of a message that hold the customer's name the category that it is
// of, while they share it, and returns what allows that to be said; nil: nothing holds it.
//
// SECURITY: a text that was made from a record carries its category, whoever wrote it in.
func (s *Service) naming(ctx context.Context, about identity.Principal, segments []conversation.Segment) (*consent.Stamp, error) {
	n, err := s.named(ctx, about)
	if err != nil || n.name == "" {
		return nil, err
	}
	var stamp *consent.Stamp
	for i, x := range segments {
		if strings.Contains(oneLine(x.Text), oneLine(n.name)) {
			stamp = &n.stamp
			if !slices.Contains(x.Categories, profile) {
				segments[i].Categories = append(slices.Clone(x.Categories), profile)
			}
		}
	}
	return stamp, nil
}

// PutCanned adds a canned reply, or changes the one of its id.
func (s *Service) PutCanned(ctx context.Context, who identity.Principal, c Canned) error {
	if !who.Has(identity.RoleSupervisor) || who.Recipient != "" {
		return ErrForbidden
	}
	if err := c.check(); err != nil {
		return err
	}
	return s.assist.Store.PutCanned(ctx, who.Staff, c)
}

// RemoveCanned removes a canned reply; ErrUnknownCanned if there is none.
func (s *Service) RemoveCanned(ctx context.Context, who identity.Principal, id string) error {
	if !who.Has(identity.RoleSupervisor) || who.Recipient != "" {
		return ErrForbidden
	}
	return s.assist.Store.RemoveCanned(ctx, id)
}

// KnowledgeSearch searches as retrieval.Searcher does.
type KnowledgeSearch interface {
	Search(ctx context.Context, scope consent.Scope, q retrieval.Query, limit int) (retrieval.Result, error)
}

// KnowledgeQuery is what somebody at the desk looks for in the company's knowledge.
type KnowledgeQuery struct {
	Text     string
	Language string // BCP 47; empty: as the text is
	// Conversation is one of the site; else Site names it. Neither: the only one.
	Conversation string
	Site         identity.SiteID
}

// ErrWhichSite means that a search of knowledge does not say which site's.
var ErrWhichSite = errors.New("there are several sites: say which, by site or conversation")

// maxKnowledge is how many passages a search of knowledge finds.
const maxKnowledge = 20

// Knowledge searches the knowledge of a site, internal included for the company's own
// staff, and no customer's data: the scope is nobody's.
func (s *Service) Knowledge(ctx context.Context, who identity.Principal, q KnowledgeQuery) ([]retrieval.Hit, error) {
	if !who.Has(deskRoles...) {
		return nil, ErrForbidden
	}
	if s.assist.Knowledge == nil || strings.TrimSpace(q.Text) == "" {
		return nil, nil
	}
	switch {
	case q.Conversation != "":
		c, _, err := s.about(ctx, who, q.Conversation)
		if err != nil {
			return nil, err
		}
		q.Site = c.Site
	case q.Site == "":
		sites, err := s.assist.Store.Sites(ctx)
		if err != nil {
			return nil, err
		}
		if len(sites) != 1 {
			return nil, ErrWhichSite
		}
		q.Site = sites[0].ID
	}
	scope, err := s.gate.Scope(ctx, identity.Principal{Kind: identity.Staff, Staff: who.Staff, Recipient: who.Recipient, Site: q.Site}, consent.AgentAssist)
	if err != nil {
		return nil, err
	}
	if q.Language == "" {
		q.Language = analysis.DetectLanguage(q.Text)
	}
	found, err := s.assist.Knowledge.Search(ctx, scope, retrieval.Analyze(q.Text, q.Language), maxKnowledge)
	return found.Hits, err
}
