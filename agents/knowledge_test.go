package agents_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"candor/agents"
	"candor/agents/desktest"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
)

// TestKnowledgeOfOutsideDesks: what is for the company's own staff is not searched for
// another desk, so that it does not stand before what is for everybody.
func TestKnowledgeOfOutsideDesks(t *testing.T) {
	f, s := newDesk(t)
	f.Service.SetAssist(agents.Assist{Store: s, Knowledge: retrieval.NewSearcher(embedded.New(s, embedded.Options{}), s)})
	c := f.Waiting(t, "Hello")
	articles := []retrieval.Record{{ID: "public", Visibility: retrieval.PublicKnowledge, Text: "Whoever buys from us has a warranty of two years, among many other things that matter less."}}
	for i := range 30 {
		articles = append(articles, retrieval.Record{ID: fmt.Sprint("internal", i), Visibility: retrieval.InternalKnowledge, Text: fmt.Sprintf("Warranty, warranty: number %d%d%d.", i, i, i)})
	}
	for i := range articles {
		articles[i].Site, articles[i].Title, articles[i].Language, articles[i].CollectedAt = c.Who.Site, "Article", "en", time.Now()
	}
	must(t, s.PutKnowledge(t.Context(), c.Who.Site, articles))
	finds := func(a desktest.Agent) (found []string) {
		t.Helper()
		hits, err := f.Service.Knowledge(t.Context(), a.Who, agents.KnowledgeQuery{Text: "warranty", Conversation: c.Conversation})
		must(t, err)
		for _, h := range hits {
			found = append(found, h.RecordID)
		}
		return found
	}
	if got := finds(f.Hire(t, "Ana", identity.RoleAgent)); len(got) != 20 || slices.Contains(got, "public") {
		t.Errorf("the company's own staff find %v: the internal ones are to come first", got)
	}
	if got := finds(f.HireOutside(t, "Olga", f.Queue)); !slices.Equal(got, []string{"public"}) {
		t.Errorf("another desk finds %v", got)
	}
}
