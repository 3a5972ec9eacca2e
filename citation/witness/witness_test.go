package witness

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"candor/citation"
	"candor/internal/logtest"
)

const first, second = "witness.example/w1", "witness.example/w2"

// asker is somebody who asks a witness, and knows nothing of it yet.
func asker(t *testing.T, w *logtest.Witness) *Witness {
	t.Helper()
	out, err := New(w.URL+"/log/", w.Key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ask asks for a cosignature of the newest checkpoint.
func ask(t *testing.T, w *Witness, l *logtest.Log) (signed []byte, line string, err error) {
	t.Helper()
	signed, err = l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	line, err = w.Cosign(t.Context(), l.Head(), signed, l.Reader())
	return signed, line, err
}

// checkCosigned opens a checkpoint with the keys of its log and its witness.
func checkCosigned(t *testing.T, signed []byte, log string, key *logtest.Cosigner) {
	t.Helper()
	l, err := note.NewVerifier(log)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(l, v))
	if err != nil || len(n.Sigs) != 2 || len(n.UnverifiedSigs) != 0 {
		t.Fatalf("%v of\n%s", err, signed)
	}
	if at := Time(n.Sigs[1]); !at.Equal(time.Unix(logtest.CosignedAt, 0)) {
		t.Errorf("cosigned at %s", at)
	}
	if at := Time(n.Sigs[0]); !at.IsZero() {
		t.Errorf("the log's own signature has the time %s", at)
	}
}

// TestWitness: a witness cosigns a log that grows, whatever it saw of it before, and
// nothing that contradicts what it saw.
func TestWitness(t *testing.T) {
	t.Parallel()
	l := logtest.NewLog(t)
	s := logtest.NewWitness(t, first, l.Verifier())
	w := asker(t, s)
	cosign := func(w *Witness, n int) error {
		t.Helper()
		l.Grow(t, "leaf", n)
		signed, line, err := ask(t, w, l)
		if err == nil {
			checkCosigned(t, append(signed, line...), l.Verifier(), s.Key)
		}
		return err
	}
	for _, n := range []int{1, 0, 1, 300, 1000} {
		if err := cosign(w, n); err != nil {
			t.Fatalf("%d more: %v", n, err)
		}
	}
	// Another process knows nothing of that: it is told the size, and asks again.
	if err := cosign(asker(t, s), 5); err != nil {
		t.Fatal(err)
	}
	// So does the first, whose size is an older one by now.
	if err := cosign(w, 1); err != nil {
		t.Fatal(err)
	}
	if got := s.Statuses(); !slices.Equal(got, []int{200, 200, 200, 200, 200, 409, 200, 409, 200}) {
		t.Errorf("the requests ended as %v", got)
	}

	// The log is rewritten: as many entries, more, fewer.
	good := l
	for what, n := range map[string]int64{"as many": good.Head().Size, "more": good.Head().Size + 10, "fewer": 7} {
		l = logtest.NewLog(t)
		l.Grow(t, "forged", int(n))
		for _, w := range []*Witness{w, asker(t, s)} {
			if _, line, err := ask(t, w, l); !errors.Is(err, ErrInconsistent) {
				t.Errorf("%s: %q, %v", what, line, err)
			}
		}
	}
	l = good
	if err := cosign(w, 1); err != nil {
		t.Errorf("as it was: %v", err)
	}
}

// TestWitnessAnswers: nothing is taken from a witness that its key did not sign, and
// what it cannot do is told.
func TestWitnessAnswers(t *testing.T) {
	t.Parallel()
	l := logtest.NewLog(t)
	l.Grow(t, "leaf", 3)
	c := l.Head()
	s, elsewhere := logtest.NewWitness(t, first, l.Verifier()), logtest.NewWitness(t, first, l.Verifier())
	other := logtest.NewCosigner(second)
	forged, err := note.Sign(&note.Note{Text: c.String()}, other)
	if err != nil {
		t.Fatal(err)
	}
	forged = forged[bytes.LastIndex(forged[:len(forged)-1], []byte("\n"))+1:]
	for what, tt := range map[string]struct {
		status int
		header [2]string
		body   string
		says   string
	}{
		"another's signature": {200, [2]string{}, string(forged), "no valid cosignature"},
		"its name, another's": {200, [2]string{}, strings.Replace(string(forged), second, first, 1), "no valid cosignature"},
		"nothing":             {200, [2]string{}, "", "no valid cosignature"},
		"not text":            {200, [2]string{}, "\xff\x00", "no valid cosignature"},
		"endless":             {200, [2]string{}, strings.Repeat("a", 1<<20), "no valid cosignature"},
		"a redirect":          {307, [2]string{"Location", elsewhere.URL + "/log/add-checkpoint"}, "", "307"},
		"unknown log":         {404, [2]string{}, "", "does not know this log"},
		"busy":                {429, [2]string{}, "", "429"},
		"conflict of a proxy": {409, [2]string{}, "<html>", "not with the size"},
	} {
		s.Answer(func(w http.ResponseWriter) bool {
			if tt.header[0] != "" {
				w.Header().Set(tt.header[0], tt.header[1])
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.body)
			return true
		})
		_, line, err := ask(t, asker(t, s), l)
		if err == nil || line != "" || !strings.Contains(err.Error(), tt.says) || errors.Is(err, ErrInconsistent) {
			t.Errorf("%s: %q, %v", what, line, err)
		}
	}
	if len(elsewhere.Statuses()) > 0 {
		t.Error("a redirect was followed")
	}
	// A log whose key the witness does not trust.
	s.Answer(nil)
	key, err := citation.NewLogKey(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := key.Checkpoint(c.Size, c.Root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asker(t, s).Cosign(t.Context(), c, foreign, l.Reader()); err == nil || !strings.Contains(err.Error(), "assistant log key") {
		t.Errorf("an unknown key: %v", err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	one, two := logtest.NewCosigner("w1.example"), logtest.NewCosigner("w2.example")
	got, err := Parse(" https://w1.example/x  " + one.Verifier() + " , http://127.0.0.1:1 " + two.Verifier())
	if err != nil || len(got) != 2 || got[0].Name() != "w1.example" || got[1].Name() != "w2.example" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Parse("  "); got != nil || err != nil {
		t.Errorf("nothing: %v, %v", got, err)
	}
	log := logtest.NewLog(t)
	for what, setting := range map[string]string{
		"no key":           "https://w1.example",
		"no address":       one.Verifier(),
		"another scheme":   "ftp://w1.example " + one.Verifier(),
		"a query":          "https://w1.example?x=1 " + one.Verifier(),
		"a log's key":      "https://w1.example " + log.Verifier(),
		"another's hash":   "https://w1.example " + strings.Replace(one.Verifier(), one.Name(), two.Name(), 1),
		"an empty name":    "https://w1.example " + strings.TrimPrefix(one.Verifier(), one.Name()),
		"the same twice":   "https://w1.example " + one.Verifier() + ",https://w2.example " + one.Verifier(),
		"a comma too many": "https://w1.example " + one.Verifier() + ",",
	} {
		if got, err := Parse(setting); err == nil {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// TestCosigner: the newest checkpoint is kept cosigned; a witness that fails is asked
// again, ever less often, and does not keep the others from it.
func TestCosigner(t *testing.T) {
	t.Parallel()
	l := logtest.NewLog(t)
	good, bad := logtest.NewWitness(t, first, l.Verifier()), logtest.NewWitness(t, second, l.Verifier())
	bad.Answer(func(w http.ResponseWriter) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	ended := make(map[string]int)
	c := NewCosigner(l, []*Witness{asker(t, good), asker(t, bad)}, func(name string, err error) {
		ended[fmt.Sprint(name, " ", err == nil)]++
	})
	now := time.Unix(1_700_000_000, 0)
	c.now = func() time.Time { return now }
	after := func(d time.Duration) {
		for range d / time.Second {
			c.round(t.Context())
			now = now.Add(time.Second)
		}
	}
	after(3 * time.Second)
	if len(ended) > 0 {
		t.Errorf("a log without entries: %v", ended)
	}
	l.Grow(t, "leaf", 3)
	after(4 * time.Minute)
	failed := ended["witness.example/w2 false"]
	if ended["witness.example/w1 true"] != 1 || failed < 6 || failed > 10 {
		t.Errorf("in four minutes: %v", ended)
	}
	signed, _ := l.Checkpoint(t.Context())
	checkCosigned(t, signed, l.Verifier(), good.Key)

	bad.Answer(nil)
	after(2 * time.Minute)
	if ended["witness.example/w2 true"] != 1 || ended["witness.example/w1 true"] != 1 {
		t.Errorf("when it is back: %v", ended)
	}
	if signed, _ = l.Checkpoint(t.Context()); bytes.Count(signed, []byte("\u2014")) != 3 {
		t.Errorf("the checkpoint is\n%s", signed)
	}
	checkBoth := func() {
		t.Helper()
		for _, w := range []*logtest.Witness{good, bad} {
			if _, err := Cosigned(signed, w.Key.Verifier()); err != nil {
				t.Error(err)
			}
		}
	}
	checkBoth()
	// Another process asks once more, and adds nothing twice.
	again := NewCosigner(l, []*Witness{asker(t, good), asker(t, bad)}, func(string, error) {})
	again.round(t.Context())
	if signed, _ = l.Checkpoint(t.Context()); bytes.Count(signed, []byte("\u2014")) != 3 {
		t.Errorf("the checkpoint is\n%s", signed)
	}
	checkBoth()
	// A log that grows every second is cosigned now and then.
	for range 30 {
		l.Grow(t, "leaf", 1)
		after(time.Second)
	}
	if n := ended["witness.example/w1 true"] - 1; n < 5 || n > 7 {
		t.Errorf("cosigned %d times in 30 s", n)
	}
	after(5 * time.Second)
	signed, _ = l.Checkpoint(t.Context())
	checkBoth()
}
