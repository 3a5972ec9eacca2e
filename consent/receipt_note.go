package consent

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// A receipt file is a signed note (https://c2sp.org/signed-note): the JSON-LD, an
// empty line, and one line with an Ed25519 signature.

// keyName is the name in the keys of receipts. Their hash tells installations apart.
const keyName = "candor-receipts"

// ReceiptKey signs receipts. Its zero value is no key.
type ReceiptKey struct {
	private  ed25519.PrivateKey
	verifier string
	hash     uint32
}

var _ note.Signer = ReceiptKey{}

// NewReceiptKey returns the key of a seed of 32 random bytes.
func NewReceiptKey(seed []byte) (ReceiptKey, error) {
	if len(seed) != ed25519.SeedSize {
		return ReceiptKey{}, fmt.Errorf("the seed of a key of receipts has %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	k := ReceiptKey{private: ed25519.NewKeyFromSeed(seed)}
	var err error
	if k.verifier, err = note.NewEd25519VerifierKey(keyName, ed25519.PublicKey(k.private[ed25519.SeedSize:])); err != nil {
		return ReceiptKey{}, err
	}
	v, err := note.NewVerifier(k.verifier)
	if err != nil {
		return ReceiptKey{}, err
	}
	k.hash = v.KeyHash()
	return k, nil
}

// Verifier returns what the receipts are checked with: <name>+<hash>+<public key>.
func (k ReceiptKey) Verifier() string { return k.verifier }

// Name returns the key's name, as its signatures carry it.
func (k ReceiptKey) Name() string { return keyName }

// KeyHash returns the hash of the public key, as its signatures carry it.
func (k ReceiptKey) KeyHash() uint32 { return k.hash }

// Sign signs a text.
func (k ReceiptKey) Sign(text []byte) ([]byte, error) {
	if k.private == nil {
		return nil, errors.New("there is no key to sign receipts with")
	}
	return ed25519.Sign(k.private, text), nil
}

// File returns the receipt as its customer keeps it: signed, always the same bytes.
func (r Receipt) File(k ReceiptKey) ([]byte, error) {
	text, err := r.JSONLD()
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: string(text)}, k)
}

// MaxReceipt is more than any receipt has, in bytes.
const MaxReceipt = 256 << 10

var (
	errNotReceipt = errors.New("this is not a receipt, or a part of it is missing: a receipt is a JSON text, an empty line and a line with a signature")
	errReceiptKey = errors.New("the key is not one of receipts: it looks like candor-receipts+1234abcd+AbC…")
)

// VerifyReceipt reads a receipt file that was signed with a key. Without a key it
// takes the one that the receipt names: then it says that the receipt is whole, and
// not whose it is. It does no I/O. The error is one sentence, which does not repeat
// what is in the file.
func VerifyReceipt(file []byte, key string) (Receipt, error) {
	var r Receipt
	switch {
	case len(file) == 0:
		return r, errors.New("the file is empty")
	case len(file) > MaxReceipt:
		return r, fmt.Errorf("this is not a receipt: it is longer than %d KiB", MaxReceipt>>10)
	case !utf8.Valid(file):
		return r, errors.New("this is not a receipt: it is not text in UTF-8")
	case bytes.ContainsRune(file, '\r'):
		return r, errors.New("the receipt was changed: its lines end in another way; use the file as it was downloaded")
	}
	split := bytes.LastIndex(file, []byte("\n\n"))
	if split < 0 || !bytes.HasPrefix(file[split+2:], []byte("— ")) {
		return r, errNotReceipt
	}
	text := file[:split+1]
	dec := json.NewDecoder(bytes.NewReader(text))
	if dec.Decode(&r) != nil || r.Type != "dpv:ConsentReceipt" {
		return Receipt{}, errNotReceipt
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Receipt{}, errNotReceipt
	}
	named := key == ""
	if named {
		key = r.Key.Key
	}
	if err := checkSignature(file, key, named); err != nil {
		return Receipt{}, err
	}
	if r.Key.Key != key {
		return Receipt{}, errors.New("the receipt was signed with this key, but names another one")
	}
	return r, r.check()
}

// checkSignature checks that the file has one signature, of the key, and no byte
// that is not signed or part of it.
func checkSignature(file []byte, key string, named bool) error {
	v, err := note.NewVerifier(key)
	switch {
	case err != nil && named:
		return errors.New("the receipt was changed: it names no key that could be one")
	case err != nil:
		return errReceiptKey
	}
	n, err := note.Open(file, note.VerifierList(v))
	var changed *note.InvalidSignatureError
	var other *note.UnverifiedNoteError
	switch {
	case errors.As(err, &changed):
		return errors.New("the receipt was changed, or its signature is forged: the signature does not fit the text")
	case errors.As(err, &other) && named:
		return errors.New("the receipt was changed, or its signature is forged: it is not signed with the key that it names")
	case errors.As(err, &other):
		return errors.New("the receipt is not signed with this key: it is another installation's, or forged")
	case err != nil:
		return errNotReceipt
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return errors.New("the receipt was changed: its signature is written in another way")
	}
	whole := n.Text + "\n— " + n.Sigs[0].Name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	if string(file) != whole {
		return errors.New("the receipt was changed: it has more than one signature")
	}
	return nil
}

// check checks that a receipt is consistent in itself: whoever signs can also err.
func (r Receipt) check() error {
	wrong := func(what string) error {
		return errors.New("the signature fits, but the receipt contradicts itself: " + what)
	}
	e, n := r.Record.Event, r.Record.Notice
	suffix, known := strings.CutPrefix(r.ConformsTo, receiptSchema)
	switch {
	case !known || suffix != "" && suffix != gdprSuffix || r.Record.ConformsTo != recordSchema+suffix:
		return wrong("it follows no schema that is known here")
	case r.ID == "" || r.ID != r.Record.ID:
		return wrong("it is about another event than its record")
	case r.State() == None:
		return wrong("its state is none that is known")
	case e.At.IsZero() || r.Created.Before(e.At):
		return wrong("it was made before what it is about")
	}
	for _, u := range e.Until {
		if u.Time != nil && !u.Time.After(e.At) && (r.State().allows() || r.State() == Deferred) {
			return wrong("it ends before it begins")
		}
	}
	if n.Shown == nil {
		if n.Written.Text != "" {
			return wrong("the notice was written, and not shown")
		}
		return nil
	}
	for _, t := range []ReceiptText{n.Written, *n.Shown} {
		if t.Checksum != checksum(hash(t.Text)) {
			return wrong("the text of the notice is not the one of its hash")
		}
	}
	if branded(n.Written.Text, r.Record.Process.Service.Name) != n.Shown.Text {
		return wrong("the notice that was shown is not the one that was written")
	}
	return nil
}

// allows reports whether the state is one that allows anything.
func (s State) allows() bool { return s == Given || s == Renewed }
