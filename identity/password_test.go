package identity

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

// encoded is a hash with small parameters, so that the table is quick.
func encoded(password string, version, memory, time, threads, length int) string {
	salt := []byte("sixteen bytes ok")
	key := argon2.IDKey([]byte(password), salt, uint32(time), uint32(memory), uint8(threads), uint32(length))
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", version, memory, time, threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func TestPassword(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("not a PHC string with the parameters: %s", hash)
	}
	if strings.Contains(hash, "correct") {
		t.Error("the hash holds the password")
	}
	again, err := HashPassword("correct horse")
	if err != nil || again == hash {
		t.Errorf("the same password hashes alike: the salt is not fresh (%v)", err)
	}
	for _, tt := range []struct {
		password string
		want     bool
	}{
		{"correct horse", true}, {"correct horsf", false}, {"", false}, {"correct horse ", false}, {"Correct horse", false},
	} {
		if got := CheckPassword(hash, tt.password); got != tt.want {
			t.Errorf("CheckPassword(%q) = %t", tt.password, got)
		}
	}
}

func TestShortPassword(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"", "short", strings.Repeat("x", MinPassword-1)} {
		if h, err := HashPassword(p); err == nil || h != "" {
			t.Errorf("a password of %d bytes was accepted", len(p))
		} else if p != "" && strings.Contains(err.Error(), p) {
			t.Errorf("the error holds the password: %v", err)
		}
	}
	if _, err := HashPassword(strings.Repeat("x", MinPassword)); err != nil {
		t.Errorf("a password of %d bytes was refused: %v", MinPassword, err)
	}
}

// TestMalformedHash never accepts and never panics.
func TestMalformedHash(t *testing.T) {
	t.Parallel()
	const password = "correct horse"
	good := encoded(password, argon2.Version, 64, 1, 1, argonKeyLen)
	if !CheckPassword(good, password) {
		t.Fatal("other parameters than today's are not understood: old accounts could not sign in")
	}
	for name, hash := range map[string]string{
		"empty":                "",
		"plain text":           password,
		"another algorithm":    strings.Replace(good, "argon2id", "argon2i", 1),
		"another version":      encoded(password, 16, 64, 1, 1, argonKeyLen),
		"no time":              strings.Replace(good, "t=1", "t=0", 1),
		"no threads":           strings.Replace(good, "p=1", "p=0", 1),
		"negative threads":     strings.Replace(good, "p=1", "p=-1", 1),
		"256 threads":          strings.Replace(good, "p=1", "p=256", 1), // would wrap to 0, which panics
		"no memory":            strings.Replace(good, "m=64", "m=0", 1),
		"a terabyte":           strings.Replace(good, "m=64", "m=1073741824", 1),
		"years of time":        strings.Replace(good, "t=1", "t=1000000", 1),
		"parameters missing":   strings.Replace(good, "m=64,", "", 1),
		"no key":               good[:strings.LastIndex(good, "$")+1],
		"a key of 1 byte":      encoded(password, argon2.Version, 64, 1, 1, 1),
		"a cut key":            good[:len(good)-4],
		"a key not of base64":  good[:len(good)-4] + "!!!!",
		"a salt not of base64": strings.Replace(good, "$c2l4", "$!!!!", 1),
		"a part too many":      good + "$",
		"something before it":  "x" + good,
		"another salt":         strings.Replace(good, "$c2l4", "$c2l5", 1),
	} {
		if hash == good {
			t.Errorf("%s: the case changes nothing", name)
		}
		if CheckPassword(hash, password) {
			t.Errorf("%s: accepted", name)
		}
	}
}
