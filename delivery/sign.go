package delivery

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Headers of a webhook's request.
const (
	IDHeader        = "webhook-id"
	TimestampHeader = "webhook-timestamp" // seconds since 1970
	SignatureHeader = "webhook-signature"
)

// secretPrefix starts a secret.
const secretPrefix = "whsec_"

// NewSecret returns a fresh secret of 32 bytes.
func NewSecret() string {
	b := make([]byte, 32)
	rand.Read(b)
	return secretPrefix + base64.StdEncoding.EncodeToString(b)
}

// Sign returns the signature of a request, as Standard Webhooks 1.0.0 defines the
// symmetric one: "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body".
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(key) == 0 {
		return "", errors.New("the secret of a webhook does not read")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}
