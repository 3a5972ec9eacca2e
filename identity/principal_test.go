package identity

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func TestHas(t *testing.T) {
	t.Parallel()
	// Who holds which role: a role is itself only, but for the administrator.
	for _, holds := range Roles {
		p := Principal{Kind: Staff, Roles: []Role{holds}}
		for _, asked := range Roles {
			want := holds == asked || holds == RoleAdmin && asked != RoleAnalyst && asked != RoleAuditor
			if got := p.Has(asked); got != want {
				t.Errorf("%s holds %s: %t, want %t", holds, asked, got, want)
			}
		}
		if p.Has() {
			t.Errorf("%s holds one of no roles", holds)
		}
		if p.Has("owner") && holds != RoleAdmin {
			t.Errorf("%s holds a role that does not exist", holds)
		}
	}
	both := Principal{Kind: Staff, Roles: []Role{RoleAgent, RoleReviewer}}
	if !both.Has(RoleAuditor, RoleReviewer) || both.Has(RoleAuditor, RolePrivacy) {
		t.Error("one of several roles is enough, and none of them is not")
	}
	outside := StaffMember{ID: "stf_1", Roles: Roles, Recipient: "desk:acme"}.Principal()
	for _, asked := range Roles {
		if want := asked == RoleAgent || asked == RoleSupervisor; outside.Has(asked) != want {
			t.Errorf("at somebody else's desk one holds %s: %t, want %t", asked, !want, want)
		}
	}
	outside.Roles = []Role{RoleAdmin}
	if outside.Has(Roles...) {
		t.Error("at somebody else's desk an administrator holds a role")
	}
	for k := Nobody; k <= System+1; k++ {
		if k != Staff && (Principal{Kind: k, Roles: Roles}).Has(Roles...) {
			t.Errorf("a %s has a role of staff", k)
		}
	}
}

func TestZeroPrincipal(t *testing.T) {
	t.Parallel()
	var p Principal
	if p.Kind != Nobody || !p.Anonymous() || p.Has(Roles...) || p.Actor() != "nobody" {
		t.Errorf("the zero principal is somebody: %+v", p)
	}
	if got := (Principal{Kind: Kind(99)}).Actor(); got != "nobody" {
		t.Errorf("an unknown kind acts as %s", got)
	}
	if (Principal{Kind: Visitor}).Anonymous() == (Principal{Kind: Customer}).Anonymous() {
		t.Error("a visitor is not told from a customer")
	}
}

// TestInAndAbout change a copy: a principal that is shared stays as it is.
func TestInAndAbout(t *testing.T) {
	t.Parallel()
	p := Principal{Kind: Staff, Site: "shop", Staff: "stf_1", Roles: []Role{RoleAgent}}
	got := p.About("cus_1", "cnv_1")
	if got.Customer != "cus_1" || got.Conversation != "cnv_1" || got.Staff != "stf_1" || got.Kind != Staff {
		t.Errorf("About: %+v", got)
	}
	if in := got.In("cnv_2"); in.Conversation != "cnv_2" || in.Customer != "cus_1" {
		t.Errorf("In: %+v", in)
	}
	if p.Customer != "" || p.Conversation != "" {
		t.Errorf("the principal itself changed: %+v", p)
	}
}

func TestPrincipalInLogs(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := Principal{Kind: Staff, Staff: "stf_1", Name: "Noor Haddad", Session: "ses_secret", Roles: []Role{RoleAgent}}
	slog.New(slog.NewTextHandler(&b, nil)).Info("read", "who", p)
	if got := b.String(); !strings.Contains(got, "who=staff:stf_1") || strings.Contains(got, "Noor") || strings.Contains(got, "secret") {
		t.Errorf("the log has %s", got)
	}
}

func TestNewID(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 10_000 {
		id := NewID("cus")
		if seen[id] || !strings.HasPrefix(id, "cus_") || len(id) != len("cus_")+26 {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
	if s := NewSecret("sk"); len(s) != len("sk_")+52 || strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && !slices.Contains([]rune("0123456789abcdefghjkmnpqrstvwxyzsk"), r)
	}) {
		t.Errorf("%q", s)
	}
}
