package storetest

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// oneVoice: the customer, two agents and the clock do at random moments whatever they
// may, at both replicas, while an assistant writes that never looks before it does. In the
// conversation's one sequence no word of the assistant stands where a person has it, what
// was refused to it is not there, and the states follow the table.
func oneVoice(a, b *fixture) {
	agents := []identity.StaffID{a.agent(identity.StaffID(identity.NewID("stf"))), a.agent(identity.StaffID(identity.NewID("stf")))}
	seed := rand.Uint64() //nolint:gosec // it is printed where something fails
	var group sync.WaitGroup
	for n := range uint64(4) {
		group.Go(func() {
			talk := &voices{a: a, b: b, agents: agents, conv: a.talk(a.strangers().maya), rng: rand.New(rand.NewPCG(seed, n))} //nolint:gosec // what happened is to happen again
			talk.run(60)
			talk.check()
			if a.Failed() {
				a.Logf("the seed is %d, %d", seed, n)
			}
		})
	}
	group.Wait()
}

// voices is a conversation that many have at once.
type voices struct {
	a, b   *fixture
	agents []identity.StaffID
	conv   string
	rng    *rand.Rand

	mu       sync.Mutex
	released map[string]bool // sentences: whether they were acknowledged, or refused
}

// run does so many things, with the assistant beside it.
func (v *voices) run(steps int) {
	v.released = make(map[string]bool)
	asked := make(chan string, steps)
	var assistant sync.WaitGroup
	for n := range uint64(2) {
		luck := rand.New(rand.NewPCG(v.rng.Uint64(), n)) //nolint:gosec // as above
		assistant.Go(func() {
			for id := range asked {
				v.write(id, luck)
			}
		})
	}
	for range steps {
		if id := v.step(); id != "" {
			asked <- id
		}
		time.Sleep(time.Duration(v.rng.IntN(1500)) * time.Microsecond)
	}
	close(asked)
	assistant.Wait()
}

// step does one thing. What the state does not allow is refused, and is not this test's
// matter. It returns the answer that is to be written, if there is one.
func (v *voices) step() string {
	at := []*fixture{v.a, v.b}[v.rng.IntN(2)]
	who := v.agents[v.rng.IntN(len(v.agents))]
	said := message(conversation.FromAgent, "I am looking into it.")
	act := func(a agents.Action) { v.allowed(at.Act(at.Context(), who, v.conv, a)) }
	switch v.rng.IntN(14) {
	case 0, 1, 2, 3:
		p, err := at.Post(at.Context(), v.conv, message(conversation.FromCustomer, "And now?"), "en")
		v.allowed(err)
		return p.AnswerID
	case 4:
		_, err := at.Handoff(at.Context(), v.conv, conversation.CustomerRequest, message(conversation.FromSystem, "A person will come."))
		v.allowed(err)
	case 5:
		act(agents.Action{Trigger: conversation.AgentClaims, Reason: conversation.TakenOver})
	case 6:
		act(agents.Action{Trigger: conversation.AgentReplies, Reason: conversation.TakenOver, Message: &said})
	case 7:
		act(agents.Action{Trigger: conversation.AgentReleases, Reason: conversation.PutBack})
	case 8, 9:
		act(agents.Action{Trigger: conversation.AgentReturns, Reason: conversation.GivenBack})
	case 10:
		act(agents.Action{Trigger: conversation.AgentResolves, Reason: conversation.SolvedByAgent})
	case 11:
		act(agents.Action{Trigger: conversation.AgentSnoozes, Reason: conversation.PutOff, Until: time.Now().Add(20 * time.Millisecond)})
		v.allowed(at.WakeSnoozed(at.Context()))
	case 12:
		v.allowed(at.Transfer(at.Context(), who, v.conv, agents.Transfer{Queue: agents.DefaultQueue}))
	case 13:
		v.allowed(at.confirm(v.conv, v.rng.IntN(2) == 0))
	}
	return ""
}

func (v *voices) allowed(err error) {
	for _, refused := range []error{nil, agents.ErrOwned, agents.ErrNotOwner, agents.ErrUntil, conversation.ErrIllegalTransition} {
		if errors.Is(err, refused) {
			return
		}
	}
	v.a.Error(err)
}

// write writes an answer, whatever has become of it meanwhile.
func (v *voices) write(id string, luck *rand.Rand) {
	at := []*fixture{v.a, v.b}[luck.IntN(2)]
	a := answer.Answer{ID: id, ConversationID: v.conv, Question: "And now?", Status: answer.Writing, Attempt: 1}
	stamp := consent.Stamp{Customer: at.state(v.conv).Customer, Unavailable: true}
	wait := func() { time.Sleep(time.Duration(luck.IntN(2000)) * time.Microsecond) }
	v.written(at.Begin(at.Context(), a, ""))
	for range 1 + luck.IntN(3) {
		wait()
		a = sentence(a, "Sentence "+identity.NewID("snt")+".")
		err := at.Release(at.Context(), stamp, a)
		v.mu.Lock()
		v.released[a.Sentences[len(a.Sentences)-1].Text] = err == nil
		v.mu.Unlock()
		v.written(err)
	}
	wait()
	a.Status = answer.Answered
	v.written(at.Finish(at.Context(), stamp, a, answer.Ending{}))
}

func (v *voices) written(err error) {
	if err != nil && !errors.Is(err, answer.ErrNotWriting) {
		v.a.Error(err)
	}
}

// check reads the sequence as its customer does.
func (v *voices) check() {
	state := conversation.Pending
	there := make(map[string]bool)
	for _, e := range v.a.all(v.conv) {
		var x struct {
			From  conversation.Author `json:"from"`
			Text  string              `json:"text"`
			State conversation.State  `json:"state"`
		}
		v.a.must(json.Unmarshal(e.Data, &x))
		speaks := e.Type == conversation.SentenceEvent || e.Type == conversation.AnswerEvent || e.Type == conversation.ResetEvent ||
			e.Type == conversation.MessageEvent && x.From == conversation.FromAssistant
		switch {
		case e.Type == conversation.StateEvent:
			if x.State != state && !reaches(state, x.State) {
				v.a.Errorf("event %d: from %s to %s, which the table does not have", e.Seq, state, x.State)
			}
			state = x.State
		case speaks && state != conversation.Pending:
			v.a.Errorf("event %d: a %s of the assistant while the conversation is %s", e.Seq, e.Type, state)
		case e.Type == conversation.MessageEvent && x.From == conversation.FromAgent && state == conversation.Pending:
			v.a.Errorf("event %d: an agent writes while the assistant has the conversation", e.Seq)
		}
		if e.Type == conversation.SentenceEvent {
			there[x.Text] = true
		}
	}
	for text, acknowledged := range v.released {
		if there[text] != acknowledged {
			v.a.Errorf("a sentence was acknowledged: %t; it is in the sequence: %t", acknowledged, there[text])
		}
	}
}

// reaches reports whether some trigger leads from one state to the other.
func reaches(from, to conversation.State) bool {
	for _, t := range conversation.Triggers {
		if next, err := from.Next(t); err == nil && next == to {
			return true
		}
	}
	return false
}
