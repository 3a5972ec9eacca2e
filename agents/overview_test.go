package agents_test

import (
	"testing"
	"time"

	"candor/agents"
	"candor/identity"
)

// TestLookIsLate: a target that has passed moves its ticket up and is due no more, and
// whoever leads the desk still sees it, but for what was put off.
func TestLookIsLate(t *testing.T) {
	now := time.Now()
	tickets := []agents.Ticket{
		{Conversation: "in time", Queue: "support", Clocks: agents.TicketClocks{Due: now.Add(time.Minute)}},
		{Conversation: "just passed", Queue: "support", Clocks: agents.TicketClocks{Due: now, Late: true}},
		{Conversation: "moved up", Queue: "support", Escalated: 1},
		{Conversation: "put off", Queue: "support", State: agents.PutOff, Assignee: "stf_a", Escalated: 1, Until: now.Add(2 * time.Hour)},
		{Conversation: "put off for less", Queue: "support", State: agents.PutOff, Assignee: "stf_a", Until: now.Add(time.Hour)},
	}
	o := agents.Look(tickets, []agents.Queue{{Name: "support"}}, nil, agents.Attendance{}, now)
	if o.Queues[0].Late != 2 || o.Waiting[0].Late() || !o.Waiting[2].Late() {
		t.Errorf("%d are late of %+v, want 2", o.Queues[0].Late, o.Waiting)
	}
	// What is put off is late for nobody, and served by nobody.
	if q := o.Queues[0]; q.Owned != 0 || len(o.Snoozed) != 2 || o.Snoozed[0].Conversation != "put off for less" {
		t.Errorf("put off are %+v; %d are served", o.Snoozed, q.Owned)
	}
}

// TestLookSeesEveryOwner: what somebody took who is no agent is with them.
func TestLookSeesEveryOwner(t *testing.T) {
	owned := func(staff identity.StaffID) agents.Ticket {
		return agents.Ticket{Queue: "support", State: agents.Owned, Assignee: staff, AssigneeName: "name of " + string(staff)}
	}
	sam := agents.Agent{Seat: agents.Seat{Staff: "sam", Name: "name of sam", Capacity: 4}, Load: 1}
	o := agents.Look([]agents.Ticket{owned("sam"), owned("robin"), owned("robin")}, nil, []agents.Agent{sam}, agents.Attendance{}, time.Now())
	if len(o.Agents) != 2 || o.Agents[0].Name != "name of robin" || o.Agents[0].Load != 2 || len(o.Agents[0].Has) != 2 || len(o.Agents[1].Has) != 1 {
		t.Errorf("the people are %+v", o.Agents)
	}
}
