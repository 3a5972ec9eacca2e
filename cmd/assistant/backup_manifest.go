package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"candor/store"
)

// The files of a backup.
const (
	manifestFile = "manifest.json"
	erasuresFile = "erasures.jsonl"
)

// backupFiles are the databases of a backup.
var backupFiles = map[store.Schema]string{store.DataSchema: "candor.db", store.KeysSchema: "keys.db"}

// manifest says what a backup holds. It is written last: a folder without one
// is no backup.
type manifest struct {
	Format       int       `json:"format"` // 1
	At           time.Time `json:"at"`     // when it was begun: what came later is not in it
	Installation string    `json:"installation"`
	// Files is what there is, by name.
	Files map[string]fileSum `json:"files"`
}

type fileSum struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Schema int64  `json:"schema,omitempty"` // the version of a database's
}

// readManifest reads the manifest of a backup.
func readManifest(dir string) (m manifest, err error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, os.ErrNotExist) {
		return m, fmt.Errorf("%s is no backup, or one that was cut off: it has no %s", dir, manifestFile)
	}
	if err != nil {
		return m, fmt.Errorf("read the backup: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil || m.Format != 1 || m.Installation == "" {
		return m, fmt.Errorf("%s is damaged, or of a newer program", filepath.Join(dir, manifestFile))
	}
	return m, nil
}

// write writes the manifest whole, or not at all.
func (m manifest) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, manifestFile), append(b, '\n'))
}

// writeWhole makes a file, for its owner only, whole or not at all.
func writeWhole(path string, b []byte) error {
	if err := writeFile(path+".tmp", bytes.NewReader(b)); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// writeFile makes a file, for its owner only, and returns when it is durable.
func writeFile(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes durable which files a folder has.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sum is the size and the SHA-256 of a file.
func sum(path string) (fileSum, error) {
	f, err := os.Open(path)
	if err != nil {
		return fileSum{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return fileSum{Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// copyFile copies a file of the backup, and refuses one that is not as the
// manifest says.
func (m manifest) copyFile(dir, name, to string) error {
	want := m.Files[name]
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("read the backup: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	counted := &counter{}
	if err := writeFile(to, io.TeeReader(f, io.MultiWriter(h, counted))); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	if counted.n != want.Size || hex.EncodeToString(h.Sum(nil)) != want.SHA256 {
		return fmt.Errorf("%s is damaged: it is not what was backed up", filepath.Join(dir, name))
	}
	return nil
}

// counter counts what is written to it.
type counter struct{ n int64 }

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
