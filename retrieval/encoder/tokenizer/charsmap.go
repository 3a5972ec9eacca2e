package tokenizer

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// charsmap is a SentencePiece precompiled_charsmap: a Darts double array
// (https://github.com/s-yata/darts-clone) from character sequences to offsets
// into the replacements, each of which ends in a zero byte.
type charsmap struct {
	units        []byte // little-endian uint32 each
	replacements []byte
}

var errCharsmap = errors.New("tokenizer: malformed charsmap")

// newCharsmap reads the binary form. An empty one changes nothing.
func newCharsmap(raw []byte) (charsmap, error) {
	if len(raw) == 0 {
		return charsmap{}, nil
	}
	if len(raw) < 4 {
		return charsmap{}, errCharsmap
	}
	size := int64(binary.LittleEndian.Uint32(raw))
	if size%4 != 0 || size == 0 || size > int64(len(raw)-4) {
		return charsmap{}, errCharsmap
	}
	return charsmap{units: raw[4 : 4+size], replacements: raw[4+size:]}, nil
}

// unit returns a unit of the double array. One out of range is 0, which has no
// label of a character and no leaf, so that a malformed map matches less.
func (m *charsmap) unit(i uint32) uint32 {
	if uint64(i) >= uint64(len(m.units)/4) {
		return 0
	}
	return binary.LittleEndian.Uint32(m.units[4*i:])
}

// find returns the replacement of the shortest prefix of chunk that the map has.
func (m *charsmap) find(chunk string) (replacement []byte, ok bool) {
	at := offset(m.unit(0))
	for i := range len(chunk) {
		c := chunk[i]
		if c == 0 {
			return nil, false // it ends strings in the array
		}
		at ^= uint32(c)
		u := m.unit(at)
		if u&(1<<31|0xFF) != uint32(c) {
			return nil, false
		}
		at ^= offset(u)
		if u>>8&1 == 0 {
			continue
		}
		start := m.unit(at) & (1<<31 - 1)
		if uint64(start) > uint64(len(m.replacements)) {
			return nil, false
		}
		replacement = m.replacements[start:]
		if end := bytes.IndexByte(replacement, 0); end >= 0 {
			replacement = replacement[:end]
		}
		return replacement, true
	}
	return nil, false
}

// offset is that from a unit to its children.
func offset(unit uint32) uint32 { return unit >> 10 << (unit & (1 << 9) >> 6) }
