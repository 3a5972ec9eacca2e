package export

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
)

// page is how many items are read, and so in memory, at once.
const page = 200

// archive writes everything about one customer.
type archive struct {
	Options
	id       string
	who      identity.Principal
	owner    Owner
	made     time.Time
	language string
	total    int64
	done     int64
	said     time.Time // when it last said that it goes on
	zip      *zip.Writer
	files    []File
	went     recipients
}

// File is a file of an archive, in its manifest.
type File struct {
	Name   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// manifest says what an archive is, and what its files must be.
type manifest struct {
	Made     time.Time `json:"made"`
	Language string    `json:"language"`
	Customer Owner     `json:"customer"`
	Files    []File    `json:"files"`
}

// write writes the archive. A panic fails it, and not the process.
func (a *archive) write(ctx context.Context, w io.Writer) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("an export panicked: %T", r)
		}
	}()
	a.zip = zip.NewWriter(w)
	events, err := a.Gate.History(ctx, a.who)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		write func(context.Context, io.Writer) error
	}{
		{"README.txt", a.readme},
		{"records.json", a.records},
		{"conversations.json", a.conversations},
		{"consents.json", func(ctx context.Context, w io.Writer) error { return a.consents(ctx, w, events) }},
		{"usage.json", a.usage},
		{"recipients.json", func(_ context.Context, w io.Writer) error { return writeJSON(w, items(a.went.list(a))) }},
		{"insights.json", a.insights},
		{"requests.json", a.requests},
		{"deletions.json", a.deletions},
		{"index.html", func(ctx context.Context, w io.Writer) error { return a.index(ctx, w, events) }},
	} {
		if err := a.file(ctx, f.name, f.write); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if err := a.attachments(ctx); err != nil {
		return err
	}
	for _, e := range events {
		err := a.file(ctx, receiptName(e), func(ctx context.Context, w io.Writer) error {
			b, err := a.Receipt(ctx, e, a.owner.Brand)
			if err == nil {
				_, err = w.Write(b)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("a receipt: %w", err)
		}
		if err := a.tick(ctx); err != nil {
			return err
		}
	}
	if err := a.Answered(ctx, a.who); err != nil {
		return err
	}
	// Last, and not of itself.
	files := slices.Clone(a.files)
	slices.SortFunc(files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	err = a.file(ctx, "manifest.json", func(_ context.Context, w io.Writer) error {
		return writeJSON(w, manifest{a.made, a.language, a.owner, files})
	})
	if err != nil {
		return err
	}
	return a.zip.Close()
}

func receiptName(e consent.Event) string { return "receipts/" + e.ID + ".txt" }

// file adds a file, and what it turns out to be to the manifest.
func (a *archive) file(ctx context.Context, name string, write func(context.Context, io.Writer) error) error {
	entry, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.made})
	if err != nil {
		return err
	}
	sum := sha256.New()
	n := &counter{w: io.MultiWriter(entry, sum)}
	if err := write(ctx, n); err != nil {
		return err
	}
	a.files = append(a.files, File{name, n.n, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// tick counts one item that was written, and says now and then that it goes on.
func (a *archive) tick(ctx context.Context) error {
	a.done++
	if time.Since(a.said) < beat {
		return nil
	}
	a.said = time.Now()
	return a.Shelf.Put(ctx, a.who.Customer, a.id, nil, a.done)
}

// writeJSON writes a value for people and programs: indented, with a line break at
// its end.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type itemsOf[T any] struct {
	Items []T `json:"items"`
}

func items[T any](all []T) itemsOf[T] { return itemsOf[T]{append([]T{}, all...)} }

// listing writes a list of JSON objects, an item at a time.
type listing struct {
	w io.Writer
	n int
}

// list writes {"items":[…]}; each is called with what writes an item.
func list(w io.Writer, each func(*listing) error) error {
	if _, err := io.WriteString(w, `{"items": [`); err != nil {
		return err
	}
	if err := each(&listing{w: w}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n]}\n")
	return err
}

func (l *listing) add(v any) error { return l.object(v) }

// field is a list within an item.
type field struct {
	name string
	each func(*listing) error
}

// object adds an item, and to it lists that are written an item at a time too.
func (l *listing) object(v any, fields ...field) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(fields) > 0 {
		b = b[:len(b)-1] // the object goes on
	}
	separator := "\n"
	if l.n > 0 {
		separator = ",\n"
	}
	l.n++
	if _, err := l.w.Write(append([]byte(separator), b...)); err != nil {
		return err
	}
	for i, f := range fields {
		if _, err := fmt.Fprintf(l.w, ",%q:[", f.name); err != nil {
			return err
		}
		if err := f.each(&listing{w: l.w}); err != nil {
			return err
		}
		end := "]"
		if i == len(fields)-1 {
			end = "]}"
		}
		if _, err := io.WriteString(l.w, end); err != nil {
			return err
		}
	}
	return nil
}

// pages calls each with what read returns, a page at a time.
func pages[T any, P comparable](read func(after P) ([]T, P, error), each func(T) error) error {
	var after, none P
	for {
		page, next, err := read(after)
		if err != nil {
			return err
		}
		for _, x := range page {
			if err := each(x); err != nil {
				return err
			}
		}
		if next == none {
			return nil
		}
		after = next
	}
}
