//go:build unix

package store

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"candor/consent"
	"candor/identity"
)

// killedErasure is in the environment of a process that erases a customer until it
// is killed. That process runs TestKilledErasure, too.
const killedErasure = "CANDOR_TEST_KILLED_ERASURE"

// eraseUntilKilled is that process. It reads the URLs, the customer and the step, a
// line each.
func eraseUntilKilled(t *testing.T) {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(input), "\n")
	s := &site{T: t, data: parts[0], keys: parts[1]}
	s.openAt(s.data, s.keys)
	s.step = func(name string) {
		if name == parts[3] {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	_, err = s.Erase(context.WithoutCancel(t.Context()), identity.CustomerID(parts[2]), nil)
	t.Fatalf("it was not killed: %v", err)
}

// TestKilledErasure kills an erasure after each of its steps. At once nothing of the
// customer can be read or written; at the next start it is ended, with the same
// outcome as one that was not killed, and what a hold covers is there once.
func TestKilledErasure(t *testing.T) {
	if _, child := os.LookupEnv(killedErasure); child {
		eraseUntilKilled(t)
	}
	t.Parallel()
	steps := []string{stepMarked, stepHeld, stepKeyless, stepGone, stepDone}
	engines(t, func(s *site) {
		want, err := s.Erase(s.Context(), s.maya.Customer, nil)
		s.must(err)
		for _, step := range steps {
			who := s.fill("killed-" + step)
			hold := s.hold(who.Customer, "conversation", "billing")
			s.must(s.Close())

			child := exec.CommandContext(s.Context(), os.Args[0], "-test.run", "^TestKilledErasure$")
			child.Env = append(os.Environ(), killedErasure+"=1")
			child.Stdin = strings.NewReader(strings.Join([]string{s.data, s.keys, string(who.Customer), step}, "\n"))
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				s.Fatalf("after %s the process ended by itself: %v\n%s", step, err, out)
			}

			s.openAt(s.data, s.keys)
			s.closedFor(step, who)
			// As if some time had passed: one that goes on is left alone.
			if n, err := s.EndErasures(s.Context()); err != nil || n != 0 {
				s.Errorf("after %s a young erasure was taken for one that was cut off: %d, %v", step, n, err)
			}
			s.exec(s.data, "UPDATE customers SET erased = erased - 60000000 WHERE id = '"+string(who.Customer)+"'")
			ends := 1
			if step == stepDone {
				ends = 0
			}
			if n, err := s.EndErasures(s.Context()); err != nil || n != ends {
				s.Errorf("after %s %d erasures were ended, %v", step, n, err)
			}
			got, err := s.erased(s.Context(), who.Customer)
			s.must(err)
			expected := maps.Clone(want.Deleted)
			delete(expected, "messages") // they are held
			if !got.Done || !maps.Equal(got.Deleted, expected) || len(got.Held) != 1 || got.Held[0].Reason != hold.Reason {
				s.Errorf("after %s it ended with %+v, want %v", step, got, expected)
			}
			if n := s.count(s.data, "SELECT COUNT(*) FROM held WHERE hold = $1", hold.ID); n != 2 { // the messages, and a file
				s.Errorf("after %s there are %d things held", step, n)
			}
			s.closedFor(step, who)
			s.nothingOf(step, who.Customer)
			entries, err := s.Store.keys.Erasures(s.Context())
			s.must(err)
			if n := len(slices.DeleteFunc(entries, func(e Erasure) bool { return e.Customer != s.Store.keys.erasureHash(who.Customer) })); n != 1 {
				s.Errorf("after %s the list has %d entries", step, n)
			}
		}
	})
}

// closedFor checks that nobody can read or write anything about a customer.
func (s *site) closedFor(when string, who identity.Principal) {
	s.Helper()
	ctx := s.Context()
	if _, err := s.Snapshot(ctx, who.Customer); !errors.Is(err, consent.ErrUnknownCustomer) {
		s.Errorf("after %s the ledger answers: %v", when, err)
	}
	if _, known, err := s.Latest(ctx, who.Customer); err != nil || known {
		s.Errorf("after %s there is a conversation: %v", when, err)
	}
	if _, err := s.Record(ctx, "shop", "killed-"+when+"-order-1"); err == nil {
		s.Errorf("after %s a record is read", when)
	}
	if err := s.Rate(ctx, who.Customer, "cnv", 1, "good"); !errors.Is(err, consent.ErrUnknownCustomer) {
		s.Errorf("after %s something is written: %v", when, err)
	}
	if err := s.AddSession(ctx, identity.Session{ID: "ses", Token: "t" + when, Kind: identity.Customer, Site: "shop", Customer: who.Customer}); !errors.Is(err, consent.ErrUnknownCustomer) {
		s.Errorf("after %s somebody signs in: %v", when, err)
	}
	entries, err := s.Citations().ByAnswer(ctx, s.text("SELECT answer FROM citation_entries WHERE customer = $1", who.Customer))
	if err != nil || len(entries) != 1 {
		s.Fatalf("after %s the log shows %v, %v", when, entries, err)
	}
	if open, err := s.Citations().Open(ctx, entries[0].ID); err != nil || len(open) > 0 {
		s.Errorf("after %s the log opens %d, %v", when, len(open), err)
	}
}

func (s *site) text(query string, args ...any) (v string) {
	s.Helper()
	s.must(s.look(s.data).QueryRowContext(s.Context(), query, args...).Scan(&v))
	return v
}

// nothingOf checks that there are no rows of a customer but those that stay.
func (s *site) nothingOf(when string, customer identity.CustomerID) {
	s.Helper()
	for _, x := range dataTables {
		if x.erased == "" {
			continue
		}
		if n := s.count(s.data, "SELECT COUNT(*) FROM "+x.name+" WHERE "+strings.Replace(x.erased, "?", "$1", 1), customer); n > 0 {
			s.Errorf("after %s %s has %d rows of the customer", when, x.name, n)
		}
	}
}
