package agents_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// TestChoose: the first queue by order, then by name, whose every list holds the value.
func TestChoose(t *testing.T) {
	t.Parallel()
	queues := []agents.Queue{
		{Name: "support", Order: 1_000_000},
		{Name: "portuguese", Order: 3, Takes: agents.Takes{Languages: []string{"pt"}}},
		{Name: "b-vip", Order: 2, Takes: agents.Takes{Sites: []identity.SiteID{"vip"}}},
		{Name: "a-vip", Order: 2, Takes: agents.Takes{Sites: []identity.SiteID{"vip"}}},
		{Name: "legal", Order: 1, Takes: agents.Takes{Topics: []string{"legal"}, Languages: []string{"en", "pt"}}},
		{Name: "angry", Order: 4, Takes: agents.Takes{Reasons: []conversation.Reason{conversation.Frustration}}},
	}
	for name, tt := range map[string]struct {
		need agents.Need
		want string
	}{
		"nothing in particular":         {agents.Need{Site: "shop", Language: "en", Reason: conversation.CustomerRequest}, "support"},
		"a topic":                       {agents.Need{Site: "shop", Language: "en", Reason: conversation.PolicyTopic, Topic: "legal"}, "legal"},
		"a region of a language":        {agents.Need{Site: "shop", Language: "pt-BR"}, "portuguese"},
		"all lists must hold":           {agents.Need{Site: "shop", Language: "es", Topic: "legal"}, "support"},
		"the name decides":              {agents.Need{Site: "vip", Language: "pt"}, "a-vip"},
		"a reason":                      {agents.Need{Site: "shop", Language: "en", Reason: conversation.Frustration}, "angry"},
		"an order before that":          {agents.Need{Site: "shop", Language: "pt-BR", Reason: conversation.Frustration}, "portuguese"},
		"no language, of whoever is it": {agents.Need{Site: "shop"}, "support"},
	} {
		if got := agents.Choose(queues, tt.need); got.Name != tt.want {
			t.Errorf("%s: %s, want %s", name, got.Name, tt.want)
		}
	}
	if q := agents.Choose(nil, agents.Need{}); q.Name != agents.DefaultQueue || q.Priority != 1 {
		t.Errorf("without any queue: %+v", q)
	}
}

// TestDue: the target that passes next, in the hours of the queue.
func TestDue(t *testing.T) {
	t.Parallel()
	q := agents.Queue{
		Hours:   &agents.Hours{Zone: "UTC", Week: weekdays9to5},
		Targets: agents.Targets{FirstReply: agents.Span(2 * time.Hour), NextReply: agents.Span(time.Hour), Resolution: agents.Span(8 * time.Hour)},
	}
	friday := at(t, "2026-11-27T16:00:00Z") // an hour before the weekend
	later := at(t, "2026-11-30T11:30:00Z")  // half an hour before Monday's lunch
	for name, tt := range map[string]struct {
		clocks agents.Clocks
		kind   agents.DueKind
		at     string
	}{
		"nobody has answered": {agents.Clocks{Opened: friday, Asked: friday}, agents.FirstReply, "2026-11-30T10:00:00Z"},
		"somebody has":        {agents.Clocks{Opened: friday, FirstReply: friday}, agents.Resolution, "2026-11-30T17:00:00Z"},
		"asked again":         {agents.Clocks{Opened: friday, FirstReply: friday, Asked: later}, agents.NextReply, "2026-11-30T13:30:00Z"},
		"the first was late":  {agents.Clocks{Opened: friday, Asked: friday, Passed: []agents.DueKind{agents.FirstReply}}, agents.Resolution, "2026-11-30T17:00:00Z"},
	} {
		when, kind := q.Due(tt.clocks)
		if kind != tt.kind || !when.Equal(at(t, tt.at)) {
			t.Errorf("%s: %s at %s, want %s at %s", name, kind, when, tt.kind, tt.at)
		}
	}
	all := agents.Clocks{Opened: friday, Passed: []agents.DueKind{agents.FirstReply, agents.NextReply, agents.Resolution}}
	if when, kind := q.Due(all); !when.IsZero() || kind != "" {
		t.Errorf("every target passed: %s at %s", kind, when)
	}
}

// TestQueueJSON: a queue is written as it is read, and spans as people write them.
func TestQueueJSON(t *testing.T) {
	t.Parallel()
	const written = `{"name":"a","title":"A","order":1,"priority":2,"targets":{"first_reply":"15m0s"},"quiet":"24h0m0s"}`
	var q agents.Queue
	if err := json.Unmarshal([]byte(written), &q); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(q)
	if err != nil || string(b) != written {
		t.Errorf("%s, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"quiet":"soon"}`), &q); err == nil {
		t.Error("a span that is none is read")
	}
	q.Hours = &agents.Hours{}
	if err := q.Validate(); !errors.Is(err, agents.ErrHours) {
		t.Errorf("hours that say nothing: %v", err)
	}
}
