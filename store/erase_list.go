package store

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// erasureLine is a line of an erasure list. Every line says whose it is, so that
// lists can be put together.
type erasureLine struct {
	Installation string `json:"installation"`
	Erasure
}

// WriteErasures writes the erasure list of an installation (State), a line of
// JSON for each entry, oldest first: a later list begins with the earlier one.
func WriteErasures(w io.Writer, installation string, entries []Erasure) error {
	enc := json.NewEncoder(w)
	for _, e := range entries {
		if err := enc.Encode(erasureLine{installation, e}); err != nil {
			return fmt.Errorf("write the erasure list: %w", err)
		}
	}
	return nil
}

// ReadErasures reads what WriteErasures wrote. Entries of another installation
// are refused: they would erase nobody.
func ReadErasures(r io.Reader, installation string) (entries []Erasure, err error) {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		var e erasureLine
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || !e.valid() {
			return nil, fmt.Errorf("line %d is not an entry of an erasure list", n)
		}
		if e.Installation != installation {
			return nil, fmt.Errorf("line %d is of another installation", n)
		}
		entries = append(entries, e.Erasure)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the erasure list: %w", err)
	}
	return entries, nil
}

func (e erasureLine) valid() bool {
	sum, err := hex.DecodeString(e.Customer)
	return err == nil && len(sum) == 32 && e.Generation > 0 && e.At.After(time.Time{})
}

// ErasureList returns the erasure list of the keys database of a URL, and
// changes nothing. Where there is no such database the list is empty.
func ErasureList(ctx context.Context, rawURL string) (entries []Erasure, err error) {
	e, target, err := engineOf(rawURL)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	db, err := look(e, target)
	if err != nil || db == nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var made bool
	if err := db.QueryRowContext(ctx, e.hasTable, "erasures").Scan(&made); err != nil || !made {
		return nil, KeysSchema.failed(err)
	}
	entries, err = erasures(ctx, db)
	return entries, KeysSchema.failed(err)
}
