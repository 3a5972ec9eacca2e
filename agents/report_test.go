package agents_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/agents"
)

// TestReport: what reports count, of tickets that went as tickets go.
func TestReport(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	e := func(minutes int, kind agents.EventKind, who string) agents.TicketEvent {
		return agents.TicketEvent{At: at(minutes), Kind: kind, Actor: "ana", Detail: who}
	}
	stay := func(id string, events ...agents.TicketEvent) agents.Stay {
		return agents.Stay{Ticket: id, Queue: "support", Language: "en", Reason: "customer_request", Opened: start, Events: events}
	}
	served := stay("served", e(0, agents.TicketOpened, ""), e(10, agents.TicketClaimed, ""), e(12, agents.TicketReplied, ""),
		e(30, agents.TicketSnoozed, ""), e(90, agents.TicketWoke, ""), e(100, agents.TicketResolved, ""), e(101, agents.TicketConfirmed, ""))
	served.Score, served.Shown = 5, "yes"
	back := stay("back", e(0, agents.TicketOpened, ""), e(4, agents.TicketClaimed, ""), e(6, agents.TicketReplied, ""), e(20, agents.TicketResolved, ""),
		e(60, agents.TicketReopened, ""), e(70, agents.TicketClaimed, ""), e(80, agents.TicketResolved, ""))
	passed := stay("passed", e(0, agents.TicketOpened, ""), e(2, agents.TicketClaimed, ""), e(5, agents.TicketTransferred, "sales"),
		e(20, agents.TicketAssigned, "ben"), e(25, agents.TicketReturned, ""))
	waits := stay("waits", e(0, agents.TicketOpened, ""), e(30, agents.TicketEscalated, "first_reply"))
	again := stay("again", e(0, agents.TicketOpened, ""), e(1, agents.TicketClaimed, ""), e(2, agents.TicketResolved, ""))
	again.Back = start.Add(5 * 24 * time.Hour)

	rows, all, err := agents.Report([]agents.Stay{served, back, passed, waits, again}, "staff", start.Add(10*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	minutes := func(n int, p50, p90 float64) agents.Spread { return agents.Spread{N: n, P50: 60 * p50, P90: 60 * p90} }
	want := agents.Figures{
		Tickets: 5, Waiting: minutes(4, 4, 10), FirstReply: minutes(2, 12, 12), Handling: minutes(4, 26, 30),
		Resolved: 3, Confirmed: 1, Assumed: 2, Settled: 3, Durable: 1, Reopened: 1, ReopenRate: 1. / 3,
		Returned: 1, Escalated: 1, Open: 1, Ratings: 1, Score: 5, Shown: 1,
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	keys := make(map[string]int)
	for _, r := range rows {
		keys[r.Key] = r.Tickets
	}
	if d := cmp.Diff(map[string]int{"": 1, "ana": 3, "ben": 1}, keys); d != "" {
		t.Errorf("by staff: -want +got:\n%s", d)
	}
	// Within seven days nobody knows whether it holds.
	if _, all, _ := agents.Report([]agents.Stay{served}, "day", start.Add(24*time.Hour)); all.Settled != 0 || all.Durable != 0 {
		t.Errorf("after a day %d are settled", all.Settled)
	}
	// Nor of what came back already: else the first week of every report would hold nothing.
	if _, all, _ := agents.Report([]agents.Stay{served, back, again}, "day", start.Add(6*24*time.Hour)); all.Resolved != 3 || all.Settled != 0 {
		t.Errorf("after six days %d of %d are settled", all.Settled, all.Resolved)
	}
	// What came back after its seven days has held, resolved again or not.
	late := stay("late", e(0, agents.TicketOpened, ""), e(1, agents.TicketClaimed, ""), e(2, agents.TicketResolved, ""), e(8*24*60, agents.TicketReopened, ""))
	if _, all, _ := agents.Report([]agents.Stay{late}, "day", start.Add(9*24*time.Hour)); all.Settled != 1 || all.Durable != 1 || all.Reopened != 1 {
		t.Errorf("what came back after eight days: %+v", all)
	}
	if _, _, err := agents.Report(nil, "customer", start); err == nil {
		t.Error("a report by customer")
	}
}
