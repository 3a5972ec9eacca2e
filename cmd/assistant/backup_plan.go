package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// sqliteSuffixes are those of the files of a SQLite database.
var sqliteSuffixes = []string{"", "-wal", "-shm", "-journal"}

// plan is how restored databases come into their place. Once it is written the
// restore happens: what is cut off is ended by the next start, or by running
// restore again. Until then nothing was changed.
type plan struct {
	// Aside are the renames of what is replaced, In those of what replaces it.
	Aside, In []rename
}

type rename struct{ From, To string }

func (c Config) restorePlan() string { return c.path("restore.json") }

var errHalfRestored = errors.New("a restore was cut off: run assistant restore to end it")

// putInPlace replaces the databases, and returns the folders with the old ones.
func (r *restoring) putInPlace() (aside []string, err error) {
	p, aside, err := r.plan()
	if err == nil {
		err = p.write(r.Config)
	}
	if err != nil {
		return nil, err
	}
	_, err = endRestore(r.Config)
	return aside, err
}

// plan plans the renames, and makes the folders for what is replaced.
func (r *restoring) plan() (p plan, aside []string, err error) {
	folders := make(map[string]string) // by the folder of the database
	for _, part := range r.parts {
		path, err := filepath.Abs(file(r.url(part)))
		if err != nil {
			return p, nil, err
		}
		for _, suffix := range sqliteSuffixes {
			if suffix != "" && exists(staged(path)+suffix) {
				return p, nil, fmt.Errorf("%s is still in use", staged(path))
			}
			if !exists(path + suffix) {
				continue
			}
			parent := filepath.Dir(path)
			if folders[parent] == "" {
				if folders[parent], err = os.MkdirTemp(parent, "replaced-"+time.Now().UTC().Format("20060102T150405Z")+"-"); err != nil {
					return p, nil, fmt.Errorf("make a folder for what is replaced: %w", err)
				}
				aside = append(aside, folders[parent])
			}
			p.Aside = append(p.Aside, rename{path + suffix, filepath.Join(folders[parent], filepath.Base(path)+suffix)})
		}
		p.In = append(p.In, rename{staged(path), path})
	}
	return p, aside, nil
}

// write writes the plan: from here on the restore happens.
func (p plan) write(c Config) error {
	b, err := json.MarshalIndent(p, "", "  ")
	if err == nil {
		err = writeWhole(c.restorePlan(), b)
	}
	if err != nil {
		return fmt.Errorf("write down what is to be replaced: %w", err)
	}
	return nil
}

// endRestore ends a restore that was begun, and reports whether there was one.
// The caller has locked the data folder.
func endRestore(c Config) (ended bool, err error) {
	b, err := os.ReadFile(c.restorePlan())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	var p plan
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err == nil {
		err = p.run()
	}
	if err == nil {
		err = os.Remove(c.restorePlan())
	}
	if err == nil {
		err = syncFolder(c.DataDir)
	}
	if err != nil {
		return false, fmt.Errorf("end a restore (%s): %w", c.restorePlan(), err)
	}
	return true, nil
}

// run renames what was not renamed yet.
func (p plan) run() error {
	for _, x := range p.Aside {
		// Where it is aside already, what is in its place is what replaced it.
		if exists(x.To) || !exists(x.From) {
			continue
		}
		if err := os.Rename(x.From, x.To); err != nil {
			return err
		}
	}
	for _, x := range p.In {
		switch from, to := exists(x.From), exists(x.To); {
		case from && to:
			return fmt.Errorf("%s is in the way", x.To)
		case from:
			if err := os.Rename(x.From, x.To); err != nil {
				return err
			}
		case !to:
			return fmt.Errorf("%s is missing", x.From)
		}
	}
	var folders []string
	for _, x := range slices.Concat(p.Aside, p.In) {
		folders = append(folders, filepath.Dir(x.To))
	}
	slices.Sort(folders)
	for _, dir := range slices.Compact(folders) {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	return nil
}
