package ingest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// maxLine bounds a line of JSON, in bytes.
const maxLine = 4 << 20

// JSON reads items from a JSON array or from lines of JSON, whichever r holds.
// An item that does not read is an Entry with an error; the others follow.
func JSON(r io.Reader) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		b := withoutMark(r)
		for line := 1; ; {
			c, err := b.ReadByte()
			switch {
			case errors.Is(err, io.EOF):
				return // nothing but space
			case err != nil:
				yield(Entry{Line: line, Err: fmt.Errorf("%w: %w", ErrRead, err)})
				return
			case c == '\n':
				line++
				continue
			case strings.IndexByte(" \t\r", c) >= 0:
				continue
			}
			_ = b.UnreadByte() // cannot fail after a ReadByte
			if c == '[' {
				array(b, yield)
			} else {
				lines(b, line, yield)
			}
			return
		}
	}
}

// ErrRead means that there is more in a file, which cannot be read.
var ErrRead = errors.New("the file cannot be read on")

// malformed says how an entry is not JSON.
type malformed string

func (m malformed) Error() string { return string(m) }

// withoutMark skips the byte order mark that some programs begin a file with.
func withoutMark(r io.Reader) *bufio.Reader {
	b := bufio.NewReaderSize(r, 1<<16)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = b.Discard(3) // cannot fail after a Peek
	}
	return b
}

func array(r io.Reader, yield func(Entry) bool) {
	dec := json.NewDecoder(r)
	if _, err := dec.Token(); err != nil {
		yield(Entry{Err: malformed("not JSON")})
		return
	}
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			yield(Entry{Err: malformed("not JSON from here on")})
			return
		}
		if !yield(item(raw, 0)) {
			return
		}
	}
	if end, err := dec.Token(); err != nil || end != json.Delim(']') {
		yield(Entry{Err: malformed("the array does not end")})
		return
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		yield(Entry{Err: malformed("there is something after the end of the array")})
	}
}

func lines(r *bufio.Reader, n int, yield func(Entry) bool) {
	for ; ; n++ {
		line, err := readLine(r)
		if len(bytes.TrimSpace(line)) > 0 {
			e := Entry{Line: n, Err: errTooLong}
			if !errors.Is(err, errTooLong) {
				e = item(line, n)
			}
			if !yield(e) {
				return
			}
		}
		if err != nil && !errors.Is(err, errTooLong) {
			if !errors.Is(err, io.EOF) {
				yield(Entry{Line: n, Err: fmt.Errorf("%w: %w", ErrRead, err)})
			}
			return
		}
	}
}

var errTooLong = fmt.Errorf("the line is longer than %d bytes", maxLine)

// readLine returns the next line; the rest of one that is too long is skipped.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, more, err := r.ReadLine()
		if err != nil {
			return line, err
		}
		if len(line)+len(part) > maxLine {
			for more && err == nil {
				_, more, err = r.ReadLine()
			}
			return line, errors.Join(errTooLong, err)
		}
		line = append(line, part...)
		if !more {
			return line, nil
		}
	}
}

func item(raw []byte, line int) Entry {
	e := Entry{Line: line}
	if !utf8.Valid(raw) { // encoding/json would replace what is not
		e.Err = errors.New("not valid UTF-8")
		return e
	}
	var typed struct {
		Item
		Fields map[string]any `json:"fields"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // a long number may be an identifier: none is rounded
	err := dec.Decode(&typed)
	if err == nil && dec.InputOffset() < int64(len(raw)) && len(bytes.TrimSpace(raw[dec.InputOffset():])) > 0 {
		err = errors.New("more than one value")
	}
	if err != nil {
		var kind *json.UnmarshalTypeError
		switch {
		case !errors.As(err, &kind):
			e.Err = malformed("not a JSON object")
		case kind.Field != "":
			e.Err = fmt.Errorf("`%s` is a %s and should not be", strings.TrimPrefix(kind.Field, "Item."), kind.Value)
		default:
			e.Err = errors.New("not a JSON object")
		}
		return e
	}
	e.Item = typed.Item
	for k, v := range typed.Fields {
		if e.Item.Fields == nil {
			e.Item.Fields = make(map[string]string)
		}
		switch v := v.(type) {
		case nil:
		case string:
			e.Item.Fields[k] = v
		case bool:
			e.Item.Fields[k] = fmt.Sprint(v)
		case json.Number:
			e.Item.Fields[k] = v.String()
		default:
			e.Err = fmt.Errorf("field %q is neither text nor a number", k)
		}
	}
	return e
}

// CSV reads items from comma-separated values with a header line of the names
// of Item's JSON. A column named fields.X becomes field X.
func CSV(r io.Reader) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		c := csv.NewReader(withoutMark(r))
		c.FieldsPerRecord = -1
		header, err := c.Read()
		if err != nil {
			yield(Entry{Line: 1, Err: errors.New("there is no header line")})
			return
		}
		for i := range header {
			header[i] = column(header[i])
		}
		for {
			row, err := c.Read()
			var broken *csv.ParseError
			var e Entry
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &broken):
				e = Entry{Line: broken.StartLine, Err: errors.New("not comma-separated values: check the quotes")}
			case err != nil:
				yield(Entry{Err: fmt.Errorf("%w: %w", ErrRead, err)})
				return // another try would have the same end
			default:
				line, _ := c.FieldPos(0)
				if e = row2item(header, row, line); len(row) != len(header) {
					e = Entry{Line: line, Err: fmt.Errorf("%d values for %d columns", len(row), len(header))}
				}
			}
			if !yield(e) {
				return
			}
		}
	}
}

// column returns a column's name in lower case; the name of a field stays as it
// is written.
func column(name string) string {
	name = strings.TrimSpace(name)
	const fields = "fields."
	if len(name) > len(fields) && strings.EqualFold(name[:len(fields)], fields) {
		return fields + name[len(fields):]
	}
	return strings.ToLower(name)
}

func row2item(header, row []string, line int) Entry {
	e := Entry{Line: line}
	it := &e.Item
	columns := map[string]*string{
		"id": &it.ID, "customer": &it.Customer, "category": &it.Category, "visibility": &it.Visibility,
		"title": &it.Title, "text": &it.Text, "url": &it.URL, "collected_at": &it.CollectedAt, "expires": &it.Expires,
		"language": &it.Language, "source.system": &it.Source.System, "source.ref": &it.Source.Ref, "source.url": &it.Source.URL,
	}
	for i, name := range header[:min(len(header), len(row))] {
		if field, ok := strings.CutPrefix(name, "fields."); ok {
			if row[i] != "" {
				if it.Fields == nil {
					it.Fields = make(map[string]string)
				}
				it.Fields[field] = row[i]
			}
			continue
		}
		if dest, ok := columns[name]; ok {
			*dest = row[i]
		}
	}
	return e
}
