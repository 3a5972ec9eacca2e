package store_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/store"
)

func TestLoadMasterKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := store.LoadMasterKey("", path); err == nil {
		t.Error("a key was read where there is none")
	}
	made, err := store.MakeMasterKey(path)
	if err != nil || made == (store.MasterKey{}) {
		t.Fatal(err)
	}
	if _, err := store.MakeMasterKey(path); err == nil {
		t.Error("a second key was made in place of the first")
	}
	if again, err := store.LoadMasterKey("", path); err != nil || again != made {
		t.Errorf("read again: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file can be read by others: %v, %v", info.Mode(), err)
	}
	value := base64.StdEncoding.EncodeToString(make([]byte, 32))
	if k, err := store.LoadMasterKey(value, path); err != nil || k == made {
		t.Errorf("a value goes before the file: %v", err)
	}
	for name, bad := range map[string]string{
		"short": base64.StdEncoding.EncodeToString(make([]byte, 31)), "long": base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"not base64": "secret-master-key!", "space": "  ",
	} {
		if _, err := store.LoadMasterKey(bad, path); err == nil || strings.Contains(err.Error(), "secret-master") {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty.key")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.LoadMasterKey("", empty); err == nil {
		t.Error("an empty file is a key")
	}
	if _, err := store.MakeMasterKey(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("a key that cannot be kept was made")
	}
}
