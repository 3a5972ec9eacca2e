package store

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"candor/consent"
)

// houseReceipts is the key that signs receipts of consent: made once, so that what
// was published of it holds for good.
const houseReceipts = "house/receipts"

// openReceiptKey opens the key of receipts, and makes it where there is none yet: an
// installation may be older than it.
func (k *Keyring) openReceiptKey(ctx context.Context) error {
	wrapped, err := k.wrappedReceiptKey(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		if err = k.makeReceiptKey(ctx); err == nil {
			wrapped, err = k.wrappedReceiptKey(ctx)
		}
	}
	if err != nil {
		return fmt.Errorf("open the key of receipts: %w", err)
	}
	if k.seed, err = k.master.Decrypt(wrapped, []byte(houseReceipts)); err != nil {
		return ErrWrongMaster
	}
	k.receipts, err = consent.NewReceiptKey(k.seed)
	return err
}

func (k *Keyring) wrappedReceiptKey(ctx context.Context) (wrapped []byte, err error) {
	err = k.db.QueryRowContext(ctx, "SELECT wrapped FROM house WHERE name = ?", houseReceipts).Scan(&wrapped)
	return wrapped, err
}

// makeReceiptKey makes the key; of two processes that do so at once, the first
// one's stays.
func (k *Keyring) makeReceiptKey(ctx context.Context) error {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	wrapped, err := k.master.Encrypt(seed, []byte(houseReceipts))
	if err != nil {
		return err
	}
	return k.write(ctx, func(tx *transaction) error {
		if err := k.current(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO house (name, wrapped) VALUES (?, ?) ON CONFLICT DO NOTHING", houseReceipts, wrapped)
		return err
	})
}

// ReceiptKey returns the key that signs receipts of consent.
func (k *Keyring) ReceiptKey() consent.ReceiptKey { return k.receipts }

// ReceiptKey returns the key that signs receipts of consent.
func (s *Store) ReceiptKey() consent.ReceiptKey { return s.keys.ReceiptKey() }
