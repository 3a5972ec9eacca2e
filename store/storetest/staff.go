package storetest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"candor/agents"
	"candor/delivery"
	"candor/identity"
)

// boss adds an administrator with a password.
func (f *fixture) boss(id identity.StaffID) string {
	f.Helper()
	m := identity.StaffMember{ID: id, Email: string(id) + "@shop.example", Name: "Boss", Roles: []identity.Role{identity.RoleAdmin}, Password: "x"}
	f.must(f.AddStaff(f.Context(), m))
	return m.Principal().Actor()
}

func (f *fixture) invite(id identity.StaffID, token string, mail bool) {
	f.Helper()
	f.must(f.Invite(f.Context(), identity.StaffMember{
		ID: id, Email: string(id) + "@shop.example", Name: "New", Roles: []identity.Role{identity.RoleAgent}, Languages: []string{"es"},
	}, nil, token, "staff:stf_boss", mail))
}

// seatedOrNot: an account is added, and changed, with its seat or not at all.
func seatedOrNot(f *fixture) {
	f.boss("stf_boss")
	seated := identity.StaffMember{ID: "stf_seat", Email: "seat@shop.example", Name: "Seat", Roles: []identity.Role{identity.RoleAgent}}
	before := f.contents()
	f.is("a seat in no queue", f.Invite(f.Context(), seated, &agents.Seat{Queues: []string{"nowhere"}}, "t", "staff:stf_boss", true), agents.ErrSeat)
	f.unchanged("a seat in no queue", before)
	f.must(f.Invite(f.Context(), seated, &agents.Seat{Queues: []string{"support"}, Capacity: 2}, "t", "staff:stf_boss", false))
	if x, err := f.Agent(f.Context(), "stf_seat"); err != nil || x.Capacity != 2 || !slices.Equal(x.Queues, []string{"support"}) {
		f.Errorf("the seat: %+v, %v", x, err)
	}
	before = f.contents()
	name := "Other"
	f.is("a change with a seat in no queue", f.ChangeAccount(f.Context(), "stf_seat", identity.AccountChange{Name: &name},
		&agents.Seat{Queues: []string{"nowhere"}}, "staff:stf_boss"), agents.ErrSeat)
	f.unchanged("a change with a seat in no queue", before)
}

// invitations: a link sets one password, within its time, and ends every session.
func invitations(f *fixture) {
	f.boss("stf_boss")
	f.invite("stf_new", "zanzibar-1", true)
	f.is("the same address", f.Invite(f.Context(), identity.StaffMember{
		ID: "stf_2", Email: "stf_new@shop.example", Name: "New", Roles: []identity.Role{identity.RoleAgent},
	}, nil, "t", "staff:stf_boss", false), identity.ErrConflict)
	f.is("without a role", f.Invite(f.Context(), identity.StaffMember{ID: "stf_2", Email: "a@b.example", Name: "New"}, nil, "t", "staff:stf_boss", false), identity.ErrAccount)
	a, err := f.Account(f.Context(), "stf_new")
	if err != nil || a.Active || !a.Invited.After(f.now().Add(6*24*time.Hour)) {
		f.Errorf("invited: %+v, %v", a, err)
	}
	f.is("no account", only(f.Account(f.Context(), "stf_none")), identity.ErrUnknownStaff)
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("the link's token is in %v", where)
	}
	mail := f.owed(delivery.MailTarget)
	if len(mail) != 1 || mail[0].Kind != delivery.Invitation {
		f.Fatalf("the mail: %+v", mail)
	}
	if l, err := f.Deliveries().Letter(f.Context(), mail[0]); err != nil || l.To != "stf_new@shop.example" || l.Token != "zanzibar-1" || l.Language != "es" {
		f.Errorf("the mail: %+v, %v", l, err)
	}
	// Another link is a new one, and the first does not work any more.
	if kind, err := f.LinkFor(f.Context(), "stf_new", "zanzibar-2", "staff:stf_boss", true); err != nil || kind != delivery.Invitation {
		f.Errorf("again: %s, %v", kind, err)
	}
	f.is("the first link", f.SetPassword(f.Context(), "zanzibar-1", "one"), identity.ErrLink)
	f.is("the mail with it", only(f.Deliveries().Letter(f.Context(), mail[0])), delivery.ErrNotWanted)
	for _, token := range []string{"", "unknown", "%", "\x00"} {
		f.is("a link that is none", f.SetPassword(f.Context(), token, "one"), identity.ErrLink)
	}
	if m, err := f.LinkOwner(f.Context(), "zanzibar-2"); err != nil || m.ID != "stf_new" {
		f.Errorf("its owner: %+v, %v", m, err)
	}
	var set atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := f.SetPassword(f.Context(), "zanzibar-2", "encoded"); err == nil {
				set.Add(1)
			} else if !errors.Is(err, identity.ErrLink) {
				f.Error(err)
			}
		})
	}
	group.Wait()
	if set.Load() != 1 {
		f.Errorf("a link set %d passwords", set.Load())
	}
	if m, err := f.StaffByEmail(f.Context(), "stf_new@shop.example"); err != nil || m.Password != "encoded" {
		f.Errorf("with the password: %+v, %v", m, err)
	}

	f.must(f.AddSession(f.Context(), identity.Session{ID: "ses_1", Token: "open", Kind: identity.Staff, Staff: "stf_new", Expires: f.now().Add(24 * time.Hour)}))
	f.must(f.AskReset(f.Context(), "nobody@shop.example", "t"))
	f.must(f.AskReset(f.Context(), "stf_new@shop.example", "zanzibar-3"))
	if n := f.count("SELECT COUNT(*) FROM staff_tokens"); n != 1 {
		f.Errorf("%d links, want one", n)
	}
	f.pass(time.Hour)
	f.is("after an hour", f.SetPassword(f.Context(), "zanzibar-3", "late"), identity.ErrLink)
	f.must(f.SweepDeliveries(f.Context()))
	f.must(f.AskReset(f.Context(), "stf_new@shop.example", "zanzibar-4"))
	f.pass(time.Hour - time.Second)
	f.must(f.SetPassword(f.Context(), "zanzibar-4", "another"))
	f.is("a session of before", only(f.Session(f.Context(), "open")), identity.ErrUnauthenticated)
	history, err := f.AccountHistory(f.Context(), "stf_new")
	f.must(err)
	var actions []string
	for _, e := range history {
		actions = append(actions, e.Action)
	}
	if got := strings.Join(actions, " "); got != "added invited invited password reset reset password" {
		f.Errorf("on record: %s", got)
	}
	if history[0].Actor != "staff:stf_boss" || history[0].Detail != "agent" || history[4].Actor != "system" {
		f.Errorf("on record: %+v", history)
	}
}

// accountsChange: who administers cannot lock the company out, and who is disabled is
// out at once.
func accountsChange(f *fixture) {
	boss := f.boss("stf_boss")
	agent := f.agent("stf_sam")
	f.must(f.AddAPIToken(f.Context(), agent, "token"))
	f.must(f.AddSession(f.Context(), identity.Session{ID: "ses_1", Token: "open", Kind: identity.Staff, Staff: agent, Expires: f.now().Add(time.Hour)}))
	f.must(only(f.LinkFor(f.Context(), agent, "link", boss, false)))
	yes, no, name := true, false, " Samira "
	f.must(f.ChangeAccount(f.Context(), agent, identity.AccountChange{Disabled: &yes}, nil, boss))
	for what, err := range map[string]error{
		"a session": only(f.Session(f.Context(), "open")), "an API token": only(f.StaffByAPIToken(f.Context(), "token")), "the address": only(f.StaffByEmail(f.Context(), "stf_sam@shop.example")),
	} {
		f.is("disabled, by "+what, err, identity.ErrUnauthenticated)
	}
	f.is("disabled, by a link", f.SetPassword(f.Context(), "link", "x"), identity.ErrLink)
	f.is("a link for who is disabled", only(f.LinkFor(f.Context(), agent, "link", boss, false)), identity.ErrAccount)
	f.must(f.ChangeAccount(f.Context(), agent, identity.AccountChange{
		Disabled: &no, Name: &name, Roles: []identity.Role{identity.RoleSupervisor}, Languages: []string{"uk"},
	}, nil, boss))
	if a, err := f.Account(f.Context(), agent); err != nil || a.Disabled || a.Name != "Samira" || a.Roles[0] != identity.RoleSupervisor || a.Languages[0] != "uk" || !a.Active {
		f.Errorf("changed: %+v, %v", a, err)
	}
	f.is("enabled again, by the token of before", only(f.StaffByAPIToken(f.Context(), "token")), identity.ErrUnauthenticated)

	demoted := identity.AccountChange{Roles: []identity.Role{identity.RoleAgent}}
	before := f.contents()
	f.is("their own administration", f.ChangeAccount(f.Context(), "stf_boss", demoted, nil, boss), identity.ErrOwnAdmin)
	f.is("themselves", f.ChangeAccount(f.Context(), "stf_boss", identity.AccountChange{Disabled: &yes}, nil, boss), identity.ErrOwnAdmin)
	f.is("the last one", f.ChangeAccount(f.Context(), "stf_boss", demoted, nil, "staff:stf_sam"), identity.ErrLastAdmin)
	f.is("the last one", f.ChangeAccount(f.Context(), "stf_boss", identity.AccountChange{Disabled: &yes}, nil, "system"), identity.ErrLastAdmin)
	f.is("nobody", f.ChangeAccount(f.Context(), "stf_none", demoted, nil, boss), identity.ErrUnknownStaff)
	f.is("no role", f.ChangeAccount(f.Context(), agent, identity.AccountChange{Roles: []identity.Role{}}, nil, boss), identity.ErrAccount)
	f.must(f.ChangeAccount(f.Context(), agent, identity.AccountChange{}, nil, boss))
	f.unchanged("what was refused, or nothing", before)
	demoteAtOnce(f, []*fixture{f})
	if _, err := f.operator.ExecContext(f.Context(), "UPDATE staff_events SET actor = 'x'"); err == nil || !strings.Contains(err.Error(), "append-only") {
		f.Errorf("the history is rewritten: %v", err)
	}
}

// demoteAtOnce lets administrators demote each other; one stays.
func demoteAtOnce(f *fixture, replicas []*fixture) {
	f.Helper()
	var all []identity.StaffID
	for range 6 {
		id := identity.StaffID(identity.NewID("stf"))
		f.boss(id)
		all = append(all, id)
	}
	f.exec("UPDATE staff SET disabled = TRUE WHERE id = 'stf_boss'")
	var left atomic.Int64
	var group sync.WaitGroup
	for i, id := range all {
		group.Go(func() {
			err := replicas[i%len(replicas)].ChangeAccount(f.Context(), id, identity.AccountChange{Roles: []identity.Role{identity.RoleAgent}}, nil, "system")
			if errors.Is(err, identity.ErrLastAdmin) {
				left.Add(1)
			} else if err != nil {
				f.Error(err)
			}
		})
	}
	group.Wait()
	if left.Load() != 1 {
		f.Errorf("%d administrators are left, want one", left.Load())
	}
}
