package store

import (
	"bytes"
	"container/list"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"candor/identity"
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

// MakeMasterKey writes a new master key to a file, readable by its owner only,
// that is not there yet: whole, or not at all.
func MakeMasterKey(path string) (MasterKey, error) {
	var k MasterKey
	rand.Read(k[:])
	f, err := os.CreateTemp(filepath.Dir(path), "master-*.tmp") // 0600
	if err != nil {
		return k, fmt.Errorf("make the master key: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // a stray file is all that a failure leaves
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(k[:]) + "\n")
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

// ErrKeyDestroyed means that the customer's key is gone: what was sealed under
// it can never be read again.
var ErrKeyDestroyed = errors.New("the key of this customer was destroyed")

// Keyring holds one key for each customer, wrapped by the master key, in a
// database of its own, so that destroying a key and restoring a backup of the
// data do not meet.
type Keyring struct {
	db     *sql.DB
	master tink.AEAD
	mac    []byte // for keyed hashes

	mu    sync.Mutex
	cache map[identity.CustomerID]*list.Element
	order *list.List // most recently used first
}

type cachedKey struct {
	customer identity.CustomerID
	aead     tink.AEAD
}

// maxCachedKeys bounds the unwrapped keys in memory, about 2 KiB each.
const maxCachedKeys = 4096

// OpenKeyring opens the keys database in a file. A master key that did not
// make it is refused before anything is changed.
func OpenKeyring(ctx context.Context, path string, master MasterKey) (*Keyring, error) {
	wrap, err := subtle.NewAESGCM(master[:])
	if err != nil {
		return nil, err
	}
	mac, err := hkdf.Key(sha256.New, master[:], nil, "candor keyed hash", 32)
	if err != nil {
		return nil, err
	}
	db, err := openSQLite(path, "immediate")
	if err != nil {
		return nil, err
	}
	k := &Keyring{db: db, master: wrap, mac: mac, cache: make(map[identity.CustomerID]*list.Element), order: list.New()}
	if err := k.init(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return k, nil
}

func (k *Keyring) init(ctx context.Context) error {
	const schema = `
		CREATE TABLE IF NOT EXISTS keys (
			customer TEXT NOT NULL, generation INTEGER NOT NULL, wrapped BLOB NOT NULL, created BIGINT NOT NULL,
			PRIMARY KEY (customer, generation));
		CREATE TABLE IF NOT EXISTS master (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL);`
	if _, err := k.db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("open the keys database: %w", err)
	}
	const known = "candor"
	var sealed []byte
	err := k.db.QueryRowContext(ctx, "SELECT sealed FROM master").Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		if sealed, err = k.master.Encrypt([]byte(known), []byte("master")); err != nil {
			return err
		}
		_, err = k.db.ExecContext(ctx, "INSERT INTO master (one, sealed) VALUES (1, ?)", sealed)
		return err
	}
	if err != nil {
		return fmt.Errorf("open the keys database: %w", err)
	}
	if plain, err := k.master.Decrypt(sealed, []byte("master")); err != nil || string(plain) != known {
		return errors.New("the master key is not the one that this data was sealed with")
	}
	return nil
}

// Close closes the keys database.
func (k *Keyring) Close() error { return k.db.Close() }

// Create makes the key of a new customer.
func (k *Keyring) Create(ctx context.Context, customer identity.CustomerID) error {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	var wrapped bytes.Buffer
	if err := h.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), k.master, []byte(customer)); err != nil {
		return err
	}
	_, err = k.db.ExecContext(ctx, "INSERT INTO keys (customer, generation, wrapped, created) VALUES (?, 1, ?, ?)",
		customer, wrapped.Bytes(), time.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("store a customer's key: %w", err)
	}
	return nil
}

func (k *Keyring) key(ctx context.Context, customer identity.CustomerID) (tink.AEAD, error) {
	k.mu.Lock()
	if e, ok := k.cache[customer]; ok {
		k.order.MoveToFront(e)
		k.mu.Unlock()
		return e.Value.(cachedKey).aead, nil
	}
	k.mu.Unlock()
	var wrapped []byte
	err := k.db.QueryRowContext(ctx,
		"SELECT wrapped FROM keys WHERE customer = ? ORDER BY generation DESC LIMIT 1", customer).Scan(&wrapped)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrKeyDestroyed
	}
	if err != nil {
		return nil, fmt.Errorf("read a customer's key: %w", err)
	}
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), k.master, []byte(customer))
	if err != nil {
		return nil, fmt.Errorf("unwrap a customer's key: %w", err)
	}
	a, err := aead.New(h)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.cache[customer]; !ok {
		k.cache[customer] = k.order.PushFront(cachedKey{customer, a})
		if k.order.Len() > maxCachedKeys {
			last := k.order.Back()
			k.order.Remove(last)
			delete(k.cache, last.Value.(cachedKey).customer)
		}
	}
	return a, nil
}

// Sealer seals and opens under one customer's key. It does no I/O, so it may be
// used inside a write.
type Sealer struct{ key tink.AEAD }

// For returns the sealer of a customer.
func (k *Keyring) For(ctx context.Context, customer identity.CustomerID) (Sealer, error) {
	key, err := k.key(ctx, customer)
	return Sealer{key}, err
}

// Seal encrypts data. Place is authenticated with it (a table and a key), so
// that sealed data cannot be moved elsewhere.
func (s Sealer) Seal(place string, data []byte) ([]byte, error) {
	return s.key.Encrypt(data, []byte(place))
}

// Open decrypts what Seal made for the same place.
func (s Sealer) Open(place string, sealed []byte) ([]byte, error) {
	b, err := s.key.Decrypt(sealed, []byte(place))
	if err != nil {
		kind, _, _ := strings.Cut(place, "/")
		return nil, fmt.Errorf("open a sealed %s: %w", kind, err)
	}
	return b, nil
}

// sealJSON seals the JSON of v.
func (s Sealer) sealJSON(place string, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return s.Seal(place, b)
}

// openJSON opens what sealJSON made. Its error never holds what was sealed.
func (s Sealer) openJSON(place string, sealed []byte, v any) error {
	b, err := s.Open(place, sealed)
	if err != nil {
		return err
	}
	if json.Unmarshal(b, v) != nil {
		kind, _, _ := strings.Cut(place, "/")
		return fmt.Errorf("a sealed %s does not read", kind)
	}
	return nil
}

// Master returns the sealer of what belongs to no customer.
func (k *Keyring) Master() Sealer { return Sealer{k.master} }

// Hash returns a keyed hash (HMAC-SHA-256, hex) of the parts, for look-ups by a
// value that must not be stored. Domain keeps equal values of different kinds
// apart.
func (k *Keyring) Hash(domain string, parts ...string) string {
	m := hmac.New(sha256.New, k.mac)
	m.Write([]byte(domain))
	for _, p := range parts {
		fmt.Fprintf(m, "\x00%d\x00", len(p))
		m.Write([]byte(p))
	}
	return hex.EncodeToString(m.Sum(nil))
}

// hashSecret is how bearer credentials are stored: they have 256 random bits,
// so a plain hash cannot be searched.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
