package witness

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const (
	// keyType is cosignature/v1 in a verifier key (C2SP tlog-cosignature).
	keyType = 4
	// stampSize is how many bytes of a cosignature are its time.
	stampSize = 8
)

var errKey = errors.New("this is not the key of a witness: it is <name>+<hash>+<key>, of type cosignature/v1")

// verifier checks cosignatures of one witness.
type verifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

var _ note.Verifier = (*verifier)(nil)

// NewVerifier returns what checks the cosignatures of a witness on a checkpoint: Ed25519,
// with the time at which it had seen nothing that contradicts it.
func NewVerifier(vkey string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	hash, key64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(key64)
	h, err2 := strconv.ParseUint(hash, 16, 32)
	if err != nil || err2 != nil || len(hash) != 8 || len(key) != 1+ed25519.PublicKeySize || key[0] != keyType ||
		name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '+' }) {
		return nil, errKey
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	if binary.BigEndian.Uint32(sum[:]) != uint32(h) {
		return nil, fmt.Errorf("%w; a part of it was changed", errKey)
	}
	return &verifier{name, uint32(h), key[1:]}, nil
}

func (v *verifier) Name() string    { return v.name }
func (v *verifier) KeyHash() uint32 { return v.hash }

// Verify reports whether a cosignature is one on the text of a checkpoint.
func (v *verifier) Verify(text, sig []byte) bool {
	if len(sig) != stampSize+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	return at <= math.MaxInt64 && ed25519.Verify(v.key, stamped(at, text), sig[stampSize:])
}

// stamped is what a witness signs.
func stamped(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// Time returns when a cosignature was made, by the witness's clock. The zero time: it is
// no cosignature.
func Time(s note.Signature) time.Time {
	b, err := base64.StdEncoding.DecodeString(s.Base64)
	const id = 4 // bytes of the key's hash before it
	if err != nil || len(b) != id+stampSize+ed25519.SignatureSize {
		return time.Time{}
	}
	return time.Unix(int64(binary.BigEndian.Uint64(b[id:])), 0).UTC()
}

// Cosigned returns when the witness with the key cosigned a checkpoint. Its error says
// that it did not.
func Cosigned(signed []byte, vkey string) (time.Time, error) {
	v, err := NewVerifier(vkey)
	if err != nil {
		return time.Time{}, err
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return time.Time{}, errors.New("the checkpoint has no valid cosignature of this witness")
	}
	return Time(n.Sigs[0]), nil
}
