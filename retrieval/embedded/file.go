package embedded

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"candor/identity"
	"candor/retrieval"
)

// A file holds the knowledge of a site as it was indexed, so that a start need not
// cut and analyse it again. It is a copy: whatever is wrong with it, the store is
// read instead. It is laid out as
//
//	magic, fingerprint, site, space, version of the store
//	articles: id, audience, time, text, number of passages, of each start, end, length
//	the public part, the internal part: scales, vectors, terms with their postings
//	CRC-32C of everything before
//
// with numbers as uvarints where nothing else is said. Passages are numbered in the
// order of their articles, from 0 in each part.

const magic = "candor index 1\n"

// errFile says that a file is none that can be used, and why.
var errFile = errors.New("the index file is not used")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fingerprint changes when records are cut or analysed in another way: what was
// indexed then would not meet the questions of now.
var fingerprint = sync.OnceValue(func() [sha256.Size]byte {
	h := sha256.New()
	for _, text := range []string{
		"# Returns\nYou can't return what was worn; the courier's fee of €4.90 (see FH-10234) isn't refunded. Write to help@example.com by 12/03/2026!\n",
		"## Devoluções\nAs devoluções são grátis durante trinta dias. Não aceitamos botas usadas, nem peças cortadas à medida.\n",
		"### Garantía\nLos artículos tienen garantía de dos años; ¿dónde está mi pedido? Ésta es la respuesta más rápida.\n",
		"Повернення\n=========\nЗамовлення доставляємо за три дні. Де моя посилка? Зв'яжіться з нами, і ми повернемо гроші.\n",
		"* Возврат денег занимает пять рабочих дней.\n* Заказы доставляются курьером, ещё быстрее — самовывозом.\n",
	} {
		for range 40 { // long enough to be cut
			text += " " + text[:min(len(text), 400)]
			if len(text) > 4000 {
				break
			}
		}
		for _, p := range retrieval.Split(retrieval.Record{ID: "r", Title: "Where is my parcel?", Text: text, Fields: map[string]string{"status": "sent"}}) {
			fmt.Fprintln(h, p.ID, p.Start, p.End, p.Length)
			for _, t := range slices.Sorted(maps.Keys(p.Terms)) {
				fmt.Fprintln(h, t, p.Terms[t])
			}
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
})

// fileName is that of a site's file.
func fileName(dir string, id identity.SiteID) string {
	sum := sha256.Sum256([]byte(id))
	return filepath.Join(dir, "knowledge-"+hex.EncodeToString(sum[:8])+".idx")
}

// encode returns the file of the site. The caller holds refresh.
func (s *site) encode() []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := []byte(magic)
	sum := fingerprint()
	b = append(b, sum[:]...)
	b = appendText(b, string(s.id))
	b = appendText(b, s.space.String())
	b = binary.AppendVarint(b, s.version)
	b = binary.AppendUvarint(b, uint64(len(s.articles)))
	numbers := map[*part][]uint32{ // of each place, which passage it is, from 1
		s.public: make([]uint32, len(s.public.passages)), s.internal: make([]uint32, len(s.internal.passages)),
	}
	places := make(map[*part][]uint32)
	for _, id := range slices.Sorted(maps.Keys(s.articles)) {
		a := s.articles[id]
		b = appendText(b, id)
		audience := byte(0)
		if a.internal {
			audience = 1
		}
		b = append(b, audience)
		b = binary.AppendVarint(b, a.at)
		b = append(b, a.text[:]...)
		b = binary.AppendUvarint(b, uint64(len(a.places)))
		x := s.part(a.internal)
		for _, n := range a.places {
			p := x.passages[n]
			places[x] = append(places[x], n)
			numbers[x][n] = uint32(len(places[x])) //nolint:gosec // there are fewer
			b = binary.AppendUvarint(b, uint64(p.start))
			b = binary.AppendUvarint(b, uint64(p.end))
			b = binary.AppendUvarint(b, uint64(p.length))
		}
	}
	b = s.public.encode(b, places[s.public], numbers[s.public])
	b = s.internal.encode(b, places[s.internal], numbers[s.internal])
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func (x *part) encode(b []byte, places, numbers []uint32) []byte {
	for _, n := range places {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x.scales[n]))
	}
	for _, n := range places {
		for _, v := range x.vectors[int(n)*x.dimension : int(n+1)*x.dimension] {
			b = append(b, byte(v))
		}
	}
	total := 0
	for _, list := range x.postings {
		total += len(list)
	}
	b = binary.AppendUvarint(b, uint64(len(x.postings)))
	b = binary.AppendUvarint(b, uint64(total)) //nolint:gosec // a count
	var sorted []posting
	for _, t := range slices.Sorted(maps.Keys(x.postings)) {
		sorted = sorted[:0]
		for _, p := range x.postings[t] {
			sorted = append(sorted, posting{numbers[p.passage], p.frequency})
		}
		slices.SortFunc(sorted, func(a, b posting) int { return cmp.Compare(a.passage, b.passage) })
		b = appendText(b, t)
		b = binary.AppendUvarint(b, uint64(len(sorted)))
		last := uint32(0)
		for _, p := range sorted {
			b = binary.AppendUvarint(b, uint64(p.passage-last))
			b = binary.AppendUvarint(b, uint64(p.frequency))
			last = p.passage
		}
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decode fills an empty site with what encode wrote.
func (s *site) decode(b []byte) error {
	if len(b) < len(magic)+4 || string(b[:len(magic)]) != magic {
		return fmt.Errorf("%w: it is of another kind", errFile)
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return fmt.Errorf("%w: it is damaged", errFile)
	}
	r := reader{rest: body[len(magic):]}
	want := fingerprint()
	if !bytes.Equal(r.bytes(len(want)), want[:]) {
		return fmt.Errorf("%w: it was made by another version of Candor", errFile)
	}
	if id := identity.SiteID(r.text()); r.failed || id != s.id {
		return fmt.Errorf("%w: it is another site's", errFile)
	}
	if space := r.text(); space != s.space.String() {
		return fmt.Errorf("%w: its vectors are of another model", errFile)
	}
	s.version = r.varint()
	for range r.count(12) {
		id := r.text()
		a := article{internal: r.byte() == 1, at: r.varint()}
		copy(a.text[:], r.bytes(len(a.text)))
		x := s.part(a.internal)
		n := r.count(3)
		for i := range n {
			x.passages = append(x.passages, passage{id, uint32(i), r.uint32(), r.uint32(), r.uint32()}) //nolint:gosec // count checked it
			a.places = append(a.places, uint32(len(x.passages)-1))                                      //nolint:gosec // as above
			x.count++
			x.terms += int(x.passages[len(x.passages)-1].length)
		}
		s.articles[id] = a
	}
	s.public.decode(&r)
	s.internal.decode(&r)
	if r.failed || len(r.rest) > 0 {
		// The sum is right, so this is a fault of encode.
		return fmt.Errorf("%w: it does not read", errFile)
	}
	s.weigh()
	return nil
}

func (x *part) decode(r *reader) {
	n := len(x.passages)
	x.norms, x.scales = make([]float64, n), make([]float32, n)
	scales := r.bytes(4 * n)
	vectors := r.bytes(n * x.dimension)
	if r.failed {
		return
	}
	for i := range x.scales {
		x.scales[i] = math.Float32frombits(binary.LittleEndian.Uint32(scales[4*i:]))
	}
	x.vectors = make([]int8, len(vectors))
	for i, v := range vectors {
		x.vectors[i] = int8(v) //nolint:gosec // it was one
	}
	terms, total := r.count(1), r.count(2)
	x.postings = make(map[string][]posting, terms)
	all := make([]posting, 0, total)
	for range terms {
		term := r.text()
		begin, last := len(all), uint32(0)
		for range r.count(2) {
			last += r.uint32()
			if r.failed || last < 1 || int(last) > n || len(all) == cap(all) {
				r.failed = true
				return
			}
			all = append(all, posting{last - 1, r.uint32()})
		}
		x.postings[term] = slices.Clip(all[begin:]) // or appending would write over the next
	}
}

// reader reads numbers and texts; after a failure it returns zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) bytes(n int) []byte {
	if r.failed || n < 0 || n > len(r.rest) {
		r.failed = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if r.failed || n <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if r.failed || n <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) uint32() uint32 {
	v := r.uvarint()
	if v > math.MaxUint32 {
		r.failed = true
		return 0
	}
	return uint32(v)
}

// count reads how many things follow that take at least so many bytes each.
func (r *reader) count(size int) int {
	v := r.uvarint()
	if v > uint64(len(r.rest)/size) { //nolint:gosec // a length
		r.failed = true
		return 0
	}
	return int(v) //nolint:gosec // it is small
}

func (r *reader) text() string { return string(r.bytes(r.count(1))) }

// write puts a file in place of an older one, so that there is always a whole one.
func write(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	part := name + ".new"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}

// open fills an empty site from its file, if there is one that the store agrees
// with. The caller holds refresh.
func (x *Index) open(ctx context.Context, s *site, version int64) {
	store, ok := x.store.(retrieval.DatedStore)
	if x.dir == "" || !ok {
		return
	}
	b, err := os.ReadFile(fileName(x.dir, s.id))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = s.decode(b)
	}
	if err == nil && s.version > version {
		err = fmt.Errorf("%w: the database is older, as after a restore", errFile)
	}
	if err == nil {
		err = s.agree(ctx, store)
	}
	if s.loaded = err == nil; s.loaded {
		return
	}
	s.reset()
	if ctx.Err() == nil {
		x.log.Warn("the knowledge is indexed again from the database", "site", s.id, "error", err)
	}
}

// agree compares the articles with the store's at the version of the file.
func (s *site) agree(ctx context.Context, store retrieval.DatedStore) error {
	current, err := store.Articles(ctx, s.id, s.version)
	if err != nil {
		return err
	}
	for id, at := range current {
		if a, ok := s.articles[id]; !ok || a.at != at.UnixMicro() {
			return fmt.Errorf("%w: it is of another database", errFile)
		}
	}
	// What else there is has changed since, and is read again, or was removed.
	rest := make(map[string]*change)
	for id := range s.articles {
		if _, ok := current[id]; !ok {
			rest[id] = &change{}
		}
	}
	s.apply(rest)
	return nil
}

// saveAfter is how soon a change is in the file. Tests are quicker.
var saveAfter = 10 * time.Second

// saveShare is how many times longer than making a file the next one waits.
const saveShare = 50

// keep sees to it that a changed site gets into its file. The caller holds refresh.
func (x *Index) keep(s *site) {
	if x.dir == "" || !s.dirty || s.timer != nil || x.closed.Load() {
		return
	}
	s.timer = time.AfterFunc(max(saveAfter, saveShare*s.took), func() { x.save(s) })
}

// save writes the file of a site, if it has changed.
func (x *Index) save(s *site) {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.refresh.Lock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	if !s.dirty {
		s.refresh.Unlock()
		return
	}
	began := time.Now()
	b := s.encode()
	s.took, s.dirty = time.Since(began), false
	s.refresh.Unlock()
	if err := write(fileName(x.dir, s.id), b); err != nil {
		x.log.Warn("the index file cannot be written: the next start takes longer", "site", s.id, "error", err)
		s.refresh.Lock()
		s.dirty = true // for the next change, or the end
		s.refresh.Unlock()
	}
}
