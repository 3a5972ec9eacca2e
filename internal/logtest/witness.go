package logtest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// CosignedAt is the time on cosignatures, in seconds of Unix time.
const CosignedAt = 1_700_000_000

// cosignatureType is cosignature/v1 in a key (C2SP tlog-cosignature).
const cosignatureType = 4

// Cosigner is the key of a witness.
type Cosigner struct {
	name    string
	private ed25519.PrivateKey
}

var _ note.Signer = (*Cosigner)(nil)

// NewCosigner returns a key that its name alone decides.
func NewCosigner(name string) *Cosigner {
	seed := sha256.Sum256([]byte(name))
	return &Cosigner{name, ed25519.NewKeyFromSeed(seed[:])}
}

func (k *Cosigner) public() []byte {
	return append([]byte{cosignatureType}, k.private[ed25519.SeedSize:]...)
}

// Name returns the witness's name.
func (k *Cosigner) Name() string { return k.name }

// KeyHash returns the hash of the key, as signatures carry it.
func (k *Cosigner) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(k.name+"\n"), k.public()...))
	return binary.BigEndian.Uint32(sum[:])
}

// Verifier returns the key that cosignatures are checked with.
func (k *Cosigner) Verifier() string {
	return fmt.Sprintf("%s+%08x+%s", k.name, k.KeyHash(), base64.StdEncoding.EncodeToString(k.public()))
}

// Sign cosigns the text of a checkpoint.
func (k *Cosigner) Sign(text []byte) ([]byte, error) {
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", CosignedAt, text)
	return append(binary.BigEndian.AppendUint64(nil, CosignedAt), ed25519.Sign(k.private, []byte(message))...), nil
}

// Witness is a witness (C2SP tlog-witness) of one log, whose submission prefix is /log.
type Witness struct {
	*httptest.Server
	Key *Cosigner
	log note.Verifier

	mu       sync.Mutex
	answer   func(http.ResponseWriter) bool
	size     int64
	root     tlog.Hash
	statuses []int
}

// NewWitness returns a witness that has seen nothing of the log with the key.
func NewWitness(tb testing.TB, name, log string) *Witness {
	tb.Helper()
	v, err := note.NewVerifier(log)
	if err != nil {
		tb.Fatal(err)
	}
	w := &Witness{Key: NewCosigner(name), log: v}
	w.Server = httptest.NewServer(http.HandlerFunc(w.serve))
	tb.Cleanup(w.Close)
	return w
}

// Setting is the value of log_witness that names it.
func (w *Witness) Setting() string { return w.URL + "/log " + w.Key.Verifier() }

// Answer has requests answered otherwise, where it returns true.
func (w *Witness) Answer(answer func(http.ResponseWriter) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// Statuses are how the requests ended so far.
func (w *Witness) Statuses() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]int(nil), w.statuses...)
}

func (w *Witness) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answer != nil && w.answer(rw) {
		return
	}
	status, body := w.add(r)
	w.statuses = append(w.statuses, status)
	if status == http.StatusConflict {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // who has gone reads nothing
}

// add does what an add-checkpoint request asks for.
func (w *Witness) add(r *http.Request) (status int, body []byte) {
	b, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/log/add-checkpoint" {
		return http.StatusNotFound, nil
	}
	top, signed, ok := strings.Cut(string(b), "\n\n")
	lines := strings.Split(top, "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(size, 10, 64)
	if !ok || !isOld || err != nil {
		return http.StatusBadRequest, nil
	}
	n, err := note.Open([]byte(signed), note.VerifierList(w.log))
	if err != nil {
		return http.StatusForbidden, nil
	}
	text := strings.Split(n.Text, "\n")
	grown, err := strconv.ParseInt(text[1], 10, 64)
	root, err2 := tlog.ParseHash(text[2])
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		h, err3 := tlog.ParseHash(line)
		err = errors.Join(err, err3)
		proof = append(proof, h)
	}
	switch {
	case err != nil || err2 != nil || old > grown || old == 0 && len(proof) > 0:
		return http.StatusBadRequest, nil
	case old != w.size, old == grown && root != w.root:
		return http.StatusConflict, fmt.Appendf(nil, "%d\n", w.size)
	case old > 0 && old < grown && tlog.CheckTree(proof, grown, root, old, w.root) != nil:
		return http.StatusUnprocessableEntity, nil
	}
	cosigned, err := note.Sign(n, w.Key)
	if err != nil {
		return http.StatusInternalServerError, nil
	}
	w.size, w.root = grown, root
	parts := bytes.SplitAfter(cosigned, []byte("\n"))
	return http.StatusOK, parts[len(parts)-2]
}
