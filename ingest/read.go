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
		b := bufio.NewReaderSize(r, 1<<16)
		for {
			c, err := b.ReadByte()
			if err != nil {
				return // nothing but space
			}
			if strings.IndexByte(" \t\r\n", c) >= 0 {
				continue
			}
			_ = b.UnreadByte() // cannot fail after a ReadByte
			if c == '[' {
				array(b, yield)
			} else {
				lines(b, yield)
			}
			return
		}
	}
}

func array(r io.Reader, yield func(Entry) bool) {
	dec := json.NewDecoder(r)
	if _, err := dec.Token(); err != nil {
		yield(Entry{Err: errors.New("not JSON")})
		return
	}
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			yield(Entry{Err: errors.New("not JSON from here on")})
			return
		}
		if !yield(item(raw, 0)) {
			return
		}
	}
	if _, err := dec.Token(); err != nil {
		yield(Entry{Err: errors.New("the array does not end")})
	}
}

func lines(r *bufio.Reader, yield func(Entry) bool) {
	for n := 1; ; n++ {
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
				yield(Entry{Line: n, Err: fmt.Errorf("the file cannot be read on: %w", err)})
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
	if err := json.Unmarshal(raw, &typed); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			e.Err = fmt.Errorf("`%s` is a %s and should not be", kind.Field, kind.Value)
		} else {
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
		case float64:
			e.Item.Fields[k] = strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00")
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
		c := csv.NewReader(r)
		c.FieldsPerRecord = -1
		header, err := c.Read()
		if err != nil {
			yield(Entry{Line: 1, Err: errors.New("there is no header line")})
			return
		}
		for i := range header {
			header[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(header[i], "\ufeff")))
		}
		for {
			row, err := c.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			line, _ := c.FieldPos(0)
			e := Entry{Line: line}
			switch {
			case err != nil:
				e.Err = errors.New("not comma-separated values: check the quotes")
				var p *csv.ParseError
				if errors.As(err, &p) {
					e.Line = p.StartLine
				}
			case len(row) != len(header):
				e.Err = fmt.Errorf("%d values for %d columns", len(row), len(header))
			default:
				e = row2item(header, row, line)
			}
			if !yield(e) {
				return
			}
		}
	}
}

func row2item(header, row []string, line int) Entry {
	e := Entry{Line: line}
	it := &e.Item
	columns := map[string]*string{
		"id": &it.ID, "customer": &it.Customer, "category": &it.Category, "visibility": &it.Visibility,
		"title": &it.Title, "text": &it.Text, "url": &it.URL, "collected_at": &it.CollectedAt, "expires": &it.Expires,
		"language": &it.Language, "source.system": &it.Source.System, "source.ref": &it.Source.Ref, "source.url": &it.Source.URL,
	}
	for i, name := range header {
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
