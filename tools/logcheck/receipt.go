package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	receiptType = "candor.answer-receipt/1"
	leafType    = "candor.citation/1"
	proofType   = "c2sp.org/tlog-proof@v1"
)

// checkpoint is a signed tree: how many leaves, and what they hash to.
type checkpoint struct {
	size int64
	root tlog.Hash
}

// maxSize is more leaves than any log has; beyond it the arithmetic of trees has no end.
const maxSize = 1 << 48

// openCheckpoint checks the signature of a checkpoint (C2SP tlog-checkpoint).
func openCheckpoint(file []byte, key note.Verifier) (checkpoint, error) {
	var c checkpoint
	n, err := note.Open(file, note.VerifierList(key))
	if err != nil {
		return c, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != key.Name() {
		return c, fmt.Errorf("it is not one of the log %s", key.Name())
	}
	if c.size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.size < 0 || c.size > maxSize || strconv.FormatInt(c.size, 10) != lines[1] {
		return c, fmt.Errorf("%q is no size of a tree", lines[1])
	}
	c.root, err = tlog.ParseHash(lines[2])
	return c, err
}

// proven is what a receipt proves: that the leaf of its answer is in a signed tree.
type proven struct {
	tree  checkpoint
	index int64
	hash  tlog.Hash
}

// plainlyNamed refuses fields that are there twice, or under another case of their names:
// a reader may see the one that was not checked.
func plainlyNamed(file []byte) error {
	want := map[string]bool{"type": true, "leaf": true, "head": true, "head_nonce": true, "body": true, "body_nonce": true, "proof": true}
	dec := json.NewDecoder(bytes.NewReader(file))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("it is no JSON object")
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		field, _ := name.(string)
		if !want[field] {
			return fmt.Errorf("the field %q is there twice, or does not belong", field)
		}
		delete(want, field)
		if err := namedOnce(dec); err != nil {
			return fmt.Errorf("its %s: %w", field, err)
		}
	}
	if len(want) > 0 {
		return errors.New("a field is missing")
	}
	return nil
}

// namedOnce reads the next value of JSON and refuses two fields of one name, in any case,
// in any object of it.
func namedOnce(dec *json.Decoder) error {
	t, err := dec.Token()
	open, nested := t.(json.Delim)
	if err != nil || !nested {
		return err
	}
	seen := make(map[string]bool)
	for dec.More() {
		if open == '{' {
			t, err := dec.Token()
			if err != nil {
				return err
			}
			name := strings.ToLower(strings.ToUpper(fmt.Sprint(t))) // upper first: ſ is an s
			if seen[name] {
				return fmt.Errorf("the field %q is there twice", name)
			}
			seen[name] = true
		}
		if err := namedOnce(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func checkReceipt(file []byte, key note.Verifier) (proven, error) {
	var r struct {
		Type      string          `json:"type"`
		Leaf      string          `json:"leaf"`
		Head      json.RawMessage `json:"head"`
		HeadNonce []byte          `json:"head_nonce"`
		Body      json.RawMessage `json:"body"`
		BodyNonce []byte          `json:"body_nonce"`
		Proof     string          `json:"proof"`
	}
	var p proven
	if err := plainlyNamed(file); err != nil {
		return p, err
	}
	if err := json.Unmarshal(file, &r); err != nil {
		return p, err
	}
	if r.Type != receiptType {
		return p, fmt.Errorf("it is of type %q, not %q", r.Type, receiptType)
	}
	for _, part := range []struct {
		name        string
		text, nonce []byte
	}{{"head", r.Head, r.HeadNonce}, {"body", r.Body, r.BodyNonce}} {
		var compact bytes.Buffer
		if err := json.Compact(&compact, part.text); err != nil {
			return p, fmt.Errorf("its %s: %w", part.name, err)
		}
		mac := hmac.New(sha256.New, part.nonce)
		mac.Write(compact.Bytes())
		want, err := commitment(r.Leaf, part.name)
		if err != nil {
			return p, err
		}
		if !hmac.Equal(mac.Sum(nil), want) {
			return p, fmt.Errorf("its %s is not what the leaf commits to: it was changed", part.name)
		}
	}
	p.hash = tlog.RecordHash([]byte(r.Leaf))
	proof, signed, ok := strings.Cut(r.Proof, "\n\n")
	if !ok {
		return p, errors.New("its proof has no checkpoint")
	}
	var err error
	if p.tree, err = openCheckpoint([]byte(signed), key); err != nil {
		return p, err
	}
	lines := strings.Split(proof, "\n")
	if lines[0] != proofType {
		return p, fmt.Errorf("its proof is of type %q, not %q", lines[0], proofType)
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return p, errors.New("its proof has no index")
	}
	if p.index, err = strconv.ParseInt(lines[0][len("index "):], 10, 64); err != nil {
		return p, fmt.Errorf("the index of its proof: %w", err)
	}
	path := make(tlog.RecordProof, 0, len(lines)-1)
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return p, err
		}
		path = append(path, h)
	}
	if err := tlog.CheckRecord(path, p.tree.size, p.tree.root, p.index, p.hash); err != nil {
		return p, fmt.Errorf("its leaf is not in the tree: %w", err)
	}
	return p, nil
}

// commitment returns what a leaf says of a part: an HMAC-SHA256, which only its nonce
// opens.
func commitment(leaf, part string) ([]byte, error) {
	lines := strings.Split(strings.TrimSuffix(leaf, "\n"), "\n")
	if lines[0] != leafType {
		return nil, fmt.Errorf("the leaf is of type %q, not %q", lines[0], leafType)
	}
	for _, line := range lines[1:] {
		if value, ok := strings.CutPrefix(line, part+" "); ok {
			b, err := base64.StdEncoding.DecodeString(value)
			if err != nil || len(b) != sha256.Size {
				return nil, fmt.Errorf("the %s of the leaf is no hash", part)
			}
			return b, nil
		}
	}
	return nil, fmt.Errorf("the leaf says nothing of a %s", part)
}
