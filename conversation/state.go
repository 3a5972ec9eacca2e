package conversation

import "fmt"

// State is who has the conversation.
type State string

// States.
const (
	Pending  State = "pending"  // the assistant has it
	Open     State = "open"     // waits for a person, or a person has it
	Snoozed  State = "snoozed"  // a person put it off
	Resolved State = "resolved" // done
)

// Reason says why a conversation came to its state.
type Reason string

// Reasons. The first seven are why the assistant gives it to a person.
const (
	CustomerRequest  Reason = "customer_request"
	MissingKnowledge Reason = "missing_knowledge" // no answer twice
	ConsentMissing   Reason = "consent_missing"   // twice what would answer was not allowed
	PolicyTopic      Reason = "policy_topic"      // the policy leaves the topic to people
	ModelFailure     Reason = "model_failure"
	Frustration      Reason = "frustration"    // the customer was angry twice
	LowConfidence    Reason = "low_confidence" // twice what was asked stayed unclear
	TakenOver        Reason = "taken_over"     // an agent stepped in
	GivenBack        Reason = "given_back"
	SolvedByAgent    Reason = "solved_by_agent"
	PutOff           Reason = "put_off"
	SnoozeOver       Reason = "snooze_over"
	CustomerWrote    Reason = "customer_wrote"
	PutBack          Reason = "put_back" // its agent returned it to the queue
	Transferred      Reason = "transferred"
	WentQuiet        Reason = "went_quiet" // nobody wrote for long
	NotSolved        Reason = "not_solved" // its customer says so
	CustomerErased   Reason = "customer_erased"
)

// HandoffReasons are those that the assistant gives a conversation to a person for; the
// list is closed.
var HandoffReasons = []Reason{CustomerRequest, MissingKnowledge, ConsentMissing, PolicyTopic, ModelFailure, Frustration, LowConfidence}

// Trigger is something that happens to a conversation.
type Trigger string

// Triggers.
const (
	HandoffWanted Trigger = "handoff" // by the customer or the assistant
	CustomerSays  Trigger = "customer_message"
	AgentClaims   Trigger = "claim"
	AgentReplies  Trigger = "reply"
	AgentReleases Trigger = "release"
	AgentResolves Trigger = "resolve"
	AgentReturns  Trigger = "return"
	AgentSnoozes  Trigger = "snooze"
	AgentAsks     Trigger = "ask_consent"
	SnoozeEnds    Trigger = "snooze_ends"
	// AgentTransfers gives it to another queue or agent, SupervisorAssigns to an agent.
	AgentTransfers    Trigger = "transfer"
	SupervisorAssigns Trigger = "assign"
	// GoesQuiet closes what nobody waits in: the store sees to that.
	GoesQuiet Trigger = "goes_quiet"
	// CustomerReturns is a message, soon after a person had it, or that it is not
	// solved.
	CustomerReturns  Trigger = "customer_returns"
	CustomerConfirms Trigger = "confirm"
)

// Triggers lists every trigger.
var Triggers = []Trigger{
	HandoffWanted, CustomerSays, AgentClaims, AgentReplies, AgentReleases, AgentResolves, AgentReturns, AgentSnoozes, AgentAsks, SnoozeEnds,
	AgentTransfers, SupervisorAssigns, GoesQuiet, CustomerReturns, CustomerConfirms,
}

// transitions is every legal one. What is not here is refused.
var transitions = map[State]map[Trigger]State{
	Pending: {
		HandoffWanted: Open, CustomerSays: Pending,
		AgentClaims: Open, AgentReplies: Open, GoesQuiet: Resolved,
	},
	Open: {
		HandoffWanted: Open, CustomerSays: Open,
		AgentClaims: Open, AgentReplies: Open, AgentReleases: Open,
		AgentResolves: Resolved, AgentReturns: Pending, AgentSnoozes: Snoozed, AgentAsks: Open,
		AgentTransfers: Open, SupervisorAssigns: Open, GoesQuiet: Resolved,
	},
	Snoozed: {
		HandoffWanted: Open, CustomerSays: Open,
		AgentClaims: Open, AgentReplies: Open, SnoozeEnds: Open, SupervisorAssigns: Open,
		AgentResolves: Resolved, AgentReturns: Pending,
	},
	Resolved: {
		HandoffWanted: Open, CustomerSays: Pending, CustomerReturns: Open, CustomerConfirms: Resolved,
	},
}

// Next returns the state that the trigger leads to.
func (s State) Next(t Trigger) (State, error) {
	next, ok := transitions[s][t]
	if !ok {
		return s, fmt.Errorf("%w: %s is not possible while it is %s", ErrIllegalTransition, t, s)
	}
	return next, nil
}
