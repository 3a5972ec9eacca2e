package store

import (
	"bytes"
	"container/list"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"candor/citation"
	"candor/consent"
	"candor/identity"
)

// ErrKeyDestroyed means that the customer's key is gone: what was sealed under
// it can never be read again.
var ErrKeyDestroyed = fmt.Errorf("%w: their key was destroyed", consent.ErrUnknownCustomer)

// Keyring holds one key for each customer, wrapped by the master key, in a
// database of its own, so that destroying a key and restoring a backup of the
// data do not meet.
type Keyring struct {
	db       *pool
	made     []byte    // the house's key, as the master key wrapped it
	master   tink.AEAD // wraps every other key, and seals nothing else
	house    tink.AEAD // for what belongs to no customer
	mac      []byte    // for keyed hashes
	receipts consent.ReceiptKey
	log      citation.LogKey
	seeds    map[string][]byte // of the signing keys, by their names: for Rewrap

	mu    sync.Mutex
	cache map[identity.CustomerID]*list.Element
	order *list.List // most recently used first
	// destroyed counts the keys that were destroyed here.
	destroyed int
}

type cachedKey struct {
	customer identity.CustomerID
	aead     tink.AEAD
}

// maxCachedKeys bounds the unwrapped keys in memory, about 2 KiB each.
const maxCachedKeys = 4096

// ErrWrongMaster means that another master key wrapped the keys.
var ErrWrongMaster = errors.New("the master key is not the one that this data was sealed with")

// OpenKeyring opens the keys database of a URL (sqlite:PATH, or postgres:). A
// master key that did not make it is refused (ErrWrongMaster) before anything is
// changed, and so is a database that holds something else.
func OpenKeyring(ctx context.Context, rawURL string, master MasterKey) (*Keyring, error) {
	wrap, err := subtle.NewAESGCM(master[:])
	if err != nil {
		return nil, err
	}
	e, target, err := engineOf(rawURL)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	db, err := newPool(e, target, forKeys)
	if err != nil {
		return nil, err
	}
	k := &Keyring{db: db, master: wrap, cache: make(map[identity.CustomerID]*list.Element), order: list.New()}
	if err := k.init(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return k, nil
}

// HasKeys reports whether the keys database of a URL holds keys, and changes
// nothing.
func HasKeys(ctx context.Context, rawURL string) (ok bool, err error) {
	e, target, err := engineOf(rawURL)
	if err != nil {
		return false, fmt.Errorf("keys: %w", err)
	}
	db, err := newPool(e, target, forReading)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.QueryRowContext(ctx, e.hasTable, "house").Scan(&ok); err != nil || !ok {
		return false, err
	}
	err = db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM house)").Scan(&ok)
	return ok, err
}

// The keys of the house: they are made once, and the master key can be replaced
// without touching what they sealed.
const (
	houseAEAD = "house/aead"
	houseMAC  = "house/mac"
)

func (k *Keyring) init(ctx context.Context) error {
	has := func(table string) (ok bool, err error) {
		err = k.db.QueryRowContext(ctx, k.db.engine.hasTable, table).Scan(&ok)
		return ok, err
	}
	used, err := has("house")
	if err != nil {
		return fmt.Errorf("open the keys database: %w", err)
	}
	if used {
		// Before the schema is touched: it may be somebody else's.
		if err := k.openHouse(ctx); err != nil && !errors.Is(err, errNoHouse) {
			return err
		}
	}
	switch data, err := has("customers"); {
	case err != nil:
		return fmt.Errorf("open the keys database: %w", err)
	case data:
		return errors.New("keys names the database of the data: the keys need one of their own, with a backup of its own")
	}
	if err := k.db.migrate(ctx, "keys-"+k.db.engine.name); err != nil {
		return fmt.Errorf("the keys database: %w", err)
	}
	if err := k.db.settled(ctx); err != nil {
		return fmt.Errorf("the keys database: %w", err)
	}
	if k.house == nil {
		if err := k.makeHouse(ctx); err != nil {
			return fmt.Errorf("make the keys database: %w", err)
		}
		if err := k.openHouse(ctx); err != nil {
			return err
		}
	}
	return k.openSigning(ctx)
}

// errNoHouse means that the keys of the house were not made yet.
var errNoHouse = errors.New("the keys database is empty")

func (k *Keyring) openHouse(ctx context.Context) error {
	var mac []byte
	for name, dest := range map[string]*[]byte{houseAEAD: &k.made, houseMAC: &mac} {
		err := k.db.QueryRowContext(ctx, "SELECT wrapped FROM house WHERE name = ?", name).Scan(dest)
		if errors.Is(err, sql.ErrNoRows) {
			return errNoHouse
		}
		if err != nil {
			return fmt.Errorf("open the keys database: %w", err)
		}
	}
	var err error
	if k.mac, err = k.master.Decrypt(mac, []byte(houseMAC)); err != nil {
		return ErrWrongMaster
	}
	k.house, err = unwrap(k.made, k.master, houseAEAD)
	return err
}

// makeHouse makes the keys of the house; of two processes that start at once,
// the first one's stay.
func (k *Keyring) makeHouse(ctx context.Context) error {
	set, err := newKeyset(k.master, houseAEAD)
	if err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	mac, err := k.master.Encrypt(secret, []byte(houseMAC))
	if err != nil {
		return err
	}
	return k.write(ctx, func(tx *transaction) error {
		// In one transaction and one order: the two belong together.
		_, err = tx.ExecContext(ctx, "INSERT INTO house (name, wrapped) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING",
			houseAEAD, set, houseMAC, mac)
		return err
	})
}

// write runs fn in a transaction.
func (k *Keyring) write(ctx context.Context, fn func(tx *transaction) error) error {
	return k.db.inTx(ctx, fn)
}

// newKeyset makes a key and wraps it, bound to whose it is.
func newKeyset(master tink.AEAD, whose string) ([]byte, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	return wrap(h, master, whose)
}

func wrap(h *keyset.Handle, master tink.AEAD, whose string) ([]byte, error) {
	var wrapped bytes.Buffer
	err := h.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), master, []byte(whose))
	return wrapped.Bytes(), err
}

func handle(wrapped []byte, master tink.AEAD, whose string) (*keyset.Handle, error) {
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), master, []byte(whose))
	if err != nil {
		return nil, fmt.Errorf("unwrap a key: %w", err)
	}
	return h, nil
}

func unwrap(wrapped []byte, master tink.AEAD, whose string) (tink.AEAD, error) {
	h, err := handle(wrapped, master, whose)
	if err != nil {
		return nil, err
	}
	return aead.New(h)
}

// Rewrap wraps every key by another master key, in one transaction, and returns
// how many there were. What was sealed stays as it is. Nobody else may use the
// keys database meanwhile; afterwards the other master key opens it.
func (k *Keyring) Rewrap(ctx context.Context, next MasterKey) (n int, err error) {
	master, err := subtle.NewAESGCM(next[:])
	if err != nil {
		return 0, err
	}
	var made []byte
	err = k.write(ctx, func(tx *transaction) error {
		if made, err = k.rewrapped(k.made, master, houseAEAD); err != nil {
			return err
		}
		mac, err := master.Encrypt(k.mac, []byte(houseMAC))
		if err != nil {
			return err
		}
		house := map[string][]byte{houseAEAD: made, houseMAC: mac}
		for name, seed := range k.seeds {
			if house[name], err = master.Encrypt(seed, []byte(name)); err != nil {
				return err
			}
		}
		for name, wrapped := range house {
			if _, err := tx.ExecContext(ctx, "UPDATE house SET wrapped = ? WHERE name = ?", wrapped, name); err != nil {
				return err
			}
		}
		// After the house, on which Create waits.
		n, err = k.rewrapCustomers(ctx, tx, master)
		return err
	})
	if err != nil {
		return 0, err
	}
	k.master, k.made = master, made
	return n, nil
}

func (k *Keyring) rewrapCustomers(ctx context.Context, tx *transaction, master tink.AEAD) (int, error) {
	type row struct {
		customer   string
		generation int
		wrapped    []byte
	}
	rows, err := collect(ctx, tx, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.customer, &r.generation, &r.wrapped)
		return r, err
	}, "SELECT customer, generation, wrapped FROM keys")
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		again, err := k.rewrapped(r.wrapped, master, r.customer)
		if err != nil {
			return 0, err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE keys SET wrapped = ? WHERE customer = ? AND generation = ?", again, r.customer, r.generation); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func (k *Keyring) rewrapped(wrapped []byte, master tink.AEAD, whose string) ([]byte, error) {
	h, err := handle(wrapped, k.master, whose)
	if err != nil {
		return nil, err
	}
	return wrap(h, master, whose)
}

// Close closes the keys database.
func (k *Keyring) Close() error { return k.db.Close() }

// Create makes the key of a new customer.
func (k *Keyring) Create(ctx context.Context, customer identity.CustomerID) error {
	wrapped, err := newKeyset(k.master, string(customer))
	if err != nil {
		return err
	}
	return k.write(ctx, func(tx *transaction) error {
		err := k.current(ctx, tx)
		if err == nil {
			_, err = tx.ExecContext(ctx, "INSERT INTO keys (customer, generation, wrapped, created) VALUES (?, 1, ?, now_micros())", customer, wrapped)
		}
		if err != nil {
			return fmt.Errorf("store a customer's key: %w", err)
		}
		return nil
	})
}

// current keeps anything from being wrapped by a master key that was replaced
// meanwhile, or in a database that was moved.
func (k *Keyring) current(ctx context.Context, tx *transaction) error {
	var moved string
	err := tx.QueryRowContext(ctx, "SELECT COALESCE((SELECT moved FROM installation), '') FROM house WHERE name = ? AND wrapped = ?"+k.db.engine.share,
		houseAEAD, k.made).Scan(&moved)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = ErrWrongMaster
	case err == nil && moved != "":
		err = movedTo(moved)
	}
	return err
}

func (k *Keyring) key(ctx context.Context, customer identity.CustomerID) (tink.AEAD, error) {
	k.mu.Lock()
	if e, ok := k.cache[customer]; ok {
		k.order.MoveToFront(e)
		k.mu.Unlock()
		return e.Value.(cachedKey).aead, nil
	}
	destroyed := k.destroyed
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
	a, err := unwrap(wrapped, k.master, string(customer))
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// One that was read before it was destroyed is not kept.
	if _, ok := k.cache[customer]; !ok && k.destroyed == destroyed {
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

// House returns the sealer of what belongs to no customer.
func (k *Keyring) House() Sealer { return Sealer{k.house} }

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
