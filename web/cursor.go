package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"candor/consent"
	"candor/identity"
)

const macLength = 16

func (s *Server) mac(list string, place []byte) []byte {
	m := hmac.New(sha256.New, s.CursorKey)
	m.Write([]byte("cursor\x00" + list + "\x00"))
	m.Write(place)
	return m.Sum(nil)[:macLength]
}

// cursor is where a list goes on, for its caller: it cannot be made up, and is bound
// to the list, and to whose it is. The zero Place is the end, which has none.
func (s *Server) cursor(list string, p consent.Place) string {
	if p == (consent.Place{}) {
		return ""
	}
	b := append(binary.BigEndian.AppendUint64(nil, uint64(p.Rank)), p.ID...)
	return base64.RawURLEncoding.EncodeToString(append(s.mac(list, b), b...))
}

// readCursor reads a cursor of the list; without one it is the zero Place.
func (s *Server) readCursor(list, cursor string) (consent.Place, error) {
	if cursor == "" {
		return consent.Place{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) < macLength+8 || !hmac.Equal(b[:macLength], s.mac(list, b[macLength:])) {
		return consent.Place{}, huma.Error400BadRequest("The cursor is not one of this list. Start from its beginning.")
	}
	b = b[macLength:]
	return consent.Place{Rank: int64(binary.BigEndian.Uint64(b)), ID: string(b[8:])}, nil
}

// ledgerPage returns a page of what the customer chose, the newest first, and the
// cursor of the next. A place is how many older ones are left: events are only
// ever added.
func (s *Server) ledgerPage(ctx context.Context, who identity.Principal, cursor string, limit int) (page []consent.Event, next string, err error) {
	list := "events of " + string(who.Customer)
	before, err := s.readCursor(list, cursor)
	if err != nil {
		return nil, "", err
	}
	all, err := s.Gate.History(ctx, who)
	if err != nil {
		return nil, "", err
	}
	if left := int(before.Rank); left > 0 && left < len(all) {
		all = all[:left]
	}
	rest := max(0, len(all)-limit)
	page = slices.Clone(all[rest:])
	slices.Reverse(page)
	return page, s.cursor(list, consent.Place{Rank: int64(rest)}), nil
}
