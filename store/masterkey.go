package store

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// MasterKey wraps the customers' keys. It is 32 random bytes.
type MasterKey [32]byte

// LoadMasterKey reads the master key from a value, base64 of 32 bytes, or where
// that is empty from a file.
func LoadMasterKey(value, path string) (MasterKey, error) {
	if value != "" {
		return parseMasterKey(value)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return MasterKey{}, fmt.Errorf("read the master key: %w", err)
	}
	return parseMasterKey(string(b))
}

// NewMasterKey returns a fresh master key.
func NewMasterKey() (k MasterKey) {
	rand.Read(k[:])
	return k
}

// Encode returns the key as LoadMasterKey reads it.
func (k MasterKey) Encode() string { return base64.StdEncoding.EncodeToString(k[:]) }

// LogValue keeps the key out of logs.
func (MasterKey) LogValue() slog.Value { return slog.StringValue("(a master key)") }

// MakeMasterKey writes a new master key to a file, readable by its owner only,
// that is not there yet: whole, or not at all.
func MakeMasterKey(path string) (MasterKey, error) {
	k := NewMasterKey()
	f, err := os.CreateTemp(filepath.Dir(path), "master-*.tmp") // 0600
	if err != nil {
		return k, fmt.Errorf("make the master key: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // a stray file is all that a failure leaves
	_, err = f.WriteString(k.Encode() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		// A link fails where there is a file: of two processes one makes the key.
		err = os.Link(f.Name(), path)
	}
	if err != nil {
		return k, fmt.Errorf("make the master key: %w", err)
	}
	return k, nil
}

func parseMasterKey(s string) (MasterKey, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil || len(b) != len(MasterKey{}) {
		return MasterKey{}, errors.New("the master key is not base64 of 32 bytes")
	}
	return MasterKey(b), nil
}
