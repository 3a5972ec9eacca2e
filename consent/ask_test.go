package consent

import (
	"errors"
	"strings"
	"testing"
	"time"

	"candor/identity"
)

func TestAskTextIsComplete(t *testing.T) {
	for _, l := range Languages {
		for _, word := range []string{"{name}", "{brand}", "{what}", "{only}"} {
			if strings.Count(askText[l], word) != 1 {
				t.Errorf("in %s the question %q does not have %s once", l, askText[l], word)
			}
		}
	}
}

// TestAskState goes through how a choice can stand.
func TestAskState(t *testing.T) {
	t.Parallel()
	p := DefaultPolicy().Following(nil)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	triple := deskTriple(identity.Principal{}, "orders")
	at := func(s State, conversation string, epoch int64, expires time.Time) Event {
		return Event{
			Triple: triple, State: s, Conversation: conversation, Epoch: epoch, Expires: expires, At: now.Add(-time.Hour),
			Notice: p.Notice.Ref("en"), Language: "en", Version: p.Version, Actor: "customer:c",
		}
	}
	later, before := now.Add(time.Hour), now
	for name, tt := range map[string]struct {
		events []Event
		asked  bool
		person Person
		want   AskState
	}{
		"nothing":                             {nil, false, Person{}, AskOpen},
		"given":                               {[]Event{at(Given, "", 1, time.Time{})}, false, Person{}, AskShared},
		"given here":                          {[]Event{at(Requested, "", 1, later), at(Given, "here", 2, later)}, true, Person{}, AskShared},
		"given elsewhere":                     {[]Event{at(Given, "there", 1, later)}, false, Person{}, AskOpen},
		"asked":                               {[]Event{at(Requested, "", 1, later)}, true, Person{}, AskWaiting},
		"asked, and never answered":           {[]Event{at(Requested, "", 1, before)}, true, Person{}, AskOpen},
		"asked, with no end":                  {[]Event{at(Requested, "", 1, time.Time{})}, true, Person{}, AskWaiting},
		"not now":                             {[]Event{at(Deferred, "", 2, later)}, true, Person{}, AskNotNow},
		"not now, some time ago":              {[]Event{at(Deferred, "", 2, before)}, true, Person{}, AskOpen},
		"refused":                             {[]Event{at(Refused, "", 2, time.Time{})}, false, Person{}, AskRefused},
		"withdrawn":                           {[]Event{at(Withdrawn, "", 2, time.Time{})}, false, Person{}, AskOpen},
		"withdrawn after it was asked for":    {[]Event{at(Withdrawn, "", 2, time.Time{})}, true, Person{}, AskStopped},
		"withdrawn here after it was asked":   {[]Event{at(Requested, "", 1, before), at(Withdrawn, "here", 3, time.Time{})}, true, Person{}, AskStopped},
		"revoked after it was asked for":      {[]Event{at(Revoked, "", 2, time.Time{})}, true, Person{}, AskStopped},
		"run out after it was asked for":      {[]Event{at(Requested, "", 1, later), at(Expired, "here", 3, time.Time{})}, true, Person{}, AskOpen},
		"a child, of whom nobody has decided": {nil, false, Person{AgeBand: Child}, AskNever},
	} {
		s := Snapshot{Now: now, PolicyVersion: p.Version, Person: tt.person, Latest: make(map[Key]Event)}
		for _, e := range tt.events {
			s.Latest[e.Key()] = e
		}
		got := askState(p, s, map[Triple]bool{triple: tt.asked}, triple, "here")
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if err := got.err(); (err == nil) != (got == AskOpen) || err != nil && !errors.Is(err, ErrNotAskable) {
			t.Errorf("%s: the error is %v", name, err)
		}
		who := identity.Principal{Kind: identity.Staff, Staff: "stf_1", Name: "Ana"}.About("cus_1", "here")
		_, err := ask(p, s, map[Triple]bool{triple: tt.asked}, who, []Category{"orders"}, "msg_1", "en", "Shop")
		if (err == nil) != (tt.want == AskOpen) || tt.person.AgeBand == Child && !errors.Is(err, ErrMinor) {
			t.Errorf("%s: asking: %v", name, err)
		}
	}
	if got := askState(p, Snapshot{Now: now}, nil, deskTriple(identity.Principal{}, "browsing"), ""); got != AskNever {
		t.Errorf("what people at the desk do not see: %q", got)
	}
}

func TestBecause(t *testing.T) {
	t.Parallel()
	event := func(c Category, s State, del bool) Event {
		return Event{Triple: Triple{Answers, c, BrandAI}, State: s, Delete: del}
	}
	for name, tt := range map[string]struct {
		entry Entry
		want  DeletionReason
	}{
		"withdrawn":                {Entry{Events: []Event{event("orders", Withdrawn, false)}}, DeletedByStop},
		"refused":                  {Entry{Events: []Event{event("orders", Refused, false)}}, DeletedByStop},
		"revoked":                  {Entry{Events: []Event{event("orders", Revoked, false)}}, DeletedByStop},
		"run out":                  {Entry{Events: []Event{event("orders", Expired, false)}}, DeletedByEnd},
		"stop and delete":          {Entry{Events: []Event{event("orders", Withdrawn, false), event("orders", Withdrawn, true)}}, DeletedByStopDelete},
		"another category's event": {Entry{Events: []Event{event("billing", Withdrawn, true)}}, DeletedByPolicy},
		"the customer's age":       {Entry{Person: &Person{AgeBand: Child}}, DeletedByAge},
	} {
		if got := tt.entry.Because("orders"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
