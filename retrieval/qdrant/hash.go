package qdrant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	api "github.com/qdrant/go-client/qdrant"

	"candor/identity"
)

// hasher makes the keyed hashes that stand for names on the server.
type hasher struct{ key []byte }

// sum hashes parts, of a kind, so that no two lists of parts give the same bytes.
func (h hasher) sum(kind string, parts ...string) []byte {
	m := hmac.New(sha256.New, h.key)
	m.Write([]byte(kind))
	var n [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		m.Write(n[:])
		m.Write([]byte(p))
	}
	return m.Sum(nil)
}

// knowledge is the tenant of a site's company knowledge.
func (h hasher) knowledge(s identity.SiteID) string {
	return hex.EncodeToString(h.sum("knowledge", string(s)))
}

// record stands for the id of a customer's record.
func (h hasher) record(tenant, id string) string {
	return hex.EncodeToString(h.sum("record", tenant, id)[:16])
}

// words makes the indices of a tenant's terms.
//
// SECURITY: each tenant has hashes of its own. Articles are public: with the same
// hashes in all of them, whoever reads the server could look up there what a
// customer's words are.
func (h hasher) words(tenant string) func(term string) uint32 {
	m := hmac.New(sha256.New, h.sum("words", tenant))
	return func(term string) uint32 {
		m.Reset()
		m.Write([]byte(term))
		return binary.LittleEndian.Uint32(m.Sum(nil))
	}
}

// pointID is a UUID that is made of a keyed hash, so that writing the same thing again
// changes nothing.
type pointID [16]byte

func (h hasher) id(kind string, parts ...string) (id pointID) {
	copy(id[:], h.sum(kind, parts...))
	id[6] = id[6]&0x0f | 0x80 // version 8: of its maker's own
	id[8] = id[8]&0x3f | 0x80
	return id
}

func (id pointID) String() string {
	b := make([]byte, 0, 36)
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return string(b)
}

func (id pointID) wire() *api.PointId { return api.NewIDUUID(id.String()) }

func wire(ids []pointID) []*api.PointId {
	out := make([]*api.PointId, len(ids))
	for i, id := range ids {
		out[i] = id.wire()
	}
	return out
}

// readID reads what String wrote.
func readID(p *api.PointId) (id pointID, ok bool) {
	s := p.GetUuid()
	if len(s) != 36 {
		return id, false
	}
	n, err := hex.Decode(id[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:]))
	return id, err == nil && n == len(id)
}
