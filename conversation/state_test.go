package conversation_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/conversation"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	states   = []conversation.State{conversation.Pending, conversation.Open, conversation.Snoozed, conversation.Resolved}
	triggers = []conversation.Trigger{
		conversation.HandoffWanted, conversation.CustomerSays, conversation.AgentClaims, conversation.AgentReplies,
		conversation.AgentReleases, conversation.AgentResolves, conversation.AgentReturns, conversation.AgentSnoozes, conversation.SnoozeEnds,
		conversation.AgentAsks, conversation.AgentTransfers, conversation.SupervisorAssigns, conversation.GoesQuiet,
		conversation.CustomerReturns, conversation.CustomerConfirms,
	}
)

// TestTransitions: every pair of a state and a trigger leads where the golden
// file says, or is refused.
func TestTransitions(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, s := range states {
		for _, trigger := range triggers {
			next, err := s.Next(trigger)
			switch {
			case err == nil:
				fmt.Fprintf(&b, "%-9s %-17s %s\n", s, trigger, next)
			case errors.Is(err, conversation.ErrIllegalTransition) && next == s:
				fmt.Fprintf(&b, "%-9s %-17s refused\n", s, trigger)
			default:
				t.Errorf("%s, %s: %s, %v", s, trigger, next, err)
			}
		}
	}
	golden := filepath.Join("testdata", "transitions.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestHandoffAlwaysPossible: a customer can reach a person from every state, and
// only the customer, the agent's own return or nobody brings the assistant back.
func TestTransitionPromises(t *testing.T) {
	t.Parallel()
	for _, s := range states {
		if next, err := s.Next(conversation.HandoffWanted); err != nil || next != conversation.Open {
			t.Errorf("a customer cannot reach a person while it is %s", s)
		}
		if _, err := s.Next(conversation.CustomerSays); err != nil {
			t.Errorf("a customer cannot write while it is %s", s)
		}
		for _, trigger := range triggers {
			next, err := s.Next(trigger)
			if err == nil && next == conversation.Pending && s != conversation.Pending &&
				trigger != conversation.AgentReturns && (s != conversation.Resolved || trigger != conversation.CustomerSays) {
				t.Errorf("%s gives a %s conversation to the assistant", trigger, s)
			}
		}
	}
	for _, s := range []conversation.State{"", "OPEN", "closed"} {
		for _, trigger := range append(triggers, "", "hack") {
			if next, err := s.Next(trigger); !errors.Is(err, conversation.ErrIllegalTransition) || next != s {
				t.Errorf("the unknown state %q with %q leads to %s", s, trigger, next)
			}
		}
	}
	if _, err := conversation.Pending.Next(""); err == nil {
		t.Error("an empty trigger does something")
	}
}
