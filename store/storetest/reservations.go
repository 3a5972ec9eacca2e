package storetest

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// reserving sets how long the tickets of the default queue are kept.
func (f *fixture) reserving(d time.Duration) {
	f.Helper()
	f.must(f.SetQueue(f.Context(), agents.Queue{Name: agents.DefaultQueue, Title: "Support", Order: 1_000_000, Priority: 1, Reserve: agents.Span(d)}, ""))
}

// routed gives out what waits, as routing does, and returns for whom a conversation is
// kept.
func (f *fixture) routed(conv string, online ...identity.StaffID) identity.StaffID {
	f.Helper()
	f.must(f.Lapse(f.Context()))
	staff, err := f.Agents(f.Context())
	f.must(err)
	present := make(map[identity.StaffID]agents.Status)
	for _, id := range online {
		present[id] = agents.Online
	}
	tickets, now, err := f.Queued(f.Context(), 100)
	f.must(err)
	for _, r := range agents.Route(tickets, staff, present, now) {
		f.must(f.Reserve(f.Context(), r))
	}
	for _, id := range online {
		kept, err := f.Reservations(f.Context(), id)
		f.must(err)
		if slices.ContainsFunc(kept, func(r agents.Reservation) bool { return r.Conversation == conv }) {
			return id
		}
	}
	return ""
}

// onRecord are the kinds of what happened to a conversation's tickets, and by whom.
func (f *fixture) onRecord(conv string) (out []string) {
	f.Helper()
	events, err := f.TicketHistory(f.Context(), conv)
	f.must(err)
	for _, e := range events {
		out = append(out, string(e.Kind)+" "+string(e.Actor)+" "+e.Detail)
	}
	return out
}

func (f *fixture) load(id identity.StaffID) agents.Agent {
	f.Helper()
	a, err := f.Agent(f.Context(), id)
	f.must(err)
	return a
}

// reservations: kept for one, who accepts by claiming.
func reservations(f *fixture) {
	f.reserving(30 * time.Second)
	a, b := f.agent("stf_a"), f.agent("stf_b")
	conv := f.talk(f.maya)
	if got := f.routed(conv, a, b); got != "" {
		f.Errorf("what is not at the desk is kept for %s", got)
	}
	f.handOff(conv)
	version := func() string {
		f.Helper()
		v, err := f.DeskVersion(f.Context())
		f.must(err)
		return v
	}
	before := version()
	if got := f.routed(conv, a, b); got != a {
		f.Fatalf("it is kept for %q", got)
	}
	if version() == before {
		f.Error("a reservation does not change the desk's version")
	}
	if got := f.routed(conv, a, b); got != a || f.load(a).Load != 1 || f.load(b).Load != 0 {
		f.Errorf("routed again it is kept for %q", got)
	}
	contents := f.contents()
	f.is("a colleague claims it", f.Act(f.Context(), b, conv, agents.Action{Trigger: conversation.AgentClaims}), agents.ErrReserved)
	f.is("a colleague replies to it", f.Act(f.Context(), b, conv, agents.Action{
		Trigger: conversation.AgentReplies, Message: &conversation.Message{ID: identity.NewID("msg"), From: conversation.FromAgent, Segments: conversation.PlainMessage("hello")},
	}), agents.ErrReserved)
	f.is("a colleague lets it pass", f.Pass(f.Context(), b, conv), agents.ErrNotReserved)
	f.unchanged("what was refused", contents)
	f.claim(a, conv)
	if x := f.load(a); x.Load != 1 || x.Given.IsZero() {
		f.Errorf("the owner: %+v", x)
	}
	if kept, err := f.Reservations(f.Context(), a); err != nil || len(kept) != 0 {
		f.Errorf("it is kept after it was taken: %v, %v", kept, err)
	}
	f.is("what is taken is passed", f.Pass(f.Context(), a, conv), agents.ErrNotReserved)

	// Who puts it back is not given it again; the supervisor takes what is kept.
	f.must(f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentReleases}))
	if got := f.routed(conv, a, b); got != b {
		f.Errorf("put back, it is kept for %q", got)
	}
	sup := f.agent("stf_s")
	f.must(f.Act(f.Context(), sup, conv, agents.Action{Trigger: conversation.AgentClaims, Kept: true}))
	if f.load(b).Load != 0 || f.load(b).Lapsed != 0 {
		f.Errorf("whose reservation was taken: %+v", f.load(b))
	}
	want := []string{
		"opened customer customer_request", "reserved  stf_a", "claimed stf_a ", "released stf_a ", "reserved  stf_b", "claimed stf_s ",
	}
	if got := f.onRecord(conv); !slices.Equal(got, want) {
		f.Errorf("it is on record: %q", got)
	}
}

// lapses: a reservation that is over goes to the next; three in a row, and one is away.
func lapses(f *fixture) {
	f.reserving(30 * time.Second)
	a, b := f.agent("stf_a"), f.agent("stf_b")
	conv := f.talk(f.maya)
	f.handOff(conv)
	waits := func() time.Time {
		f.Helper()
		t, err := f.Ticket(f.Context(), conv)
		f.must(err)
		return t.WaitingSince
	}
	since := waits()
	for _, want := range []identity.StaffID{a, b} {
		if got := f.routed(conv, a, b); got != want {
			f.Fatalf("it is kept for %q, want %q", got, want)
		}
		f.pass(29 * time.Second)
		f.must(f.Lapse(f.Context()))
		if got := f.routed(conv, a, b); got != want {
			f.Fatalf("it lapsed early: kept for %q", got)
		}
		f.pass(time.Second)
	}
	// Both let it lapse: it is alone with them, and goes on in turn.
	for _, want := range []identity.StaffID{a, b, a, b} {
		if got := f.routed(conv, a, b); got != want {
			f.Fatalf("it is kept for %q, want %q", got, want)
		}
		f.pass(30 * time.Second)
	}
	if got := f.routed(conv, a, b); got != "" {
		f.Errorf("after three lapses it is kept for %q", got)
	}
	heard := func(says, want agents.Status) {
		f.Helper()
		if got, err := f.Heard(f.Context(), a, says, time.Minute); err != nil || got != want {
			f.Errorf("who says %s is %s, %v", says, got, err)
		}
	}
	heard(agents.Online, agents.Online) // they come back to the desk
	f.exec("UPDATE seats SET lapsed = 3")
	heard(agents.Online, agents.Away)
	heard(agents.Away, agents.Away)
	heard(agents.Online, agents.Online)
	if got := f.routed(conv, a, b); got != a {
		f.Errorf("back online, it is kept for %q", got)
	}
	if !waits().Equal(since) {
		f.Error("the waiting time began anew")
	}
	// A claim of one's own is a sign of life.
	f.exec("UPDATE seats SET lapsed = 2, lapses_from = 0")
	f.claim(a, conv)
	if f.load(a).Lapsed != 0 || f.load(b).Lapsed != 2 {
		f.Errorf("after a claim: %+v, %+v", f.load(a), f.load(b))
	}
}

// besideEachOther: nobody can take two at once, so what lapses beside another one is one
// lapse, and none beside one that was taken.
func besideEachOther(f *fixture) {
	f.reserving(30 * time.Second)
	a := f.agent("stf_a")
	var all []string
	for range 4 {
		conv := f.talk(f.strangers().maya)
		f.handOff(conv)
		all = append(all, conv)
	}
	lapsed := func(what string, want int) {
		f.Helper()
		if got := f.load(a).Lapsed; got != want {
			f.Errorf("%s: %d lapsed, want %d", what, got, want)
		}
	}
	if got := f.routed(all[3], a); got != a {
		f.Fatalf("it is kept for %q", got)
	}
	f.pass(10 * time.Second)
	f.claim(a, all[0])
	f.pass(20 * time.Second)
	f.must(f.Lapse(f.Context()))
	lapsed("beside one that was taken", 0)
	for n := range agents.MaxLapses {
		if got := f.routed(all[3], a); got != a {
			f.Fatalf("the %d. time it is kept for %q", n, got)
		}
		f.pass(30 * time.Second)
		f.must(f.Lapse(f.Context()))
		lapsed("beside each other", n+1)
	}
	if got := f.routed(all[3], a); got != "" {
		f.Errorf("after %d it is kept for %q", agents.MaxLapses, got)
	}
	// What a colleague offers them counts too.
	b := f.agent("stf_b")
	f.must(f.Transfer(f.Context(), b, all[3], agents.Transfer{Staff: a, Anyone: true}))
	f.pass(10 * time.Minute)
	f.must(f.Lapse(f.Context()))
	lapsed("offered by a colleague", agents.MaxLapses+1)
}

// oneReservation: of a claim, a reservation and a pass at once, one tells the truth.
func oneReservation(f *fixture) { reservedAtOnce(f, []*fixture{f}) }

func reservedAtOnce(f *fixture, replicas []*fixture) {
	f.reserving(30 * time.Second)
	var ids []identity.StaffID
	for range 8 {
		ids = append(ids, f.agent(identity.StaffID(identity.NewID("stf"))))
	}
	for range 5 {
		conv := f.talk(f.maya)
		f.handOff(conv)
		t, err := f.Ticket(f.Context(), conv)
		f.must(err)
		var won atomic.Int64
		var group sync.WaitGroup
		for i, id := range ids {
			on := replicas[i%len(replicas)]
			group.Go(func() {
				if err := on.Reserve(f.Context(), agents.Reservation{Ticket: t.ID, Conversation: conv, Staff: id, Until: f.now().Add(time.Minute)}); err != nil {
					f.Error(err)
				}
				if on.Act(f.Context(), id, conv, agents.Action{Trigger: conversation.AgentClaims}) == nil {
					won.Add(1)
				}
			})
		}
		group.Wait()
		c := f.state(conv)
		if won.Load() != 1 || c.Assignee == "" {
			f.Fatalf("%d agents have it, %q does", won.Load(), c.Assignee)
		}
		var kept int
		for _, e := range f.onRecord(conv) {
			if e == "reserved  "+string(c.Assignee) {
				kept++
			}
		}
		if kept != 1 || f.count("SELECT COUNT(*) FROM ticket_events WHERE kind = 'reserved' AND ticket = $1", t.ID) != 1 {
			f.Errorf("it was not kept for who took it alone: %q", f.onRecord(conv))
		}
		f.must(f.Act(f.Context(), c.Assignee, conv, agents.Action{Trigger: conversation.AgentResolves}))
	}
}

// disappears: what an agent has who is gone goes back into the queue, with its clocks.
func disappears(f *fixture) {
	const silent = 2 * time.Minute
	a, b := f.agent("stf_a"), f.agent("stf_b")
	hear := func(id identity.StaffID) {
		f.Helper()
		_, err := f.Heard(f.Context(), id, agents.Online, time.Minute)
		f.must(err)
	}
	silentOnes := func(what string, want ...string) {
		f.Helper()
		held, err := f.Silent(f.Context(), silent)
		f.must(err)
		var got []string
		for _, h := range held {
			got = append(got, h.Conversation)
		}
		if !slices.Equal(got, want) {
			f.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	conv, other := f.talk(f.maya), f.talk(f.omar)
	f.handOff(conv)
	f.handOff(other)
	hear(a)
	f.claim(a, conv)
	f.claim(b, other) // over NATS: nobody hears of them
	t, err := f.Ticket(f.Context(), conv)
	f.must(err)
	f.pass(119 * time.Second)
	silentOnes("before the time")
	f.pass(time.Second)
	silentOnes("after it", conv)
	notice := message(conversation.FromSystem, "gone")
	hear(a)
	takenBack := func(who identity.StaffID, notice conversation.Message, want bool) {
		f.Helper()
		taken, err := f.TakeBack(f.Context(), agents.Held{Conversation: conv, Staff: who}, silent, notice)
		if taken != want || err != nil {
			f.Errorf("taken back from %s: %v, %v; want %v", who, taken, err, want)
		}
	}
	takenBack(a, notice, false)
	if f.state(conv).Assignee != a {
		f.Error("it was taken from who is back")
	}
	// What they do is a sign of them too; over NATS there is no other.
	for range 4 {
		f.pass(silent / 2)
		f.must(f.Working(f.Context(), a))
		f.must(f.Working(f.Context(), b))
		silentOnes("who works")
	}
	f.pass(silent)
	f.must(f.Working(f.Context(), a)) // too late: somebody else may have been given it
	takenBack(b, notice, false)
	takenBack(a, notice, true)
	seq := f.state(conv).LastSeq
	takenBack(a, message(conversation.FromSystem, "gone"), false)
	if c := f.state(conv); c.Assignee != "" || c.State != conversation.Open || c.LastSeq != seq {
		f.Errorf("taken back: %+v", c)
	}
	if m, err := f.Messages(f.Context(), conv); err != nil || m[len(m)-1].ID != notice.ID {
		f.Errorf("the customer is not told: %v", err)
	}
	back, err := f.Ticket(f.Context(), conv)
	f.must(err)
	if back.ID != t.ID || !back.WaitingSince.Equal(t.WaitingSince) || back.Clocks.Opened != t.Clocks.Opened || back.LastOwner != a || back.State != agents.Waiting {
		f.Errorf("the ticket: %+v", back)
	}
	silentOnes("in the end")
	if got := f.onRecord(conv); got[len(got)-1] != "released  stf_a" {
		f.Errorf("it is on record: %q", got)
	}
}

// waitingTimes: what is told of a line is what happened in it.
func waitingTimes(f *fixture) {
	a := f.agent("stf_a")
	for range 3 {
		conv := f.talk(f.strangers().maya)
		f.handOff(conv)
		f.pass(3 * time.Minute)
		f.claim(a, conv)
		f.must(f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentReleases}))
		f.pass(time.Minute)
		f.claim(a, conv) // again: they did not wait for it
		f.must(f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentResolves}))
	}
	waited, err := f.Waited(f.Context(), agents.DefaultQueue)
	f.must(err)
	if len(waited) != 3 {
		f.Fatalf("%d waited", len(waited))
	}
	for _, w := range waited {
		if d := w.Taken.Sub(w.Opened); d < 3*time.Minute || d > 3*time.Minute+10*time.Second {
			f.Errorf("one waited %v", d)
		}
	}
	conv := f.talk(f.maya)
	if _, err := f.Line(f.Context(), conv); err == nil {
		f.Error("who is not at the desk has a place")
	}
	f.handOff(f.talk(f.omar))
	f.pass(time.Second)
	f.handOff(conv)
	if l, err := f.Line(f.Context(), conv); err != nil || l.Position != 2 || l.Queue != agents.DefaultQueue {
		f.Errorf("the place: %+v, %v", l, err)
	}
	f.pass(agents.WaitWindow)
	if waited, err := f.Waited(f.Context(), agents.DefaultQueue); err != nil || len(waited) != 0 {
		f.Errorf("a week later %d waited, %v", len(waited), err)
	}
}

// seats: who serves what, and who is given tickets.
func seats(f *fixture) {
	a := f.agent("stf_a")
	f.must(f.AddStaff(f.Context(), identity.StaffMember{ID: "stf_s", Email: "s@shop.example", Name: "Sue", Roles: []identity.Role{identity.RoleSupervisor}, Password: "x"}))
	f.must(f.AddStaff(f.Context(), identity.StaffMember{ID: "stf_r", Email: "r@shop.example", Name: "Rui", Roles: []identity.Role{identity.RoleAuditor}, Password: "x"}))
	agentsNow := func(want ...identity.StaffID) {
		f.Helper()
		all, err := f.Agents(f.Context())
		f.must(err)
		var got []identity.StaffID
		for _, x := range all {
			got = append(got, x.Staff)
		}
		if !slices.Equal(got, want) {
			f.Errorf("tickets are given to %v, want %v", got, want)
		}
	}
	agentsNow(a)
	if x := f.load(a); x.Capacity != agents.DefaultCapacity || len(x.Queues) != 0 {
		f.Errorf("a seat that nobody set: %+v", x)
	}
	// That a supervisor is there does not give them tickets; a seat does.
	if _, err := f.Heard(f.Context(), "stf_s", agents.Online, time.Minute); err != nil {
		f.Error(err)
	}
	agentsNow(a)
	for what, bad := range map[string]agents.Seat{
		"another queue": {Staff: a, Queues: []string{"billing"}, Capacity: 1}, "an empty skill": {Staff: a, Skills: []string{" "}, Capacity: 1},
		"more than anybody has": {Staff: a, Capacity: 51}, "less than none": {Staff: a, Capacity: -1},
	} {
		f.is(what, f.SetSeat(f.Context(), bad), agents.ErrSeat)
	}
	f.is("somebody unknown", f.SetSeat(f.Context(), agents.Seat{Staff: "stf_x", Capacity: 1}), identity.ErrUnauthenticated)
	seat := agents.Seat{Staff: "stf_s", Queues: []string{agents.DefaultQueue}, Skills: []string{"tax"}, Languages: []string{"pt"}, Capacity: 2}
	f.must(f.SetSeat(f.Context(), seat))
	agentsNow(a, "stf_s")
	if x := f.load("stf_s"); !slices.Equal(x.Queues, seat.Queues) || !slices.Equal(x.Skills, seat.Skills) || !slices.Equal(x.Languages, seat.Languages) || x.Capacity != 2 || x.Name != "Sue" {
		f.Errorf("the seat: %+v", x)
	}
	if all, err := f.Seats(f.Context()); err != nil || len(all) != 2 {
		f.Errorf("the seats: %+v, %v", all, err)
	}
	f.exec("UPDATE staff SET disabled = true WHERE id = 'stf_s'")
	agentsNow(a)
}
