package storetest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"candor/identity"
)

func sites(f *fixture) {
	want := identity.Site{ID: "Zoo", Name: "Zoo", Accent: "#112233", Origins: []string{"https://zoo.example"}, Secret: []byte("zanzibar-secret")}
	f.must(f.AddSite(f.Context(), want, "zanzibar-key"))
	if got, err := f.Site(f.Context(), "Zoo"); err != nil || cmp.Diff(want, got) != "" {
		f.Errorf("%+v, %v", got, err)
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("a secret is in %v", where)
	}
	all, err := f.Sites(f.Context())
	if err != nil || len(all) != 2 || all[0].ID != "Zoo" || all[1].ID != shop {
		f.Errorf("%+v, %v", all, err)
	}
	before := f.contents()
	f.is("the same id", f.AddSite(f.Context(), want, "another key"), identity.ErrConflict)
	f.unchanged("the same id", before)
	if err := f.AddSite(f.Context(), identity.Site{ID: "third"}, "zanzibar-key"); err == nil {
		f.Error("two sites have one server key")
	}
	if got, err := f.SiteByServerKey(f.Context(), "zanzibar-key"); err != nil || got.ID != "Zoo" {
		f.Errorf("by its key: %+v, %v", got, err)
	}
	f.must(f.RotateServerKey(f.Context(), "Zoo", "new key"))
	for _, key := range []string{"zanzibar-key", "", "unknown"} {
		f.is("a key that is none", only(f.SiteByServerKey(f.Context(), key)), identity.ErrUnauthenticated)
	}
	if got, err := f.SiteByServerKey(f.Context(), "new key"); err != nil || got.ID != "Zoo" {
		f.Errorf("by its new key: %+v, %v", got, err)
	}
	f.must(f.RotateSecret(f.Context(), "Zoo", []byte("new")))
	if got, err := f.Site(f.Context(), "Zoo"); err != nil || string(got.Secret) != "new" {
		f.Errorf("the new secret: %v", err)
	}
	for _, id := range []identity.SiteID{"unknown", "", "zoo", "\x00"} {
		f.is("no such site", only(f.Site(f.Context(), id)), identity.ErrUnknownSite)
	}
	for _, id := range []identity.SiteID{"unknown", "\x00"} {
		f.is("no such site's key", f.RotateServerKey(f.Context(), id, "k"), identity.ErrUnknownSite)
		f.is("no such site's secret", f.RotateSecret(f.Context(), id, nil), identity.ErrUnknownSite)
	}
}

func customers(f *fixture) {
	f.must(f.AddSite(f.Context(), identity.Site{ID: "other", Secret: []byte("s")}, "key2"))
	for sub, want := range map[string]bool{"maya": true, "Maya": false, "": false, "\x00": false, "%": false} {
		id, ok, err := f.FindCustomer(f.Context(), shop, sub)
		if err != nil || ok != want || ok && id != f.maya.Customer || !ok && id != "" {
			f.Errorf("%q: %s, %t, %v", sub, id, ok, err)
		}
	}
	if _, ok, err := f.FindCustomer(f.Context(), "other", "maya"); err != nil || ok {
		f.Errorf("at another site: %t, %v", ok, err)
	}
	if again, err := f.Customer(f.Context(), shop, "maya"); err != nil || again != f.maya.Customer {
		f.Errorf("again: %s, %v", again, err)
	}
	if other, err := f.Customer(f.Context(), "other", "maya"); err != nil || other == f.maya.Customer {
		f.Errorf("at another site: %s, %v", other, err)
	}
	if _, err := f.Customer(f.Context(), "nowhere", "maya"); err == nil {
		f.Error("a customer of no site was made")
	}
	a, err := f.AddVisitor(f.Context(), shop)
	f.must(err)
	b, err := f.AddVisitor(f.Context(), shop)
	if err != nil || a == b || a == "" {
		f.Errorf("visitors %s and %s, %v", a, b, err)
	}
	for _, id := range []identity.CustomerID{f.maya.Customer, a} {
		if _, err := f.keys.For(f.Context(), id); err != nil {
			f.Errorf("%s has no key: %v", id, err)
		}
	}
	oneOf(f, []*fixture{f}, 16)
}

// oneOf asks for one customer who is not there yet many times at once.
func oneOf(f *fixture, replicas []*fixture, n int) {
	f.Helper()
	sub := identity.NewID("sub")
	ids := make([]identity.CustomerID, n)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			r := replicas[i%len(replicas)]
			id, err := r.Customer(f.Context(), shop, sub)
			if err != nil {
				f.Error(err)
			} else if _, err := r.keys.For(f.Context(), id); err != nil {
				f.Errorf("the customer has no key: %v", err)
			}
			ids[i] = id
		})
	}
	group.Wait()
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) != 1 || ids[0] == "" {
		f.Errorf("one customer has the ids %v", ids)
	}
}

func staff(f *fixture) {
	want := identity.StaffMember{
		ID: "stf_1", Email: "ana@shop.example", Name: "Ana", Roles: []identity.Role{identity.RoleAgent, identity.RoleReviewer},
		Languages: []string{"en", "pt-BR"}, Password: "argon2id",
	}
	f.must(f.AddStaff(f.Context(), want))
	same := want
	same.ID = "stf_2"
	f.is("the same address", f.AddStaff(f.Context(), same), identity.ErrConflict)
	same.Email = "ben@shop.example"
	same.ID = want.ID
	if err := f.AddStaff(f.Context(), same); err == nil {
		f.Error("two people have one id")
	}
	f.must(f.AddAPIToken(f.Context(), "stf_1", "token"))
	if err := f.AddAPIToken(f.Context(), "stf_9", "other token"); err == nil {
		f.Error("nobody has a token")
	}
	find := map[string]func() (identity.StaffMember, error){
		"id":    func() (identity.StaffMember, error) { return f.Staff(f.Context(), "stf_1") },
		"email": func() (identity.StaffMember, error) { return f.StaffByEmail(f.Context(), "ana@shop.example") },
		"token": func() (identity.StaffMember, error) { return f.StaffByAPIToken(f.Context(), "token") },
	}
	for by, get := range find {
		if got, err := get(); err != nil || cmp.Diff(want, got) != "" {
			f.Errorf("by %s: %+v, %v", by, got, err)
		}
	}
	for _, x := range []string{"", "unknown", "%", "\x00", "\xff"} {
		f.is("an id that is none", only(f.Staff(f.Context(), identity.StaffID(x))), identity.ErrUnauthenticated)
		f.is("an address that is none", only(f.StaffByEmail(f.Context(), x)), identity.ErrUnauthenticated)
		f.is("a token that is none", only(f.StaffByAPIToken(f.Context(), x)), identity.ErrUnauthenticated)
	}
	f.exec("UPDATE staff SET disabled = TRUE")
	for by, get := range find {
		got, err := get()
		f.is("disabled, by "+by, err, identity.ErrUnauthenticated)
		if got.ID != "" {
			f.Errorf("disabled, by %s: %+v", by, got)
		}
	}
}

func tokenIsSpentOnce(f *fixture) {
	f.must(f.AddSite(f.Context(), identity.Site{ID: "other", Secret: []byte("s")}, "key2"))
	spendAtOnce(f, []*fixture{f}, "zanzibar", 16)
	f.is("again", f.UseToken(f.Context(), shop, "zanzibar", f.now().Add(time.Hour)), identity.ErrUnauthenticated)
	f.must(f.UseToken(f.Context(), "other", "zanzibar", f.now().Add(time.Hour)))
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("the id of a token is in %v", where)
	}
}

// spendAtOnce spends one token many times at once.
func spendAtOnce(f *fixture, replicas []*fixture, jti string, n int) {
	f.Helper()
	expires := f.now().Add(time.Hour)
	var spent atomic.Int64
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			switch err := replicas[i%len(replicas)].UseToken(f.Context(), shop, jti, expires); {
			case err == nil:
				spent.Add(1)
			case !errors.Is(err, identity.ErrUnauthenticated):
				f.Error(err)
			}
		})
	}
	group.Wait()
	if spent.Load() != 1 {
		f.Errorf("a token was spent %d times", spent.Load())
	}
}

// sessionsEnd: sessions and spent tokens last until their time, by the database's
// clock.
func sessionsEnd(f *fixture) {
	end := f.now().Add(time.Hour)
	want := identity.Session{
		ID: "ses_1", Token: "zanzibar", Kind: identity.Customer, Site: shop, Customer: f.maya.Customer, GPC: true, CSRF: "csrf", Expires: end,
	}
	f.must(f.AddSession(f.Context(), want))
	f.must(f.AddSession(f.Context(), identity.Session{ID: "ses_2", Token: "long", Kind: identity.Staff, Staff: "stf_1", Expires: end.Add(time.Hour)}))
	f.must(f.AddSession(f.Context(), identity.Session{ID: "ses_3", Token: "ended", Kind: identity.Customer, Expires: end}))
	f.must(f.UseToken(f.Context(), shop, "jti", end))
	if got, err := f.Session(f.Context(), "zanzibar"); err != nil || cmp.Diff(want, got) != "" {
		f.Errorf("%+v, %v; want %+v", got, err, want)
	}
	f.must(f.EndSession(f.Context(), "ended"))
	f.must(f.EndSession(f.Context(), "unknown"))
	for _, token := range []string{"ended", "unknown", "", "%"} {
		f.is("the session "+token, only(f.Session(f.Context(), token)), identity.ErrUnauthenticated)
	}
	if where := f.plain("zanzibar"); len(where) > 0 {
		f.Errorf("a credential is in %v", where)
	}
	f.pass(59 * time.Minute)
	f.must(f.Sweep(f.Context()))
	if _, err := f.Session(f.Context(), "zanzibar"); err != nil {
		f.Errorf("a minute before its end: %v", err)
	}
	f.is("the token, a minute before its end", f.UseToken(f.Context(), shop, "jti", end), identity.ErrUnauthenticated)
	f.pass(time.Minute)
	got, err := f.Session(f.Context(), "zanzibar")
	f.is("at its end", err, identity.ErrUnauthenticated)
	if got.ID != "" {
		f.Errorf("at its end: %+v", got)
	}
	f.must(f.Sweep(f.Context()))
	if n := f.count("SELECT COUNT(*) FROM sessions") + f.count("SELECT COUNT(*) FROM spent_tokens"); n != 1 {
		f.Errorf("%d are left, want the longer session", n)
	}
	if got, err := f.Session(f.Context(), "long"); err != nil || got.Staff != "stf_1" {
		f.Errorf("the longer one: %+v, %v", got, err)
	}
}
