package citation

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
)

const (
	leafType      = "candor.citation/1"
	leafHour      = "2006-01-02T15Z"
	headNonceSize = 16
	bodyNonceSize = 32
)

// head is the half of an entry that stays: nothing in it says who its customer is once
// their row does not, or what was said.
type head struct {
	ID            string              `json:"id"`
	Kind          Kind                `json:"kind"`
	Opened        string              `json:"opened,omitempty"`
	Answer        string              `json:"answer_id"`
	Attempt       int                 `json:"attempt"`
	Site          identity.SiteID     `json:"site"`
	Customer      identity.CustomerID `json:"customer"`
	Conversation  string              `json:"conversation_id"`
	At            time.Time           `json:"at"`
	Purpose       consent.Purpose     `json:"purpose"`
	Recipient     consent.Recipient   `json:"recipient"`
	Model         string              `json:"model"`
	Language      string              `json:"language"`
	Epoch         int64               `json:"epoch"`
	PolicyVersion string              `json:"policy_version"`
	GPC           bool                `json:"gpc"`
	Status        string              `json:"status"`
	Uses          []headUse           `json:"uses"`
	NotSearched   []NotSearched       `json:"not_searched"`
}

// headUse is a Use without the id of the record, which is the site's numbering of its
// customer's orders.
type headUse struct {
	Category  consent.Category  `json:"category"`
	Recipient consent.Recipient `json:"recipient"`
	GrantID   string            `json:"grant_id,omitempty"`
}

// body is the half that goes with its customer, or when its time is over.
type body struct {
	Said    json.RawMessage `json:"said"`    // Entry.Body
	Records []string        `json:"records"` // the ids, in the order of the head's uses
	// Review is the commitment to what only reviewers see: HMAC-SHA256 under a nonce
	// that they see with it. Empty: there is nothing.
	Review []byte `json:"review,omitempty"`
}

// Head returns the half of an entry that stays, as JSON: equal entries have equal
// bytes.
func (e *Entry) Head() ([]byte, error) {
	h := head{
		ID: e.ID, Kind: e.Kind, Opened: e.Opened, Answer: e.AnswerID, Attempt: e.Attempt, Site: e.Site, Customer: e.Customer,
		Conversation: e.Conversation, At: e.At.UTC(), Purpose: e.Purpose, Recipient: e.Recipient, Model: e.Model, Language: e.Language,
		Epoch: e.Epoch, PolicyVersion: e.PolicyVersion, GPC: e.GPC, Status: e.Status,
		Uses: make([]headUse, len(e.Records)), NotSearched: append([]NotSearched{}, e.NotSearched...),
	}
	for i, u := range e.Records {
		h.Uses[i] = headUse{u.Category, u.Recipient, u.GrantID}
	}
	return json.Marshal(h)
}

// Sealed is an entry as it was made: what is sealed of it, as JSON, and what its leaf is
// made from. All parts are compact JSON whose bytes the commitments are over.
type Sealed struct {
	Head        json.RawMessage `json:"head"`
	HeadNonce   []byte          `json:"head_nonce"`
	Body        json.RawMessage `json:"body"`
	BodyNonce   []byte          `json:"body_nonce"`
	Review      json.RawMessage `json:"review,omitempty"`
	ReviewNonce []byte          `json:"review_nonce,omitempty"`
}

// Seal makes the sealed form of an entry, with fresh nonces.
func (e *Entry) Seal() (Sealed, error) {
	s := Sealed{HeadNonce: nonce(headNonceSize), BodyNonce: nonce(bodyNonceSize)}
	var err error
	if s.Head, err = e.Head(); err != nil {
		return s, err
	}
	b := body{Said: e.Body, Records: make([]string, len(e.Records))}
	for i, u := range e.Records {
		b.Records[i] = u.RecordID
	}
	if e.Review != nil {
		// As it reads after it was sealed as a part of JSON.
		if s.Review, err = json.Marshal(json.RawMessage(e.Review)); err != nil {
			return s, err
		}
		s.ReviewNonce = nonce(bodyNonceSize)
		b.Review = commitment(s.ReviewNonce, s.Review)
	}
	s.Body, err = json.Marshal(b)
	return s, err
}

func nonce(size int) []byte {
	b := make([]byte, size)
	rand.Read(b)
	return b
}

func commitment(nonce, data []byte) []byte {
	m := hmac.New(sha256.New, nonce)
	m.Write(data)
	return m.Sum(nil)
}

// Open returns what was sealed: what was said, what only reviewers see (nil: nothing)
// and the ids of the records.
func (s *Sealed) Open() (said, review []byte, records []string, err error) {
	var b body
	if err := json.Unmarshal(s.Body, &b); err != nil {
		return nil, nil, nil, errors.New("the sealed part of an entry does not read")
	}
	return b.Said, s.Review, b.Records, nil
}

// Leaf is what the public tree holds of an entry. It says nothing about anybody.
type Leaf struct {
	ID     string // the entry's
	Hour   time.Time
	Kind   Kind
	Status string
	// Head and Body commit to the entry's halves: HMAC-SHA256 under their nonces.
	Head, Body []byte
}

// Leaf returns the leaf of a sealed entry.
func (s *Sealed) Leaf() (Leaf, error) {
	h, err := readHead(s.Head)
	if err != nil {
		return Leaf{}, err
	}
	return Leaf{
		ID: h.ID, Hour: h.At.UTC().Truncate(time.Hour), Kind: h.Kind, Status: h.Status,
		Head: commitment(s.HeadNonce, s.Head), Body: commitment(s.BodyNonce, s.Body),
	}, nil
}

func readHead(text []byte) (h head, err error) {
	if json.Unmarshal(text, &h) != nil {
		return h, errors.New("the head of an entry does not read")
	}
	return h, nil
}

// String returns the leaf as the tree has it.
func (l Leaf) String() string {
	return fmt.Sprintf("%s\n%s\n%s\n%s %s\nhead %s\nbody %s\n", leafType, l.ID, l.Hour.UTC().Format(leafHour), l.Kind, l.Status,
		base64.StdEncoding.EncodeToString(l.Head), base64.StdEncoding.EncodeToString(l.Body))
}

// errLeaf means that a leaf does not read.
var errLeaf = errors.New("this is not a leaf of a citation log")

// ParseLeaf reads a leaf. Only what String returns is one.
func ParseLeaf(text string) (Leaf, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 7 || lines[0] != leafType || lines[6] != "" {
		return Leaf{}, errLeaf
	}
	l := Leaf{ID: lines[1]}
	kind, status, _ := strings.Cut(lines[3], " ")
	l.Kind, l.Status = Kind(kind), status
	var err error
	if l.Hour, err = time.Parse(leafHour, lines[2]); err != nil {
		return Leaf{}, errLeaf
	}
	for line, dest := range map[int]*[]byte{4: &l.Head, 5: &l.Body} {
		_, value, _ := strings.Cut(lines[line], " ")
		if *dest, err = base64.StdEncoding.DecodeString(value); err != nil || len(*dest) != sha256.Size {
			return Leaf{}, errLeaf
		}
	}
	if l.String() != text {
		return Leaf{}, errLeaf
	}
	return l, nil
}

// HeadIs reports whether a head is the one that the leaf commits to.
func (l Leaf) HeadIs(head, nonce []byte) bool {
	return hmac.Equal(l.Head, commitment(nonce, head))
}

// Is returns an error that says what of a sealed entry is not what the leaf commits to.
func (l Leaf) Is(s *Sealed) error {
	h, err := readHead(s.Head)
	switch {
	case err != nil:
		return err
	case h.ID != l.ID:
		return fmt.Errorf("the leaf is that of entry %s, and this is %s", l.ID, h.ID)
	case !l.HeadIs(s.Head, s.HeadNonce):
		return errors.New("the head is not the one that the leaf was made from")
	case h.Kind != l.Kind, h.Status != l.Status, !h.At.UTC().Truncate(time.Hour).Equal(l.Hour):
		return errors.New("the leaf's kind, status or hour is not that of the head")
	case !hmac.Equal(l.Body, commitment(s.BodyNonce, s.Body)):
		return errors.New("the body is not the one that the leaf was made from")
	}
	return nil
}

// ReviewIs reports whether what only reviewers see is what the body commits to.
func (s *Sealed) ReviewIs() bool {
	var b body
	if json.Unmarshal(s.Body, &b) != nil {
		return false
	}
	if len(b.Review) == 0 {
		return s.Review == nil
	}
	return hmac.Equal(b.Review, commitment(s.ReviewNonce, s.Review))
}

// Difference is a field of an entry's row that is not what was recorded.
type Difference struct {
	Field string
	Was   string // JSON, as recorded
	Is    string // JSON, as it stands
}

// Differences compares an entry as it stands with its head as it was made, field by
// field, in their order.
func (e *Entry) Differences(recorded []byte) ([]Difference, error) {
	now, err := e.Head()
	if err != nil {
		return nil, err
	}
	if bytes.Equal(now, recorded) {
		return nil, nil
	}
	var was, is map[string]json.RawMessage
	if json.Unmarshal(recorded, &was) != nil || json.Unmarshal(now, &is) != nil {
		return nil, errors.New("the head of an entry does not read")
	}
	var out []Difference
	for _, field := range headFields {
		if !bytes.Equal(was[field], is[field]) {
			out = append(out, Difference{field, string(was[field]), string(is[field])})
		}
	}
	return out, nil
}

// headFields are the fields of a head, in their order.
var headFields = []string{
	"id", "kind", "opened", "answer_id", "attempt", "site", "customer", "conversation_id", "at", "purpose", "recipient",
	"model", "language", "epoch", "policy_version", "gpc", "status", "uses", "not_searched",
}
