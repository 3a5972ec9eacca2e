package identity

import (
	"crypto/rand"
	"encoding/base32"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns a fresh identifier: prefix, an underscore and 128 random bits
// in Crockford base32 (26 lower-case characters). It carries no time and no
// meaning, so it may be shown to anyone.
func NewID(prefix string) string {
	return prefix + "_" + randomText(16)
}

// NewSecret returns prefix, an underscore and 256 random bits in the same
// alphabet: a bearer credential, of which only a hash is ever stored.
func NewSecret(prefix string) string {
	return prefix + "_" + randomText(32)
}

func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand aborts the program instead
	return idEncoding.EncodeToString(b)
}
