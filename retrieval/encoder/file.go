package encoder

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"unsafe"

	"candor/retrieval/encoder/tokenizer"
	"candor/retrieval/vector"
)

// ErrModel means that a file is no model, or not a whole one.
var ErrModel = errors.New("not a model file of the encoder")

// A model file is, in this order:
//
//	magic     8 bytes, "CANDENC1"
//	checksum  32 bytes, the SHA-256 of all that follows
//	length    4 bytes, little endian, of the header
//	header    JSON, padded with spaces
//	tensors   each at a multiple of 64 bytes from the first
//
// tools/encoder makes such files, and its README names the tensors.
const (
	magic     = "CANDENC1"
	headStart = len(magic) + sha256.Size + 4
	// maxSide bounds every dimension, so that sizes do not overflow.
	maxSide = 1 << 20
)

// header is the JSON of a model file.
type header struct {
	Format         int               `json:"format"`
	Name           string            `json:"name"`
	Source         string            `json:"source"`
	Licence        string            `json:"licence"`
	Layers         int               `json:"layers"`
	Hidden         int               `json:"hidden"`
	Heads          int               `json:"heads"`
	Inner          int               `json:"inner"`
	Positions      int               `json:"positions"`
	PositionOffset int               `json:"position_offset"`
	Epsilon        float32           `json:"epsilon"`
	Pooling        string            `json:"pooling"`
	MaxTokens      int               `json:"max_tokens"`
	Prefix         map[string]string `json:"prefix"`
	Tokenizer      struct {
		Type         string `json:"type"`
		Begin        int32  `json:"begin"`
		End          int32  `json:"end"`
		Unknown      int32  `json:"unknown"`
		CleanText    bool   `json:"clean_text"`
		ChineseChars bool   `json:"chinese_chars"`
		Lowercase    bool   `json:"lowercase"`
		StripAccents bool   `json:"strip_accents"`
	} `json:"tokenizer"`
	Tensors map[string]tensor `json:"tensors"`
}

type tensor struct {
	Type   string `json:"type"`
	Shape  []int  `json:"shape"`
	Offset int    `json:"offset"`
	Size   int    `json:"size"`
}

// elementBits is how many bits one element of a tensor takes; the shape of an
// i4 tensor counts its bytes.
var elementBits = map[string]int{"bytes": 8, "i8": 8, "i4": 8, "f16": 16, "f32": 32, "u32": 32}

// reader takes tensors from a file. The first fault stays, and what is asked
// for afterwards is empty.
type reader struct {
	header header
	body   []byte
	err    error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrModel}, args...)...)
	}
}

// open checks a file against its checksum and reads its header.
func open(file []byte) (*reader, string, error) {
	r := &reader{}
	if len(file) < headStart || string(file[:len(magic)]) != magic {
		r.fail("it does not begin as one")
		return nil, "", r.err
	}
	sum := sha256.Sum256(file[len(magic)+sha256.Size:])
	if !bytes.Equal(sum[:], file[len(magic):len(magic)+sha256.Size]) {
		r.fail("its checksum is wrong: it was cut short or changed, so fetch it again")
		return nil, "", r.err
	}
	length := int(binary.LittleEndian.Uint32(file[headStart-4:]))
	if length > len(file)-headStart {
		r.fail("its header is cut short")
		return nil, "", r.err
	}
	if err := json.Unmarshal(file[headStart:headStart+length], &r.header); err != nil {
		r.fail("its header does not read: %v", err)
		return nil, "", r.err
	}
	r.body = file[headStart+length:]
	r.checkHeader()
	return r, hex.EncodeToString(sum[:6]), r.err
}

func (r *reader) checkHeader() {
	h := &r.header
	for name, n := range map[string]int{
		"layers": h.Layers, "hidden": h.Hidden, "heads": h.Heads, "inner": h.Inner, "positions": h.Positions, "max_tokens": h.MaxTokens,
	} {
		if n < 1 || n > maxSide {
			r.fail("%s is %d", name, n)
		}
	}
	switch {
	case r.err != nil:
	case h.Format != 1:
		r.fail("its format is %d, and only 1 is known here", h.Format)
	case h.Hidden%h.Heads != 0 || h.Hidden%groupSize != 0:
		r.fail("%d dimensions do not divide into %d heads or into groups of %d", h.Hidden, h.Heads, groupSize)
	case h.PositionOffset < 0 || h.MaxTokens+h.PositionOffset > h.Positions || h.MaxTokens < 3:
		r.fail("%d tokens do not fit %d positions", h.MaxTokens, h.Positions)
	case h.Pooling != "mean" && h.Pooling != "cls":
		r.fail("pooling %q is neither mean nor cls", h.Pooling)
	case !(h.Epsilon >= 0 && h.Epsilon < 1):
		r.fail("epsilon is %v", h.Epsilon)
	}
}

// raw returns the bytes of a tensor of the type and shape. A dimension of -1 is
// whatever it is in the file.
func (r *reader) raw(name, kind string, shape ...int) ([]byte, []int) {
	if r.err != nil {
		return nil, nil
	}
	t, ok := r.header.Tensors[name]
	if !ok {
		r.fail("it has no %s", name)
		return nil, nil
	}
	good := t.Type == kind && len(t.Shape) == len(shape)
	elements := 1
	for i := 0; good && i < len(shape); i++ {
		good = t.Shape[i] >= 0 && t.Shape[i] <= len(r.body) && (shape[i] < 0 || shape[i] == t.Shape[i])
		elements *= t.Shape[i]
		good = good && elements >= 0 && elements <= len(r.body)
	}
	if good = good && t.Size == elements*elementBits[kind]/8; !good {
		r.fail("%s is %s %v of %d bytes, want %s %v", name, t.Type, t.Shape, t.Size, kind, shape)
		return nil, nil
	}
	if t.Offset < 0 || t.Offset%64 != 0 || t.Size < 0 || t.Offset > len(r.body)-t.Size {
		r.fail("%s lies outside of it", name)
		return nil, nil
	}
	return r.body[t.Offset : t.Offset+t.Size], t.Shape
}

func (r *reader) int8s(name string, shape ...int) []int8 {
	b, _ := r.raw(name, "i8", shape...)
	return unsafe.Slice((*int8)(unsafe.Pointer(unsafe.SliceData(b))), len(b))
}

func (r *reader) floats(name string, shape ...int) []float32 {
	b, _ := r.raw(name, "f32", shape...)
	out := make([]float32, len(b)/4)
	for i := range out {
		f := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if f != f || math.IsInf(float64(f), 0) {
			r.fail("%s holds what is no number, at %d", name, i)
			return nil
		}
		out[i] = f
	}
	return out
}

// half returns the float32 of an IEEE 754 binary16.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch exponent {
	case 0: // subnormal: fraction · 2⁻²⁴
		f := float32(fraction) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(f))
	case 31:
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// halves returns a tensor of f16 as float32.
func (r *reader) halves(name string, shape ...int) []float32 {
	b, _ := r.raw(name, "f16", shape...)
	out := make([]float32, len(b)/2)
	for i := range out {
		f := half(binary.LittleEndian.Uint16(b[2*i:]))
		if f != f || math.IsInf(float64(f), 0) {
			r.fail("%s holds what is no number, at %d", name, i)
			return nil
		}
		out[i] = f
	}
	return out
}

// pieces are the vocabulary, by id. They lie in the file.
func (r *reader) pieces() []string {
	blob, _ := r.raw("pieces", "bytes", -1)
	raw, shape := r.raw("pieces.offsets", "u32", -1)
	if r.err != nil {
		return nil
	}
	n := shape[0] - 1
	pieces := make([]string, max(n, 0))
	at := uint32(0)
	for i := range pieces {
		end := binary.LittleEndian.Uint32(raw[4*(i+1):])
		if end < at || int(end) > len(blob) {
			r.fail("piece %d lies outside of its text", i)
			return nil
		}
		pieces[i] = unsafe.String(unsafe.SliceData(blob[at:]), int(end-at))
		at = end
	}
	return pieces
}

// tokenizer makes the file's tokenizer.
func (r *reader) tokenizer(pieces []string) tokenizer.Tokenizer {
	if r.err != nil {
		return nil
	}
	n, t := len(pieces), r.header.Tokenizer
	for name, id := range map[string]int32{"begin": t.Begin, "end": t.End, "unknown": t.Unknown} {
		if id < 0 || int(id) >= n {
			r.fail("the %s token is %d of %d", name, id, n)
			return nil
		}
	}
	switch t.Type {
	case "unigram":
		charsmap, _ := r.raw("charsmap", "bytes", -1)
		scores := r.floats("pieces.scores", n)
		if r.err != nil {
			return nil
		}
		u, err := tokenizer.NewUnigram(pieces, scores, charsmap, t.Unknown)
		if err != nil {
			r.fail("its tokenizer: %v", err)
		}
		return u
	case "wordpiece":
		w, err := tokenizer.NewWordPiece(pieces, tokenizer.BERT{CleanText: t.CleanText, ChineseChars: t.ChineseChars, Lowercase: t.Lowercase, StripAccents: t.StripAccents})
		if err != nil {
			r.fail("its tokenizer: %v", err)
		}
		return w
	}
	r.fail("tokenizer %q is neither unigram nor wordpiece", t.Type)
	return nil
}

// matrix packs some weight matrices of the same input, one below the other, with
// their biases. Each may be multiplied by a constant, which goes into its scales.
func (r *reader) matrix(in int, parts ...part) (*vector.Matrix, []float32) {
	var weights []int8
	var scales, bias []float32
	for _, p := range parts {
		w := r.int8s(p.name+".weight", p.out, in)
		s, b := r.floats(p.name+".scales", p.out), r.floats(p.name+".bias", p.out)
		if r.err != nil {
			return nil, nil
		}
		if len(parts) == 1 {
			weights = w
		} else {
			weights = append(weights, w...)
		}
		for i := range s {
			s[i] *= p.times
			b[i] *= p.times
		}
		scales, bias = append(scales, s...), append(bias, b...)
	}
	return vector.NewMatrix(weights, scales, len(scales), in), bias
}

// part is one weight matrix of a file.
type part struct {
	name  string
	out   int
	times float32
}

// OpenFile reads a model file and checks it. The error is one line and names
// the file; it wraps ErrModel where the content is at fault.
func OpenFile(name string) (*Encoder, error) {
	file, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("the encoder's model: %w", err)
	}
	e, err := New(file)
	if err != nil {
		return nil, fmt.Errorf("the encoder's model %s: %w", name, err)
	}
	return e, nil
}
