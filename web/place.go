package web

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
)

// placeCursor is the cursor of a list that is not in order of a number alone. It
// is bound to the list, and to whose it is.
func (s *Server) placeCursor(list string, p consent.Place) string {
	if p == (consent.Place{}) {
		return ""
	}
	b := append(binary.BigEndian.AppendUint64(nil, uint64(p.Rank)), p.ID...)
	return base64.RawURLEncoding.EncodeToString(append(s.mac(append([]byte(list+"\x00"), b...)), b...))
}

// readPlace reads a cursor of the list.
func (s *Server) readPlace(list, cursor string) (consent.Place, error) {
	if cursor == "" {
		return consent.Place{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) < macLength+8 || !hmac.Equal(b[:macLength], s.mac(append([]byte(list+"\x00"), b[macLength:]...))) {
		return consent.Place{}, huma.Error400BadRequest("The cursor is not one of this list. Start from its beginning.")
	}
	b = b[macLength:]
	return consent.Place{Rank: int64(binary.BigEndian.Uint64(b)), ID: string(b[8:])}, nil
}
