package citation

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that a leaf is in a tree: C2SP tlog-proof.
type Proof struct {
	Index      int64
	Hashes     tlog.RecordProof
	Checkpoint []byte // signed
}

const proofType = "c2sp.org/tlog-proof@v1"

// String returns the proof as text.
func (p Proof) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nindex %d\n", proofType, p.Index)
	for _, h := range p.Hashes {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.String()
}

var errProof = errors.New("this is not a proof that something is in a log")

// ParseProof reads a proof. It checks nothing of what the proof says.
func ParseProof(text string) (p Proof, err error) {
	top, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(top, "\n")
	if !ok || lines[0] != proofType || len(lines) > 2+64 {
		return p, errProof
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:] // not ours, and not authenticated
	}
	if len(lines) == 0 {
		return p, errProof
	}
	index, ok := strings.CutPrefix(lines[0], "index ")
	if p.Index, err = strconv.ParseInt(index, 10, 64); !ok || err != nil || p.Index < 0 || strconv.FormatInt(p.Index, 10) != index {
		return p, errProof
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return p, errProof
		}
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	p.Checkpoint = []byte(checkpoint)
	return p, nil
}

// Check checks that a leaf is where the proof says, in the log with the verifier key.
func (p Proof) Check(leaf, key string) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, key)
	if err != nil {
		return c, err
	}
	if p.Index >= c.Size {
		return c, fmt.Errorf("the checkpoint is of %d entries, and entry %d is not among them", c.Size, p.Index)
	}
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, tlog.RecordHash([]byte(leaf))); err != nil {
		return c, errors.New("the proof does not lead from this entry to the checkpoint: one of the two was changed")
	}
	return c, nil
}

// Receipt proves what an entry said. Its customer keeps it, and can show it to anybody.
type Receipt struct {
	Type      string          `json:"type"`
	Leaf      string          `json:"leaf"`
	Head      json.RawMessage `json:"head"`
	HeadNonce []byte          `json:"head_nonce"`
	Body      json.RawMessage `json:"body"`
	BodyNonce []byte          `json:"body_nonce"`
	Proof     string          `json:"proof"`
}

const receiptType = "candor.answer-receipt/1"

// MaxReceipt is more than any receipt has, in bytes.
const MaxReceipt = 1 << 20

// NewReceipt returns the receipt of a sealed entry, without what only reviewers see.
func NewReceipt(s Sealed, leaf string, p Proof) Receipt {
	return Receipt{
		Type: receiptType, Leaf: leaf, Head: s.Head, HeadNonce: s.HeadNonce, Body: s.Body, BodyNonce: s.BodyNonce, Proof: p.String(),
	}
}

// Verified is what a receipt proves.
type Verified struct {
	Entry      Entry // Body is what was said; there is no Review
	Index      int64
	Checkpoint Checkpoint
	// Signed is the checkpoint's note, with the signatures of witnesses that it has.
	Signed *note.Note
}

var errReceipt = errors.New("this is not the receipt of an answer, or a part of it is missing")

// plainlyNamed reports whether the fields of a receipt have their exact names, each once,
// and those within them one each.
// Other readers of JSON take another of two than Go's does, which knows no case either:
// nobody is to see something else in a receipt than what was checked.
func plainlyNamed(file []byte) bool {
	want := map[string]bool{"type": true, "leaf": true, "head": true, "head_nonce": true, "body": true, "body_nonce": true, "proof": true}
	dec := json.NewDecoder(bytes.NewReader(file))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	for dec.More() {
		name, err := dec.Token()
		field, ok := name.(string)
		if err != nil || !ok || !want[field] {
			return false
		}
		delete(want, field)
		if !namedOnce(dec) {
			return false
		}
	}
	return len(want) == 0
}

// namedOnce reads the next value of JSON, and reports whether no object in it has two
// fields of one name, in any case: of those, readers take one or the other.
func namedOnce(dec *json.Decoder) bool {
	t, err := dec.Token()
	open, nested := t.(json.Delim)
	if err != nil || !nested {
		return err == nil
	}
	seen := make(map[string]bool)
	for dec.More() {
		if open == '{' {
			t, err := dec.Token()
			name, ok := t.(string)
			name = strings.ToLower(strings.ToUpper(name)) // upper first: ſ is an s
			if err != nil || !ok || seen[name] {
				return false
			}
			seen[name] = true
		}
		if !namedOnce(dec) {
			return false
		}
	}
	_, err = dec.Token()
	return err == nil
}

// VerifyReceipt checks a receipt with the verifier key of its log, offline. Its error
// says what is wrong.
func VerifyReceipt(file []byte, key string) (v Verified, err error) {
	if len(file) > MaxReceipt {
		return v, errReceipt
	}
	var r Receipt
	if !plainlyNamed(file) || json.Unmarshal(file, &r) != nil || r.Type != receiptType {
		return v, errReceipt
	}
	leaf, err := ParseLeaf(r.Leaf)
	if err != nil {
		return v, err
	}
	s := Sealed{HeadNonce: r.HeadNonce, BodyNonce: r.BodyNonce}
	for _, part := range []struct {
		from json.RawMessage
		to   *json.RawMessage
	}{{r.Head, &s.Head}, {r.Body, &s.Body}} {
		var b bytes.Buffer
		if err := json.Compact(&b, part.from); err != nil {
			return v, errReceipt
		}
		*part.to = b.Bytes()
	}
	if err := leaf.Is(&s); err != nil {
		return v, err
	}
	proof, err := ParseProof(r.Proof)
	if err != nil {
		return v, err
	}
	if v.Checkpoint, err = proof.Check(r.Leaf, key); err != nil {
		return v, err
	}
	v.Index = proof.Index
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return v, err
	}
	if v.Signed, err = note.Open(proof.Checkpoint, note.VerifierList(verifier)); err != nil {
		return v, err
	}
	v.Entry, err = s.entry()
	return v, err
}

// entry reads the entry back.
func (s *Sealed) entry() (Entry, error) {
	h, err := readHead(s.Head)
	if err != nil {
		return Entry{}, err
	}
	said, review, records, err := s.Open()
	if err != nil {
		return Entry{}, err
	}
	if len(records) != len(h.Uses) {
		return Entry{}, errors.New("the body names other records than the head")
	}
	e := Entry{
		ID: h.ID, Kind: h.Kind, Opened: h.Opened, AnswerID: h.Answer, Attempt: h.Attempt, Site: h.Site, Customer: h.Customer,
		Conversation: h.Conversation, At: h.At, Purpose: h.Purpose, Recipient: h.Recipient, Model: h.Model, Language: h.Language,
		Epoch: h.Epoch, PolicyVersion: h.PolicyVersion, GPC: h.GPC, Status: h.Status, NotSearched: h.NotSearched, Body: said, Review: review,
	}
	for i, u := range h.Uses {
		e.Records = append(e.Records, Use{RecordID: records[i], Category: u.Category, Recipient: u.Recipient, GrantID: u.GrantID})
	}
	return e, nil
}
