package citation

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says what a log holds: its first Size leaves have the tree hash Root. It
// is a note of C2SP tlog-checkpoint.
type Checkpoint struct {
	Origin string // which log
	Size   int64
	Root   tlog.Hash
}

// String returns the text of the note that is signed.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ErrNotCheckpoint means that something is no checkpoint, or not of this log.
var ErrNotCheckpoint = errors.New("this is not a checkpoint of a citation log")

// maxSize is more leaves than any log has; beyond it the arithmetic of trees has no end.
const maxSize = 1 << 48

func parseCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.SplitN(text, "\n", 4) // further lines may extend it
	if len(lines) < 4 || lines[0] == "" {
		return c, ErrNotCheckpoint
	}
	c.Origin = lines[0]
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 || c.Size > maxSize || strconv.FormatInt(c.Size, 10) != lines[1] {
		return c, ErrNotCheckpoint
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return c, ErrNotCheckpoint
	}
	copy(c.Root[:], root)
	return c, nil
}

// OpenCheckpoint reads a signed checkpoint and checks that it was signed by the log with
// the verifier key (see LogKey.Verifier).
func OpenCheckpoint(signed []byte, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("this is not the key of a log: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrNotCheckpoint, err)
	}
	c, err := parseCheckpoint(n.Text)
	if err == nil && c.Origin != verifier.Name() {
		err = fmt.Errorf("%w: it is one of %q", ErrNotCheckpoint, c.Origin)
	}
	return c, err
}

// LogKey signs the checkpoints of a log. Its zero value is no key.
type LogKey struct {
	private  ed25519.PrivateKey
	origin   string
	verifier string
	hash     uint32
}

var _ note.Signer = LogKey{}

// NewLogKey returns the key of a seed of 32 random bytes. The log's origin is made from
// it, so that no two logs share one.
func NewLogKey(seed []byte) (LogKey, error) {
	if len(seed) != ed25519.SeedSize {
		return LogKey{}, fmt.Errorf("the seed of a log's key has %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	k := LogKey{private: ed25519.NewKeyFromSeed(seed)}
	public := ed25519.PublicKey(k.private[ed25519.SeedSize:])
	sum := sha256.Sum256(public)
	k.origin = "candor-log-" + hex.EncodeToString(sum[:8])
	var err error
	if k.verifier, err = note.NewEd25519VerifierKey(k.origin, public); err != nil {
		return LogKey{}, err
	}
	v, err := note.NewVerifier(k.verifier)
	if err != nil {
		return LogKey{}, err
	}
	k.hash = v.KeyHash()
	return k, nil
}

// Verifier returns what checkpoints are checked with: <origin>+<hash>+<public key>.
func (k LogKey) Verifier() string { return k.verifier }

// Name returns the log's origin.
func (k LogKey) Name() string { return k.origin }

// KeyHash returns the hash of the public key, as signatures carry it.
func (k LogKey) KeyHash() uint32 { return k.hash }

// Sign signs a text.
func (k LogKey) Sign(text []byte) ([]byte, error) {
	if k.private == nil {
		return nil, errors.New("there is no key to sign checkpoints with")
	}
	return ed25519.Sign(k.private, text), nil
}

// Checkpoint returns the signed checkpoint of a tree.
func (k LogKey) Checkpoint(size int64, root tlog.Hash) ([]byte, error) {
	return note.Sign(&note.Note{Text: Checkpoint{k.origin, size, root}.String()}, k)
}

// LogKeyPath is where a server publishes the verifier key of its log.
const LogKeyPath = "/.well-known/candor-log.txt"
