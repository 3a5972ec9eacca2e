package identity

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckNewPassword(t *testing.T) {
	const email = "ana.silva@shop.example"
	for _, p := range []string{
		"", "short", "elevenchars", "пароль12345", "password1234", "Password2026!", "passwordpassword", "qwertyuiop12", "123456789012", "111111111111",
		"abcdefghijkl", "abcabcabcabc", "aaaaaaaaaaaaaaaa", "welcome123456", "P@$$word1234", email, "x" + email + "x", "ana.silva!2026", "administrator1",
		strings.Repeat("long ", 60),
	} {
		if err := CheckNewPassword(p, email); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %v", p, err)
		} else if p != "" && strings.Contains(err.Error(), p) {
			t.Errorf("the error repeats %q", p)
		}
	}
	for _, p := range []string{
		"correct horse battery", "four green lamps", "дванадцять слів", "k7#pQ2!mZx9$", "admin of the north sea", "83921047561038", "ana likes tall mountains",
	} {
		if err := CheckNewPassword(p, email); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
}

func TestCheckAccount(t *testing.T) {
	for name, c := range map[string]struct {
		name  string
		roles []Role
		ok    bool
	}{
		"as it should be": {"Ana", []Role{RoleAgent, RoleReviewer}, true},
		"no name":         {" ", []Role{RoleAgent}, false},
		"a long name":     {strings.Repeat("x", 101), []Role{RoleAgent}, false},
		"no role":         {"Ana", nil, false},
		"no such role":    {"Ana", []Role{"owner"}, false},
		"a role twice":    {"Ana", []Role{RoleAgent, RoleAgent}, false},
	} {
		if err := CheckAccount(c.name, c.roles); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrAccount) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
