package storetest

import (
	"slices"
	"strings"
	"time"

	"candor/agents"
	"candor/conversation"
	"candor/identity"
)

// span is a duration of a queue.
func span(d time.Duration) agents.Span { return agents.Span(d) }

// queue stores a queue.
func (f *fixture) queue(q agents.Queue) {
	f.Helper()
	if q.Title == "" {
		q.Title = "Queue " + q.Name
	}
	f.must(f.SetQueue(f.Context(), q, "staff:stf_admin"))
}

// ticket is the ticket of a conversation.
func (f *fixture) ticket(conv string) agents.Ticket {
	f.Helper()
	t, err := f.Ticket(f.Context(), conv)
	f.must(err)
	return t
}

// queues: they are kept, tried in order, and refused and removed with a reason.
func queues(f *fixture) {
	names := func(step string, want ...string) {
		f.Helper()
		all, err := f.Queues(f.Context())
		f.must(err)
		var got []string
		for _, q := range all {
			got = append(got, q.Name)
		}
		if !slices.Equal(got, want) {
			f.Errorf("%s: %v, want %v", step, got, want)
		}
	}
	names("at first", "support")
	if q, err := f.Queue(f.Context(), "support"); err != nil || q.Priority != 1 || q.Order != 1_000_000 {
		f.Errorf("the first queue: %+v, %v", q, err)
	}
	hours := &agents.Hours{Zone: "Europe/Berlin", Week: map[string][][2]string{"mon": {{"09:00", "17:00"}}}, Holidays: []agents.Holiday{{Date: "2026-12-25", Name: "Christmas"}}}
	legal := agents.Queue{
		Name: "legal", Title: "Legal", Order: 5, Takes: agents.Takes{Topics: []string{"legal"}}, Skills: []string{"law"}, Hours: hours,
		Targets: agents.Targets{FirstReply: span(time.Hour)}, Reserve: span(time.Minute), Quiet: span(24 * time.Hour), Reopen: span(72 * time.Hour),
	}
	f.queue(legal)
	f.queue(agents.Queue{Name: "spanish", Order: 7, Priority: 1, Takes: agents.Takes{Languages: []string{"es"}}, Targets: agents.Targets{FirstReply: span(time.Hour), Escalate: "legal"}})
	f.queue(agents.Queue{Name: "urgent", Order: 7, Priority: 0, Takes: agents.Takes{Reasons: []conversation.Reason{conversation.Frustration}}})
	names("three more", "legal", "spanish", "urgent", "support")
	got, err := f.Queue(f.Context(), "legal")
	if f.must(err); got.Title != legal.Title || got.Hours == nil || got.Hours.Zone != hours.Zone || got.Quiet != legal.Quiet || !slices.Equal(got.Skills, legal.Skills) {
		f.Errorf("read back: %+v", got)
	}
	for name, q := range map[string]agents.Queue{
		"no name":        {Title: "x"},
		"a subject":      {Name: "a.b", Title: "x"},
		"nowhere":        {Name: "x", Title: "x", Targets: agents.Targets{FirstReply: span(time.Hour), Escalate: "y"}},
		"to itself":      {Name: "x", Title: "x", Targets: agents.Targets{FirstReply: span(time.Hour), Escalate: "x"}},
		"a long reserve": {Name: "x", Title: "x", Reserve: span(2 * time.Hour)},
		"no reason":      {Name: "x", Title: "x", Takes: agents.Takes{Reasons: []conversation.Reason{"because"}}},
	} {
		f.is(name, f.SetQueue(f.Context(), q, ""), agents.ErrQueue)
	}
	f.is("the last queue", f.RemoveQueue(f.Context(), "support"), agents.ErrQueueNeeded)
	f.is("late tickets go to it", f.RemoveQueue(f.Context(), "legal"), agents.ErrQueueNeeded)
	f.is("none of the name", f.RemoveQueue(f.Context(), "nobody"), agents.ErrUnknownQueue)

	// A ticket comes to the queue that takes it, with what that needs.
	opened := func(want string, reason conversation.Reason, language string) string {
		f.Helper()
		conv := f.talk(f.strangers().maya)
		_, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "Hello"), language)
		f.must(err)
		_, err = f.Handoff(f.Context(), conv, reason, message(conversation.FromSystem, "A person will come."))
		f.must(err)
		if t := f.ticket(conv); t.Queue != want {
			f.Errorf("a ticket for %s in %s is in %s, want %s", reason, language, t.Queue, want)
		}
		return conv
	}
	opened("support", conversation.CustomerRequest, "en")
	first := opened("spanish", conversation.Frustration, "es") // by order, then by name
	urgent := opened("urgent", conversation.Frustration, "en")
	if t := f.ticket(urgent); t.Priority != 0 {
		f.Errorf("what is urgent: %+v", t)
	}
	f.is("a queue with tickets", f.RemoveQueue(f.Context(), "spanish"), agents.ErrQueueNeeded)
	f.must(f.Transfer(f.Context(), "stf_boss", first, agents.Transfer{Queue: "legal", Anyone: true}))
	if t := f.ticket(first); t.Queue != "legal" || !slices.Equal(t.Skills, []string{"law"}) {
		f.Errorf("in the other queue: %+v", t)
	}
	f.must(f.RemoveQueue(f.Context(), "spanish"))
	names("one less", "legal", "urgent", "support")
}

// transfers: to a queue, which keeps the clocks, and to a person, whom it is kept for or
// given to; the note is read, exported, sealed and erased.
func transfers(f *fixture) {
	f.queue(agents.Queue{Name: "billing", Order: 1, Priority: 2, Takes: agents.Takes{Topics: []string{"none"}}})
	a, b, c := f.agent("stf_a"), f.agent("stf_b"), f.agent("stf_c")
	conv := f.talk(f.maya)
	f.handOff(conv)
	f.is("nobody has it", f.Transfer(f.Context(), a, conv, agents.Transfer{Queue: "billing"}), agents.ErrNotOwner)
	f.claim(a, conv)
	f.is("another has it", f.Transfer(f.Context(), b, conv, agents.Transfer{Queue: "billing"}), agents.ErrOwned)
	before := f.contents()
	f.is("no such queue", f.Transfer(f.Context(), a, conv, agents.Transfer{Queue: "bills", Note: "x"}), agents.ErrUnknownQueue)
	f.is("no such colleague", f.Transfer(f.Context(), a, conv, agents.Transfer{Staff: "stf_z", Note: "x"}), agents.ErrUnknownColleague)
	f.unchanged("a transfer to nowhere", before)
	was := f.ticket(conv)
	const word = "zanthoriq"
	f.must(f.Transfer(f.Context(), a, conv, agents.Transfer{Queue: "billing", Note: "Asks about " + word}))
	t := f.ticket(conv)
	if t.Queue != "billing" || t.State != agents.Waiting || t.Assignee != "" || t.Priority != 2 || t.Clocks.Opened != was.Clocks.Opened || t.WaitingSince != was.WaitingSince || t.Clocks.Asked != was.Clocks.Asked {
		f.Errorf("transferred: %+v, before %+v", t, was)
	}
	if s := f.state(conv); s.State != conversation.Open || s.Assignee != "" || s.Reason != conversation.Transferred {
		f.Errorf("the conversation: %+v", s)
	}
	// To a person: nobody else takes it meanwhile.
	f.claim(b, conv)
	f.must(f.Transfer(f.Context(), b, conv, agents.Transfer{Staff: c}))
	if t := f.ticket(conv); t.State != agents.Waiting || t.Reserved == nil || t.Reserved.Staff != c || t.Reserved.Until.Before(f.now().Add(time.Minute)) {
		f.Errorf("offered: %+v", t)
	}
	f.is("it is kept for somebody else", f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentClaims}), agents.ErrReserved)
	f.claim(c, conv)
	// By a supervisor, whoever has it.
	joined := message(conversation.FromSystem, "B joined")
	f.must(f.Transfer(f.Context(), "stf_boss", conv, agents.Transfer{Staff: b, Assign: true, Anyone: true, Joined: &joined}))
	if s, t := f.state(conv), f.ticket(conv); s.Assignee != b || t.Assignee != b || t.State != agents.Owned || t.LastOwner != b {
		f.Errorf("assigned: %+v, %+v", s, t)
	}
	want := []string{
		"opened customer customer_request", "claimed stf_a ", "transferred stf_a support", "noted stf_a ", "claimed stf_b ",
		"transferred stf_b stf_c", "claimed stf_c ", "assigned stf_boss stf_b",
	}
	if got := f.onRecord(conv); !slices.Equal(got, want) {
		f.Errorf("on record: %q\nwant %q", got, want)
	}
	n := agents.Note{ID: "not_1", Conversation: conv, Staff: b, Text: "Again " + word}
	f.must(f.AddNote(f.Context(), n))
	f.must(f.AddNote(f.Context(), n)) // the same request
	notes, err := f.Notes(f.Context(), conv)
	if f.must(err); len(notes) != 2 || notes[0].Text != "Asks about "+word || notes[0].Name != "Agent stf_a" || notes[1].ID != n.ID {
		f.Errorf("noted: %+v", notes)
	}
	export, err := f.NotesOf(f.Context(), f.state(conv))
	if f.must(err); len(export) != 2 || export[1].Text != n.Text {
		f.Errorf("exported: %+v", export)
	}
	if where := f.plain(word); len(where) > 0 {
		f.Errorf("a note is in plain text in %v", where)
	}
	f.erase(f.maya)
	for _, table := range []string{"notes", "ticket_events"} {
		if n := f.count("SELECT COUNT(*) FROM " + table); n != 0 {
			f.Errorf("%d %s are left of who was erased", n, table)
		}
	}
}

// reopened: a resolved conversation returns to who had it while its queue says so, and
// its customer says whether it is solved.
func reopened(f *fixture) {
	f.queue(agents.Queue{Name: "support", Order: 1_000_000, Priority: 1, Reopen: span(time.Hour)})
	a := f.agent("stf_a")
	resolved := func() string {
		f.Helper()
		conv := f.talk(f.strangers().maya)
		f.handOff(conv)
		f.claim(a, conv)
		f.must(f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent}))
		return conv
	}
	says := func(step, conv string, want conversation.State) {
		f.Helper()
		_, err := f.Post(f.Context(), conv, message(conversation.FromCustomer, "One more thing"), "en")
		f.must(err)
		if c := f.state(conv); c.State != want {
			f.Errorf("%s: %+v", step, c)
		}
	}
	latest := func(step, conv string, want bool) {
		f.Helper()
		c, ok, err := f.Latest(f.Context(), f.state(conv).Customer)
		if err != nil || ok != want || ok && c.ID != conv {
			f.Errorf("%s: %+v, %t, %v", step, c, ok, err)
		}
	}
	may := func(step, conv string, want bool) {
		f.Helper()
		if got, err := f.MayConfirm(f.Context(), conv); err != nil || got != want {
			f.Errorf("%s: may confirm: %t, %v", step, got, err)
		}
	}
	soon := resolved()
	before := f.ticket(soon)
	latest("soon", soon, true)
	may("soon", soon, true)
	says("soon", soon, conversation.Open)
	t := f.ticket(soon)
	if t.ID != before.ID || t.State != agents.Waiting || t.LastOwner != a || t.Clocks.Opened != before.Clocks.Opened || t.Clocks.Asked.IsZero() || t.Outcome != "" {
		f.Errorf("reopened: %+v, before %+v", t, before)
	}
	may("open again", soon, false)

	unsolved := resolved()
	f.must(f.confirm(unsolved, false))
	f.must(f.confirm(unsolved, false)) // said twice
	if c, t := f.state(unsolved), f.ticket(unsolved); c.State != conversation.Open || c.Reason != conversation.NotSolved || t.State != agents.Waiting || t.LastOwner != a {
		f.Errorf("not solved: %+v, %+v", c, t)
	}
	if m, err := f.Messages(f.Context(), unsolved); err != nil || m[len(m)-1].Text() != notSolved || m[len(m)-2].Text() == notSolved {
		f.Errorf("both sides read %+v, %v", m, err)
	}
	if got := f.onRecord(unsolved); !slices.Equal(got[len(got)-2:], []string{"resolved stf_a solved_by_agent", "reopened customer not_solved"}) {
		f.Errorf("on record: %q", got)
	}

	solved := resolved()
	f.must(f.confirm(solved, true))
	f.must(f.confirm(solved, true))
	if t := f.ticket(solved); t.Outcome != "confirmed" || strings.Count(strings.Join(f.onRecord(solved), "\n"), "confirmed") != 1 {
		f.Errorf("solved: %+v, %q", t, f.onRecord(solved))
	}
	may("said", solved, false)
	latest("solved", solved, true) // what was said can be read, and rated
	says("another matter", solved, conversation.Pending)

	again := resolved()
	other := f.talk(identity.Principal{Customer: f.state(again).Customer})
	latest("one that is not resolved goes before it", other, true)

	later := resolved()
	alone := f.talk(f.strangers().maya)
	f.is("no person had it", f.confirm(alone, true), conversation.ErrIllegalTransition)
	f.is("it is open", f.confirm(soon, true), conversation.ErrIllegalTransition)
	f.pass(time.Hour)
	latest("later", later, false)
	may("later", later, true)
	says("later", later, conversation.Pending)
}

const notSolved = "Not solved."

// confirm says for the customer of a conversation whether it is solved.
func (f *fixture) confirm(conv string, solved bool) error {
	return f.Confirm(f.Context(), conv, solved, message(conversation.FromSystem, notSolved))
}

// wentQuiet: nobody who waits is closed; who has an answer is told at half of the time,
// and closed after as much again; what the assistant has is closed.
func wentQuiet(f *fixture) {
	f.queue(agents.Queue{Name: "support", Order: 1_000_000, Priority: 1, Quiet: span(time.Hour)})
	f.queue(agents.Queue{Name: "spanish", Order: 1, Priority: 1, Takes: agents.Takes{Languages: []string{"es"}}})
	a := f.agent("stf_a")
	served := func() string {
		f.Helper()
		conv := f.talk(f.strangers().maya)
		f.handOff(conv)
		f.claim(a, conv)
		return conv
	}
	answered := func(conv string) string {
		f.Helper()
		reply := message(conversation.FromAgent, "Here you are.")
		reply.Staff = a
		f.must(f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentReplies, Message: &reply}))
		return conv
	}
	waits := f.talk(f.strangers().maya)
	f.handOff(waits)
	unanswered, quiet, writes := served(), answered(served()), answered(served())
	pending, spanish := f.talk(f.strangers().maya), f.talk(f.strangers().maya)
	f.exec("UPDATE conversations SET language = 'es' WHERE id = '" + spanish + "'")
	sweep := func(step string, want int) {
		f.Helper()
		n, err := f.GoQuiet(f.Context(), func(language string, left time.Duration) string { return "closes in " + left.String() + language })
		if err != nil || n != want {
			f.Errorf("%s: %d closed, %v; want %d", step, n, err, want)
		}
	}
	notices := func(conv string) (n int) {
		f.Helper()
		for _, m := range f.said(conv) {
			if strings.Contains(m, "closes in 30m0s") {
				n++
			}
		}
		return n
	}
	f.pass(29 * time.Minute)
	sweep("before half of it", 0)
	f.pass(2 * time.Minute)
	sweep("after half of it", 0)
	sweep("again", 0)
	if n := notices(quiet); n != 1 {
		f.Errorf("%d notices: %q", n, f.said(quiet))
	}
	_, err := f.Post(f.Context(), writes, message(conversation.FromCustomer, "Thanks, and"), "en")
	f.must(err)
	f.pass(31 * time.Minute)
	sweep("after all of it", 2)
	sweep("again", 0)
	for conv, want := range map[string]conversation.State{
		waits: conversation.Open, unanswered: conversation.Open, quiet: conversation.Resolved, writes: conversation.Open, pending: conversation.Resolved, spanish: conversation.Pending,
	} {
		if c := f.state(conv); c.State != want || want == conversation.Resolved && c.Reason != conversation.WentQuiet {
			f.Errorf("%s, want %+v", c.State, c)
		}
	}
	if t := f.ticket(quiet); t.Outcome != "went_quiet" || notices(unanswered)+notices(waits) != 0 {
		f.Errorf("the ticket: %+v", t)
	}
	// Who writes after the notice is told anew.
	answered(writes)
	f.pass(31 * time.Minute)
	sweep("half of it again", 0)
	if n := notices(writes); n != 2 {
		f.Errorf("%d notices in all", n)
	}
}

// escalations: what is late is escalated once for each target, wherever it goes, and
// whatever the clock does.
func escalations(f *fixture) {
	f.queue(agents.Queue{Name: "second", Order: 2, Priority: 1, Takes: agents.Takes{Topics: []string{"none"}}, Skills: []string{"senior"}, Targets: agents.Targets{FirstReply: span(time.Minute)}})
	f.queue(agents.Queue{Name: "support", Order: 1_000_000, Priority: 1, Targets: agents.Targets{
		FirstReply: span(10 * time.Minute), NextReply: span(20 * time.Minute), Resolution: span(5 * time.Hour), Escalate: "second",
	}})
	a := f.agent("stf_a")
	conv := f.talk(f.maya)
	f.handOff(conv)
	other := f.talk(f.omar)
	f.handOff(other)
	due := func(step, conv string, kind agents.DueKind, in time.Duration) {
		f.Helper()
		c := f.ticket(conv).Clocks
		if off := c.Due.Sub(f.now().Add(in)).Abs(); c.DueKind != kind || kind != "" && off > 5*time.Second {
			f.Errorf("%s: %s is due at %s, want %s in %s", step, c.DueKind, c.Due, kind, in)
		}
	}
	sweep := func(step string, want int) {
		f.Helper()
		if n, err := f.Escalate(f.Context()); err != nil || n != want {
			f.Errorf("%s: %d escalated, %v; want %d", step, n, err, want)
		}
	}
	reply := func(conv string) {
		f.Helper()
		m := message(conversation.FromAgent, "Here you are.")
		m.Staff = a
		f.must(f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentReplies, Message: &m}))
	}
	due("at first", conv, agents.FirstReply, 10*time.Minute)
	sweep("in time", 0)
	reply(other)
	due("who was answered", other, agents.Resolution, 5*time.Hour)
	f.pass(11 * time.Minute)
	if t := f.ticket(conv); !t.Clocks.Late || t.Escalated != 0 {
		f.Errorf("late: %+v", t)
	}
	sweep("late", 1)
	sweep("once", 0)
	t := f.ticket(conv)
	if t.Queue != "second" || t.Priority != 0 || t.Escalated != 1 || !slices.Equal(t.Skills, []string{"senior"}) || t.State != agents.Waiting {
		f.Errorf("escalated: %+v", t)
	}
	due("its next queue promises nothing else", conv, "", 0)
	// Released and transferred it is the same ticket, whose first reply was late.
	f.claim(a, conv)
	f.must(f.Act(f.Context(), a, conv, agents.Action{Trigger: conversation.AgentReleases}))
	f.must(f.Transfer(f.Context(), a, conv, agents.Transfer{Queue: "support", Anyone: true}))
	due("back in its queue", conv, agents.Resolution, 5*time.Hour-11*time.Minute)
	if t := f.ticket(conv); t.Priority != 0 {
		f.Errorf("back in its queue it is urgent no more: %+v", t)
	}
	// The next reply, each time anew.
	_, err := f.Post(f.Context(), other, message(conversation.FromCustomer, "And?"), "en")
	f.must(err)
	f.pass(10 * time.Minute)
	_, err = f.Post(f.Context(), other, message(conversation.FromCustomer, "Hello?"), "en")
	f.must(err)
	due("what was asked first counts", other, agents.NextReply, 10*time.Minute)
	f.pass(11 * time.Minute)
	sweep("the next reply is late", 1)
	if t := f.ticket(other); t.State != agents.Owned || t.Assignee != a || t.Queue != "second" {
		f.Errorf("who has it keeps it: %+v", t)
	}
	f.must(f.Transfer(f.Context(), a, other, agents.Transfer{Queue: "support"}))
	f.claim(a, other)
	reply(other)
	_, err = f.Post(f.Context(), other, message(conversation.FromCustomer, "And now?"), "en")
	f.must(err)
	due("the one after", other, agents.NextReply, 20*time.Minute)
	if f.db.engine.shared {
		// The clock goes back, and forth again: nothing is escalated again, and nothing is lost.
		f.pass(-2 * time.Hour)
		sweep("an earlier clock", 0)
		f.pass(2*time.Hour + 21*time.Minute)
	} else {
		f.pass(21 * time.Minute)
	}
	sweep("late again", 1)
	sweep("once", 0)
	if t := f.ticket(other); t.Escalated != 2 {
		f.Errorf("escalated twice: %+v", t)
	}
	// What a person put off is not late until it wakes.
	f.pass(5 * time.Hour)
	f.must(f.Act(f.Context(), a, other, agents.Action{Trigger: conversation.AgentSnoozes, Reason: conversation.PutOff, Until: f.now().Add(time.Hour)}))
	f.must(f.Transfer(f.Context(), "stf_boss", conv, agents.Transfer{Queue: "support", Anyone: true}))
	sweep("one is put off", 1)
	if t := f.ticket(conv); t.Escalated != 2 || t.Clocks.DueKind != "" {
		f.Errorf("its resolution is late: %+v", t)
	}
}

// escalatedAtOnce: two replicas that look at the same moment escalate once.
func escalatedAtOnce(a, b *fixture) {
	a.queue(agents.Queue{Name: "support", Order: 1_000_000, Priority: 1, Targets: agents.Targets{FirstReply: span(time.Second)}})
	var convs []string
	for range 10 {
		conv := a.talk(a.strangers().maya)
		a.handOff(conv)
		convs = append(convs, conv)
	}
	a.exec("UPDATE tickets SET due = 1")
	done := make(chan int, 2)
	for _, f := range []*fixture{a, b} {
		go func() {
			n, err := f.Escalate(f.Context())
			if err != nil {
				f.Error(err)
			}
			done <- n
		}()
	}
	if n := <-done + <-done; n != len(convs) {
		a.Errorf("%d escalated, want %d", n, len(convs))
	}
	for _, conv := range convs {
		if t := a.ticket(conv); t.Escalated != 1 {
			a.Errorf("%+v", t)
		}
	}
}
