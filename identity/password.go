package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Parameters of argon2id: the second recommended option of RFC 9106 §4
// (memory in KiB), for machines that serve other requests too.
const (
	argonTime    = 3
	argonMemory  = 64 * 1024
	argonThreads = 4
	argonKeyLen  = 32
	argonSaltLen = 16
)

// MinPassword is the shortest password that is accepted, in characters.
const MinPassword = 12

// HashPassword returns password under argon2id in the PHC string format, with
// its parameters and a fresh salt.
func HashPassword(password string) (string, error) {
	if utf8.RuneCountInString(password) < MinPassword {
		return "", fmt.Errorf("a password needs at least %d characters", MinPassword)
	}
	salt := make([]byte, argonSaltLen)
	rand.Read(salt)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKeyLen)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// CheckPassword reports whether password hashes to encoded, in constant time.
// An encoded value that is empty or malformed takes as long and is false, so
// that an unknown address cannot be told from a wrong password.
func CheckPassword(encoded, password string) bool {
	var version, memory, time, threads int
	var salt, want []byte
	parts := strings.Split(encoded, "$")
	valid := len(parts) == 6 && parts[0] == "" && parts[1] == "argon2id"
	if valid {
		_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
		_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads)
		var err3, err4 error
		salt, err3 = base64.RawStdEncoding.DecodeString(parts[4])
		want, err4 = base64.RawStdEncoding.DecodeString(parts[5])
		// A shorter key would be easier to guess.
		valid = errors.Join(err1, err2, err3, err4) == nil && version == argon2.Version && len(want) == argonKeyLen &&
			memory > 0 && memory <= 1<<20 && time > 0 && time <= 16 && threads > 0 && threads <= 64
	}
	if !valid {
		argon2.IDKey([]byte(password), make([]byte, argonSaltLen), argonTime, argonMemory, argonThreads, argonKeyLen)
		return false
	}
	got := argon2.IDKey([]byte(password), salt, uint32(time), uint32(memory), uint8(threads), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
