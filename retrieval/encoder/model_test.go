package encoder_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// small is a model of nothing, with a file of its own: random weights, words of
// a few pieces.
type small struct {
	header  map[string]any
	tensors map[string]tensor
	float   map[string][]float32 // the weights as they are before they are rounded
}

type tensor struct {
	kind  string
	shape []int
	bytes []byte
}

const (
	hidden, heads, inner, layers, positions = 64, 4, 96, 2, 20
	begin, end, unknown                     = 0, 1, 2
)

var pieces = []string{"[CLS]", "[SEP]", "[UNK]", "where", "is", "my", "par", "##cel", "order", "?", "the", "tent"}

func newSmall() *small {
	m := &small{tensors: make(map[string]tensor), float: make(map[string][]float32)}
	m.header = map[string]any{
		"format": 1, "name": "small", "licence": "none", "layers": layers, "hidden": hidden, "heads": heads, "inner": inner,
		"positions": positions, "position_offset": 2, "epsilon": 1e-5, "pooling": "mean", "max_tokens": positions - 2,
		"prefix": map[string]string{},
		"tokenizer": map[string]any{
			"type": "wordpiece", "begin": begin, "end": end, "unknown": unknown, "lowercase": true, "clean_text": true, "strip_accents": true, "chinese_chars": true,
		},
	}
	r := rand.New(rand.NewPCG(3, 4))
	var text []byte
	offsets := []uint32{0}
	for _, p := range pieces {
		text = append(text, p...)
		offsets = append(offsets, uint32(len(text)))
	}
	m.put("pieces", "bytes", text, len(text))
	m.put("pieces.offsets", "u32", words32(offsets), len(offsets))
	m.matrix(r, "words", len(pieces), hidden, "words.scales")
	m.floats(r, "positions", .3, positions, hidden)
	m.norm(r, "embeddings.norm")
	for l := range layers {
		at := string(rune('0'+l)) + "."
		for name, shape := range map[string][2]int{
			"query": {hidden, hidden}, "key": {hidden, hidden}, "value": {hidden, hidden}, "attention": {hidden, hidden},
			"inner": {inner, hidden}, "outer": {hidden, inner},
		} {
			m.matrix(r, at+name+".weight", shape[0], shape[1], at+name+".scales")
			m.floats(r, at+name+".bias", .1, shape[0])
		}
		m.norm(r, at+"attention.norm")
		m.norm(r, at+"outer.norm")
	}
	return m
}

func (m *small) put(name, kind string, b []byte, shape ...int) {
	m.tensors[name] = tensor{kind, shape, b}
}

func (m *small) floats(r *rand.Rand, name string, size float64, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(size * r.NormFloat64())
	}
	m.float[name] = values
	m.put(name, "f32", floats32(values), shape...)
}

func (m *small) norm(r *rand.Rand, name string) {
	m.floats(r, name+".bias", .1, hidden)
	m.floats(r, name+".gain", .1, hidden)
	gain := m.float[name+".gain"]
	for i := range gain {
		gain[i]++
	}
	m.put(name+".gain", "f32", floats32(gain), hidden)
}

// matrix is an int8 one with a scale for each row.
func (m *small) matrix(r *rand.Rand, name string, out, in int, scales string) {
	values, by, whole := make([]byte, out*in), make([]float32, out), make([]float32, out*in)
	for i := range out {
		by[i] = float32((.5 + r.Float64()) / 127 / math.Sqrt(float64(in)) * 3)
		for j := range in {
			v := int8(r.IntN(255) - 127)
			values[i*in+j], whole[i*in+j] = byte(v), by[i]*float32(v)
		}
	}
	m.float[name] = whole
	m.put(name, "i8", values, out, in)
	m.put(scales, "f32", floats32(by), out)
}

func floats32(v []float32) []byte {
	var b []byte
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

func words32(v []uint32) []byte {
	var b []byte
	for _, u := range v {
		b = binary.LittleEndian.AppendUint32(b, u)
	}
	return b
}

// file is the model as a file, with a checksum that is right.
func (m *small) file() []byte {
	directory, body := make(map[string]any), []byte{}
	for _, name := range slices.Sorted(maps.Keys(m.tensors)) {
		t := m.tensors[name]
		for len(body)%64 != 0 {
			body = append(body, 0)
		}
		directory[name] = map[string]any{"type": t.kind, "shape": t.shape, "offset": len(body), "size": len(t.bytes)}
		body = append(body, t.bytes...)
	}
	h := maps.Clone(m.header)
	if h["tensors"] == nil {
		h["tensors"] = directory
	}
	head, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	return sealed(head, body)
}

func sealed(head, body []byte) []byte {
	rest := append(binary.LittleEndian.AppendUint32(nil, uint32(len(head))), head...)
	rest = append(rest, body...)
	sum := sha256.Sum256(rest)
	return slices.Concat([]byte("CANDENC1"), sum[:], rest)
}

// vector computes what the encoder should, one step after the other, in float64 and
// without any rounding: BERT as its paper has it.
func (m *small) vector(ids []int32) []float64 {
	n := len(ids)
	row := func(name string, i, width int) []float64 {
		out := make([]float64, width)
		for d := range out {
			out[d] = float64(m.float[name][i*width+d])
		}
		return out
	}
	normalise := func(x []float64, name string) {
		mean, variance := 0.0, 0.0
		for _, v := range x {
			mean += v / float64(len(x))
		}
		for _, v := range x {
			variance += (v - mean) * (v - mean) / float64(len(x))
		}
		for d := range x {
			x[d] = (x[d]-mean)/math.Sqrt(variance+1e-5)*float64(m.float[name+".gain"][d]) + float64(m.float[name+".bias"][d])
		}
	}
	linear := func(x []float64, name string, out int) []float64 {
		y := make([]float64, out)
		for i := range y {
			y[i] = float64(m.float[name+".bias"][i])
			for j, v := range x {
				y[i] += v * float64(m.float[name+".weight"][i*len(x)+j])
			}
		}
		return y
	}
	state := make([][]float64, n)
	for i, id := range ids {
		state[i] = row("words", int(id), hidden)
		for d, v := range row("positions", i+2, hidden) {
			state[i][d] += v
		}
		normalise(state[i], "embeddings.norm")
	}
	for l := range layers {
		at := string(rune('0'+l)) + "."
		q, k, v := make([][]float64, n), make([][]float64, n), make([][]float64, n)
		for i, x := range state {
			q[i], k[i], v[i] = linear(x, at+"query", hidden), linear(x, at+"key", hidden), linear(x, at+"value", hidden)
		}
		const size = hidden / heads
		for i := range state {
			mixed := make([]float64, hidden)
			for h := range heads {
				weights, sum := make([]float64, n), 0.0
				for j := range n {
					dot := 0.0
					for d := h * size; d < (h+1)*size; d++ {
						dot += q[i][d] * k[j][d]
					}
					weights[j] = math.Exp(dot / math.Sqrt(size))
					sum += weights[j]
				}
				for j := range n {
					for d := h * size; d < (h+1)*size; d++ {
						mixed[d] += weights[j] / sum * v[j][d]
					}
				}
			}
			for d, x := range linear(mixed, at+"attention", hidden) {
				state[i][d] += x
			}
		}
		for i := range state {
			normalise(state[i], at+"attention.norm")
			wide := linear(state[i], at+"inner", inner)
			for d, x := range wide {
				wide[d] = x / 2 * (1 + math.Erf(x/math.Sqrt2))
			}
			for d, x := range linear(wide, at+"outer", hidden) {
				state[i][d] += x
			}
			normalise(state[i], at+"outer.norm")
		}
	}
	out, length := make([]float64, hidden), 0.0
	for _, x := range state {
		for d, v := range x {
			out[d] += v / float64(n)
		}
	}
	for _, v := range out {
		length += v * v
	}
	for d := range out {
		out[d] /= math.Sqrt(length)
	}
	return out
}
