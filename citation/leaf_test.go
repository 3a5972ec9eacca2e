package citation

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"candor/consent"
)

func example(id string) Entry {
	return Entry{
		ID: id, Kind: Closed, Opened: "cit_opened", AnswerID: "ans_1", Attempt: 1, Site: "shop", Customer: "cus_1", Conversation: "cnv_1",
		At: time.Date(2026, 11, 28, 10, 35, 7, 123456000, time.UTC), Purpose: consent.Answers, Recipient: consent.BrandAI, Model: "m",
		Language: "en", Epoch: 3, PolicyVersion: "1", Status: "answered",
		Records:     []Use{{RecordID: "order-4711", Category: "orders", Recipient: consent.BrandAI, GrantID: "grt_1"}},
		NotSearched: []NotSearched{{Category: "billing", Reason: consent.NoConsent, Relevant: true}},
		Body:        []byte(`{"question":"Where is <it> & when?"}`), Review: []byte(`{"removed":["x"]}`),
	}
}

// log is a log in memory.
type memory struct {
	leaves []string
	tiles  map[string][]byte
	key    LogKey
	root   tlog.Hash
}

func (m *memory) read(level int, n int64, width int) ([]byte, error) {
	data := m.tiles[fmt.Sprint(level, "/", n)]
	if len(data) < width*tlog.HashSize {
		return nil, ErrNoTile
	}
	return data[:width*tlog.HashSize], nil
}

func (m *memory) add(t testing.TB, leaves ...string) {
	t.Helper()
	tiles, root, err := Grow(int64(len(m.leaves)), leaves, m.read)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tiles {
		m.tiles[fmt.Sprint(x.Level, "/", x.N)] = x.Hashes
	}
	m.leaves, m.root = append(m.leaves, leaves...), root
}

func newMemory(t testing.TB) *memory {
	t.Helper()
	key, err := NewLogKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return &memory{tiles: make(map[string][]byte), key: key}
}

func (m *memory) proof(t testing.TB, index int64) Proof {
	t.Helper()
	size := int64(len(m.leaves))
	hashes, err := tlog.ProveRecord(size, index, TileReader(m.read).Hashes(size))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := m.key.Checkpoint(size, m.root)
	if err != nil {
		t.Fatal(err)
	}
	return Proof{index, hashes, checkpoint}
}

func sealed(t testing.TB, e Entry) (Sealed, string) {
	t.Helper()
	s, err := e.Seal()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := s.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	return s, leaf.String()
}

// TestTreeIsTheStandards: the tree that grows a batch at a time is that of RFC 6962 over
// the same leaves, and every leaf can be proved in it.
func TestTreeIsTheStandards(t *testing.T) {
	m := newMemory(t)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	for _, batch := range []int{1, 1, 5, 250, 0, 1, 255, 256, 1024, 3, 63000} {
		var leaves []string
		for range batch {
			n := int64(len(m.leaves) + len(leaves))
			leaves = append(leaves, fmt.Sprint("leaf ", n))
			h, err := tlog.StoredHashes(n, []byte(leaves[len(leaves)-1]), reader)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, h...)
		}
		m.add(t, leaves...)
		want, err := tlog.TreeHash(int64(len(m.leaves)), reader)
		if err != nil || m.root != want {
			t.Fatalf("of %d leaves: %v, want %v (%v)", len(m.leaves), m.root, want, err)
		}
	}
	for _, index := range []int64{0, 1, 255, 256, 511, 1792, int64(len(m.leaves)) - 1} {
		if c, err := m.proof(t, index).Check(m.leaves[index], m.key.Verifier()); err != nil || c.Size != int64(len(m.leaves)) {
			t.Errorf("leaf %d: %v, %v", index, c, err)
		}
		if _, err := m.proof(t, index).Check("leaf -1", m.key.Verifier()); err == nil {
			t.Errorf("leaf %d is also another", index)
		}
	}
}

// TestReceiptProves: a receipt is what was said, and with any byte of it changed it is
// not one.
func TestReceiptProves(t *testing.T) {
	m := newMemory(t)
	var of Sealed
	for i := range 300 {
		s, leaf := sealed(t, example(fmt.Sprint("cit_", i)))
		if i == 77 {
			of = s
		}
		m.add(t, leaf)
	}
	file, err := json.MarshalIndent(NewReceipt(of, m.leaves[77], m.proof(t, 77)), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	v, err := VerifyReceipt(file, m.key.Verifier())
	if err != nil || v.Index != 77 || v.Checkpoint.Size != 300 || v.Entry.ID != "cit_77" || v.Entry.Records[0].RecordID != "order-4711" {
		t.Fatalf("%+v, %v", v, err)
	}
	var said struct{ Question string }
	if json.Unmarshal(v.Entry.Body, &said) != nil || said.Question != "Where is <it> & when?" {
		t.Errorf("said %s", v.Entry.Body)
	}
	if strings.Contains(string(file), "removed") {
		t.Error("the customer's receipt has what only reviewers see")
	}
	if _, err := VerifyReceipt(file, newOther(t).Verifier()); err == nil {
		t.Error("another log's key opens it")
	}
	for i := range file {
		for _, bit := range []byte{1, 0x20} {
			changed := []byte(string(file))
			changed[i] ^= bit
			got, err := VerifyReceipt(changed, m.key.Verifier())
			// White space, the case of names and the last bits of base64 say nothing.
			if err == nil && (!reflect.DeepEqual(got.Entry, v.Entry) || got.Index != v.Index || got.Checkpoint != v.Checkpoint) {
				t.Fatalf("byte %d (%q) changed to %q, and it proves %+v", i, file[i], changed[i], got)
			}
		}
	}
}

// TestReceiptSaysOneThing: no reader of a receipt sees something else than what was
// checked, and no checkpoint makes the check go on for ever.
func TestReceiptSaysOneThing(t *testing.T) {
	m := newMemory(t)
	s, leaf := sealed(t, example("cit_1"))
	m.add(t, leaf)
	file, err := json.Marshal(NewReceipt(s, leaf, m.proof(t, 0)))
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"a body of another case": strings.Replace(string(file), `"body":`, `"body":{"said":{}},"BODY":`, 1),
		"two bodies":             strings.Replace(string(file), `"body":`, `"body":{"said":{}},"body":`, 1),
		"a field of its own":     strings.Replace(string(file), `"body":`, `"x":{},"body":`, 1),
		"no nonce":               strings.Replace(string(file), `"body_nonce":`, `"other":`, 1),
		"a list":                 "[" + string(file) + "]",
	} {
		if _, err := VerifyReceipt([]byte(forged), m.key.Verifier()); err == nil {
			t.Errorf("%s: it is a receipt", name)
		}
	}
	for name, change := range map[string]func(*Sealed){
		"a head of two languages":     func(s *Sealed) { twice(t, &s.Head, `"language":`, `"LANGUAGE":"pt",`) },
		"a body that says two things": func(s *Sealed) { twice(t, &s.Body, `"said":`, `"said":{},`) },
		"two questions":               func(s *Sealed) { twice(t, &s.Body, `"question":`, `"que\u017ftion":"x",`) },
	} {
		m := newMemory(t)
		s, _ := sealed(t, example("cit_1"))
		change(&s)
		leaf, err := s.Leaf() // the log itself commits to both
		if err != nil {
			t.Fatal(err)
		}
		m.add(t, leaf.String())
		file, err := json.Marshal(NewReceipt(s, leaf.String(), m.proof(t, 0)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyReceipt(file, m.key.Verifier()); !errors.Is(err, errReceipt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	huge, err := m.key.Checkpoint(1<<62+1, m.root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCheckpoint(huge, m.key.Verifier()); !errors.Is(err, ErrNotCheckpoint) {
		t.Errorf("a tree of 2^62 leaves: %v", err)
	}
	inTime(t, func() {
		p := m.proof(t, 0)
		p.Checkpoint, p.Hashes = huge, tlog.RecordProof{m.root}
		file, err := json.Marshal(NewReceipt(s, leaf, p))
		if err != nil {
			t.Error(err)
		}
		if _, err := VerifyReceipt(file, m.key.Verifier()); !errors.Is(err, ErrNotCheckpoint) {
			t.Errorf("a receipt of such a tree: %v", err)
		}
	})
	for _, path := range []string{"entries/x072/x057/x594/x037/x927/936", TilePlace{EntriesLevel, maxSize, TileWidth}.Path()} {
		if p, ok := ParseTilePath(path); ok {
			t.Errorf("a tile beyond any tree: %+v", p)
		}
	}
	last := TilePlace{EntriesLevel, maxSize - 1, TileWidth}
	if p, ok := ParseTilePath(last.Path()); !ok || p != last {
		t.Errorf("%s: %+v", last.Path(), p)
	}
}

// twice puts a field before one of that name.
func twice(t *testing.T, part *json.RawMessage, field, before string) {
	t.Helper()
	changed := strings.Replace(string(*part), field, before+field, 1)
	if changed == string(*part) {
		t.Fatalf("%s is not in %s", field, *part)
	}
	*part = json.RawMessage(changed)
}

// inTime fails if a function does not end.
func inTime(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

func newOther(t *testing.T) LogKey {
	t.Helper()
	k, err := NewLogKey([]byte("another another another another "))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// FuzzReceipt: whatever a receipt is turned into, it proves what was said or nothing.
func FuzzReceipt(f *testing.F) {
	m := newMemory(f)
	s, leaf := sealed(f, example("cit_1"))
	_, other := sealed(f, example("cit_2"))
	m.add(f, leaf, other)
	file, err := json.Marshal(NewReceipt(s, leaf, m.proof(f, 0)))
	if err != nil {
		f.Fatal(err)
	}
	want, err := VerifyReceipt(file, m.key.Verifier())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(`{"type":"candor.answer-receipt/1"}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := VerifyReceipt(file, m.key.Verifier())
		if err == nil && !reflect.DeepEqual(got.Entry, want.Entry) {
			t.Errorf("it proves %+v", got.Entry)
		}
	})
}

// TestLeafSaysNothing: the public leaf of equal entries differs, and has no word of them.
func TestLeafSaysNothing(t *testing.T) {
	_, one := sealed(t, example("cit_1"))
	_, two := sealed(t, example("cit_1"))
	if one == two {
		t.Error("equal entries have equal leaves: whoever guesses one knows it")
	}
	for _, secret := range []string{"cus_1", "cnv_1", "ans_1", "order-4711", "shop", "orders", "Where", "35:07"} {
		if strings.Contains(one, secret) {
			t.Errorf("the leaf has %q:\n%s", secret, one)
		}
	}
	l, err := ParseLeaf(one)
	if err != nil || l.String() != one || l.ID != "cit_1" || l.Kind != Closed || l.Status != "answered" || l.Hour.Minute() != 0 {
		t.Errorf("%+v, %v", l, err)
	}
	for _, bad := range []string{"", one + "\n", strings.TrimSuffix(one, "\n"), strings.Replace(one, "body ", "body  ", 1), strings.Replace(one, "T10Z", "T10:35Z", 1)} {
		if _, err := ParseLeaf(bad); err == nil {
			t.Errorf("%q is a leaf", bad)
		}
	}
}

// TestDifferencesAreNamed: of an entry that was altered it is said what, and what it was.
func TestDifferencesAreNamed(t *testing.T) {
	e := example("cit_1")
	s, _ := sealed(t, e)
	if d, err := e.Differences(s.Head); err != nil || len(d) > 0 {
		t.Errorf("unchanged: %v, %v", d, err)
	}
	e.PolicyVersion, e.Records[0].GrantID = "2", "grt_2"
	d, err := e.Differences(s.Head)
	if err != nil || len(d) != 2 || d[0] != (Difference{"policy_version", `"1"`, `"2"`}) || d[1].Field != "uses" {
		t.Errorf("%v, %v", d, err)
	}
	leaf, err := s.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Sealed){
		"head":   func(s *Sealed) { s.Head = []byte(strings.Replace(string(s.Head), "orders", "profile", 1)) },
		"body":   func(s *Sealed) { s.Body = []byte(strings.Replace(string(s.Body), "Where", "When", 1)) },
		"nonce":  func(s *Sealed) { s.BodyNonce = nonce(bodyNonceSize) },
		"review": func(s *Sealed) { s.Review = []byte(`{"removed":[]}`) },
	} {
		other := s
		change(&other)
		if err := leaf.Is(&other); (err == nil) != (name == "review") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "review" && other.ReviewIs() {
			t.Error("what reviewers see is not what was committed to")
		}
	}
	if leaf.Is(&s) != nil || !s.ReviewIs() {
		t.Error("it is not itself")
	}
}

// BenchmarkProof is the size and the check of a proof in a log of a million leaves.
func BenchmarkProof(b *testing.B) {
	m := newMemory(b)
	_, leaf := sealed(b, example("cit_1"))
	const size = 1_000_000
	for len(m.leaves) < size {
		leaves := make([]string, min(20_000, size-len(m.leaves)))
		for i := range leaves {
			leaves[i] = leaf
		}
		m.add(b, leaves...)
	}
	p := m.proof(b, 567_890)
	for b.Loop() {
		if err := tlog.CheckRecord(p.Hashes, size, m.root, p.Index, tlog.RecordHash([]byte(leaf))); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(p.Hashes)*tlog.HashSize), "B/proof")
}
