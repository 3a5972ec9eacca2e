package store

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"candor/citation"
	"candor/consent"
)

// The signing keys of the house: made once, so that what was published of them holds
// for good.
const (
	houseReceipts = "house/receipts" // of receipts of consent
	houseLog      = "house/log"      // of the checkpoints of the citation log
)

// openSigning opens the signing keys, and makes those that are not there yet: an
// installation may be older than one.
func (k *Keyring) openSigning(ctx context.Context) (err error) {
	k.seeds = make(map[string][]byte)
	for _, name := range []string{houseReceipts, houseLog} {
		if k.seeds[name], err = k.openSeed(ctx, name); err != nil {
			return err
		}
	}
	if k.receipts, err = consent.NewReceiptKey(k.seeds[houseReceipts]); err != nil {
		return err
	}
	k.log, err = citation.NewLogKey(k.seeds[houseLog])
	return err
}

func (k *Keyring) openSeed(ctx context.Context, name string) ([]byte, error) {
	wrapped, err := k.wrappedSeed(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		if err = k.makeSeed(ctx, name); err == nil {
			wrapped, err = k.wrappedSeed(ctx, name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open a signing key: %w", err)
	}
	seed, err := k.master.Decrypt(wrapped, []byte(name))
	if err != nil {
		return nil, ErrWrongMaster
	}
	return seed, nil
}

func (k *Keyring) wrappedSeed(ctx context.Context, name string) (wrapped []byte, err error) {
	err = k.db.QueryRowContext(ctx, "SELECT wrapped FROM house WHERE name = ?", name).Scan(&wrapped)
	return wrapped, err
}

// makeSeed makes a signing key; of two processes that do so at once, the first one's
// stays.
func (k *Keyring) makeSeed(ctx context.Context, name string) error {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	wrapped, err := k.master.Encrypt(seed, []byte(name))
	if err != nil {
		return err
	}
	return k.write(ctx, func(tx *transaction) error {
		if err := k.current(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO house (name, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING", name, wrapped)
		return err
	})
}

// ReceiptKey returns the key that signs receipts of consent.
func (k *Keyring) ReceiptKey() consent.ReceiptKey { return k.receipts }

// LogKey returns the key that signs checkpoints of the citation log.
func (k *Keyring) LogKey() citation.LogKey { return k.log }

// ReceiptKey returns the key that signs receipts of consent.
func (s *Store) ReceiptKey() consent.ReceiptKey { return s.keys.ReceiptKey() }
