package agents

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"candor/identity"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func agent(id string, capacity int) Agent {
	return Agent{Seat: Seat{Staff: identity.StaffID(id), Capacity: capacity}}
}

// queued is a normal ticket that waits since so many minutes.
func queued(id string, minutes int) Queued {
	return Queued{
		Ticket: id, Conversation: "cnv_" + id, Queue: "support", Language: "en", Priority: 1,
		Since: noon.Add(-time.Duration(minutes) * time.Minute), Reserve: 30 * time.Second,
	}
}

func online(staff []Agent) map[identity.StaffID]Status {
	out := make(map[identity.StaffID]Status)
	for _, a := range staff {
		out[a.Staff] = Online
	}
	return out
}

// given renders reservations as ticket>agent.
func given(rs []Reservation) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Ticket+">"+string(r.Staff))
	}
	return out
}

func TestRoute(t *testing.T) {
	a, b := agent("a", 4), agent("b", 4)
	with := func(x Agent, change func(*Agent)) Agent { change(&x); return x }
	ticket := func(x Queued, change func(*Queued)) Queued { change(&x); return x }
	for name, c := range map[string]struct {
		tickets []Queued
		staff   []Agent
		present map[identity.StaffID]Status
		want    []string
	}{
		"nobody is there":    {[]Queued{queued("1", 1)}, []Agent{a}, map[identity.StaffID]Status{}, nil},
		"busy and away":      {[]Queued{queued("1", 1)}, []Agent{a, b}, map[identity.StaffID]Status{"a": Busy, "b": Away}, nil},
		"who waits longest":  {[]Queued{queued("1", 1), queued("2", 2)}, []Agent{agent("a", 1)}, nil, []string{"2>a"}},
		"urgent first":       {[]Queued{queued("1", 9), ticket(queued("2", 1), func(q *Queued) { q.Priority = 0 })}, []Agent{agent("a", 1)}, nil, []string{"2>a"}},
		"in turn":            {[]Queued{queued("1", 4), queued("2", 3), queued("3", 2), queued("4", 1)}, []Agent{a, b}, nil, []string{"1>a", "2>b", "3>a", "4>b"}},
		"longest without":    {[]Queued{queued("1", 1)}, []Agent{with(a, func(x *Agent) { x.Given = noon }), b}, nil, []string{"1>b"}},
		"no room":            {[]Queued{queued("1", 1)}, []Agent{with(a, func(x *Agent) { x.Load = 4 })}, nil, nil},
		"three lapsed":       {[]Queued{queued("1", 1)}, []Agent{with(a, func(x *Agent) { x.Lapsed = 3 }), b}, nil, []string{"1>b"}},
		"not given":          {[]Queued{ticket(queued("1", 1), func(q *Queued) { q.Reserve = 0 })}, []Agent{a}, nil, nil},
		"another queue":      {[]Queued{queued("1", 1)}, []Agent{with(a, func(x *Agent) { x.Queues = []string{"billing"} })}, nil, nil},
		"a skill":            {[]Queued{ticket(queued("1", 1), func(q *Queued) { q.Skills = []string{"tax"} })}, []Agent{a, with(b, func(x *Agent) { x.Skills = []string{"tax", "law"} })}, nil, []string{"1>b"}},
		"a language":         {[]Queued{ticket(queued("1", 1), func(q *Queued) { q.Language = "pt-BR" })}, []Agent{with(a, func(x *Agent) { x.Languages = []string{"en"} }), with(b, func(x *Agent) { x.Languages = []string{"pt"} })}, nil, []string{"1>b"}},
		"an outside desk":    {[]Queued{queued("1", 1)}, []Agent{with(a, func(x *Agent) { x.Recipient = "desk:x" }), with(b, func(x *Agent) { x.Recipient, x.Queues = "desk:x", []string{"support"} })}, nil, []string{"1>b"}},
		"last owner":         {[]Queued{ticket(queued("1", 1), func(q *Queued) { q.LastOwner = "b" })}, []Agent{a, b}, nil, []string{"1>b"}},
		"last owner is away": {[]Queued{ticket(queued("1", 1), func(q *Queued) { q.LastOwner = "b" })}, []Agent{a, b}, map[identity.StaffID]Status{"a": Online}, []string{"1>a"}},
		"last owner put it back": {[]Queued{ticket(queued("1", 1), func(q *Queued) {
			q.LastOwner, q.Declined = "b", []identity.StaffID{"b"}
		})}, []Agent{a, b}, nil, []string{"1>a"}},
		"passed":            {[]Queued{ticket(queued("1", 1), func(q *Queued) { q.Declined = []identity.StaffID{"a"} })}, []Agent{a, b}, nil, []string{"1>b"}},
		"passed, and alone": {[]Queued{ticket(queued("1", 1), func(q *Queued) { q.Declined = []identity.StaffID{"a"} })}, []Agent{a}, nil, []string{"1>a"}},
		"passed, the other is full": {
			[]Queued{ticket(queued("1", 1), func(q *Queued) { q.Declined = []identity.StaffID{"a"} })},
			[]Agent{a, with(b, func(x *Agent) { x.Load = 4 })},
			nil,
			[]string{"1>a"},
		},
		"one that nobody serves holds up nobody": {[]Queued{ticket(queued("1", 9), func(q *Queued) { q.Skills = []string{"tax"} }), queued("2", 1)}, []Agent{a}, nil, []string{"2>a"}},
	} {
		if c.present == nil {
			c.present = online(c.staff)
		}
		got := Route(c.tickets, c.staff, c.present, noon)
		if !slices.Equal(given(got), c.want) {
			t.Errorf("%s: %v, want %v", name, given(got), c.want)
		}
		for _, r := range got {
			if !r.Until.Equal(noon.Add(30 * time.Second)) {
				t.Errorf("%s: kept until %v", name, r.Until)
			}
		}
	}
}

// TestRouteInTurn: of k·n equal tickets each of n equal agents gets k, whether they come
// at once or one after the other.
func TestRouteInTurn(t *testing.T) {
	const n, k = 7, 5
	var staff []Agent
	for i := range n {
		staff = append(staff, agent(fmt.Sprint("a", i), n*k))
	}
	var tickets []Queued
	for i := range n * k {
		tickets = append(tickets, queued(fmt.Sprintf("%02d", i), n*k-i))
	}
	each := func(what string, rs []Reservation) {
		count := make(map[identity.StaffID]int)
		for _, r := range rs {
			count[r.Staff]++
		}
		for _, a := range staff {
			if count[a.Staff] != k {
				t.Errorf("%s: %s got %d of %d", what, a.Staff, count[a.Staff], k)
			}
		}
	}
	each("at once", Route(tickets, staff, online(staff), noon))
	one := slices.Clone(staff)
	var all []Reservation
	for i, q := range tickets {
		r := Route([]Queued{q}, one, online(one), noon)
		all = append(all, r...)
		j := slices.IndexFunc(one, func(a Agent) bool { return a.Staff == r[0].Staff })
		one[j].Given, one[j].Load = noon.Add(time.Duration(i)*time.Second), one[j].Load+1
	}
	each("one by one", all)
}

// TestRouteModel compares Route with the rules, read literally, on random desks.
func TestRouteModel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
	pick := func(n int, from ...string) []string {
		r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		return slices.Clone(from[:min(r.IntN(n+1), len(from))])
	}
	statuses := []Status{Online, Online, Online, Busy, Away, ""}
	for round := range 3000 {
		var staff []Agent
		present := make(map[identity.StaffID]Status)
		for i := range r.IntN(6) {
			a := agent(fmt.Sprint("a", i), r.IntN(4))
			a.Queues, a.Skills, a.Languages = pick(2, "support", "billing", "sales"), pick(2, "tax", "law"), pick(2, "en", "pt", "uk")
			a.Load, a.Lapsed, a.Given = r.IntN(3), r.IntN(5), noon.Add(time.Duration(r.IntN(4))*time.Minute)
			staff, present[a.Staff] = append(staff, a), statuses[r.IntN(len(statuses))]
		}
		var tickets []Queued
		for i := range r.IntN(10) {
			q := queued(fmt.Sprint("t", i), r.IntN(5))
			q.Priority, q.Queue, q.Language = r.IntN(3), []string{"support", "billing"}[r.IntN(2)], []string{"en", "pt-BR"}[r.IntN(2)]
			q.Skills = pick(1, "tax", "law")
			for _, d := range pick(2, "a0", "a1", "a2", "a3") {
				q.Declined = append(q.Declined, identity.StaffID(d))
			}
			q.LastOwner = identity.StaffID([]string{"", "a0", "a3"}[r.IntN(3)])
			tickets = append(tickets, q)
		}
		got := Route(tickets, staff, present, noon)
		if want := literally(tickets, staff, present); !slices.Equal(given(got), want) {
			t.Fatalf("seed %d, round %d: %v, want %v\n%+v\n%+v\n%v", seed, round, given(got), want, tickets, staff, present)
		}
		r.Shuffle(len(tickets), func(i, j int) { tickets[i], tickets[j] = tickets[j], tickets[i] })
		r.Shuffle(len(staff), func(i, j int) { staff[i], staff[j] = staff[j], staff[i] })
		if again := Route(tickets, staff, present, noon); !slices.Equal(given(got), given(again)) {
			t.Fatalf("seed %d, round %d: the order decides", seed, round)
		}
	}
}

// literally is the design's sentences, one after the other.
func literally(tickets []Queued, staff []Agent, present map[identity.StaffID]Status) []string {
	staff, tickets = slices.Clone(staff), slices.Clone(tickets)
	turn := make(map[identity.StaffID]int)
	slices.SortFunc(tickets, func(a, b Queued) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.Since.Compare(b.Since), cmp.Compare(a.Ticket, b.Ticket))
	})
	var out []string
	for n, q := range tickets {
		best := -1
		better := func(i, j int) bool {
			a, b := staff[i], staff[j]
			declinedA, declinedB := slices.Contains(q.Declined, a.Staff), slices.Contains(q.Declined, b.Staff)
			ownsA, ownsB := a.Staff == q.LastOwner, b.Staff == q.LastOwner
			switch {
			case declinedA != declinedB:
				return declinedB
			case ownsA != ownsB && !declinedA:
				return ownsA
			case turn[a.Staff] != turn[b.Staff]:
				return turn[a.Staff] < turn[b.Staff]
			case !a.Given.Equal(b.Given):
				return a.Given.Before(b.Given)
			}
			return a.Staff < b.Staff
		}
		for i, a := range staff {
			if present[a.Staff] == Online && a.Lapsed < MaxLapses && a.Load < a.Capacity && a.Serves(q) && (best < 0 || better(i, best)) {
				best = i
			}
		}
		if best >= 0 {
			staff[best].Load++
			turn[staff[best].Staff] = n + 1
			out = append(out, q.Ticket+">"+string(staff[best].Staff))
		}
	}
	return out
}

func BenchmarkRoute(b *testing.B) {
	var staff []Agent
	for i := range 500 {
		staff = append(staff, agent(fmt.Sprint("a", i), 4))
	}
	var tickets []Queued
	for i := range 10_000 {
		tickets = append(tickets, queued(fmt.Sprint(i), i))
	}
	present := online(staff)
	for b.Loop() {
		if len(Route(tickets, staff, present, noon)) != 2000 {
			b.Fatal("not everybody was given something")
		}
	}
}

func TestHonestWait(t *testing.T) {
	waits := func(minutes ...int) (out []Taking) {
		for _, m := range minutes {
			out = append(out, Taking{noon.Add(-time.Duration(m) * time.Minute), noon})
		}
		return out
	}
	hours := &Hours{Zone: "UTC", Week: map[string][][2]string{"fri": {{"09:00", "17:00"}}}}
	early := Taking{noon.Add(-4 * time.Hour), noon} // before it opened
	for name, c := range map[string]struct {
		line   Line
		agents int
		want   int
	}{
		"nobody is there":         {Line{Position: 1, Waited: waits(3, 3, 3, 3, 3)}, 0, 0},
		"too few waited":          {Line{Position: 1, Waited: waits(3, 3, 3, 3)}, 2, 0},
		"rounded up":              {Line{Position: 1, Waited: waits(3, 3, 3, 3, 3)}, 2, 5},
		"the median":              {Line{Position: 1, Waited: waits(1, 1, 2, 90, 90)}, 1, 2},
		"a long line":             {Line{Position: 6, Waited: waits(4, 4, 4, 4, 4)}, 2, 15},
		"never less than others":  {Line{Position: 1, Waited: waits(20, 20, 20, 20, 20)}, 10, 20},
		"too long to tell":        {Line{Position: 9, Waited: waits(20, 20, 20, 20, 20)}, 1, 0},
		"they have waited":        {Line{Position: 1, Queued: queued("1", 8), Waited: waits(10, 10, 10, 10, 10)}, 1, 2},
		"longer than the others":  {Line{Position: 1, Queued: queued("1", 11), Waited: waits(10, 10, 10, 10, 10)}, 1, 0},
		"in business hours alone": {Line{Position: 1, Hours: hours, Waited: append(waits(3, 3, 3, 3), early)}, 1, 0},
	} {
		c.line.Now = noon
		if c.line.Since.IsZero() {
			c.line.Since = noon
		}
		if got := c.line.minutes(c.agents); got != c.want {
			t.Errorf("%s: %d minutes, want %d", name, got, c.want)
		}
	}
}
