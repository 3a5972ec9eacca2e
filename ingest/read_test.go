package ingest

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/retrieval"
)

// entry is an Entry as a table can write it: Err is a part of the message.
type entry struct {
	Item Item
	Line int
	Err  string
}

func check(t *testing.T, got []Entry, want []entry) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d entries, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		g := got[i]
		if g.Line != w.Line {
			t.Errorf("entry %d is on line %d, want %d", i, g.Line, w.Line)
		}
		switch {
		case w.Err == "" && g.Err != nil:
			t.Errorf("entry %d is refused: %v", i, g.Err)
		case w.Err == "":
			if d := cmp.Diff(w.Item, g.Item, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("entry %d (-want +got):\n%s", i, d)
			}
		case g.Err == nil:
			t.Errorf("entry %d is taken: %+v; want an error with %q", i, g.Item, w.Err)
		case !strings.Contains(g.Err.Error(), w.Err):
			t.Errorf("entry %d: %q, want %q in it", i, g.Err, w.Err)
		}
	}
}

func all(seq func(func(Entry) bool)) (out []Entry) {
	for e := range seq {
		out = append(out, e)
	}
	return out
}

const mark = "\ufeff"

func TestJSON(t *testing.T) {
	t.Parallel()
	a, b := entry{Item: Item{ID: "a"}}, entry{Item: Item{ID: "b"}}
	on := func(e entry, line int) entry { e.Line = line; return e }
	bad := func(line int, err string) entry { return entry{Line: line, Err: err} }
	for _, tt := range []struct {
		name, in string
		want     []entry
	}{
		{"nothing", "", nil},
		{"space", " \r\n\t\n", nil},
		{"a mark alone", mark, nil},
		{"an array", `[{"id":"a"},{"id":"b"}]`, []entry{a, b}},
		{"an array with space about it", " \n[ {\"id\":\"a\"} ,\n{\"id\":\"b\"} ]\n", []entry{a, b}},
		{"an array after a mark", mark + `[{"id":"a"}]`, []entry{a}},
		{"an empty array", `[]`, nil},
		{"an array that does not end", `[{"id":"a"}`, []entry{a, bad(0, "does not end")}},
		{"an array that ends as an object", `[{"id":"a"}}`, []entry{a, bad(0, "does not end")}},
		{"an array with something after it", `[{"id":"a"}] {"id":"b"}`, []entry{a, bad(0, "after the end")}},
		{"an array without a comma", `[{"id":"a"} {"id":"b"}]`, []entry{a, bad(0, "not JSON from here on")}},
		{"an array that is cut in an item", `[{"id":"a"},{"id":`, []entry{a, bad(0, "not JSON from here on")}},
		{"an array in an array", `[[{"id":"a"}],{"id":"b"}]`, []entry{bad(0, "not a JSON object"), b}},
		{"an array of numbers", `[7,{"id":"b"}]`, []entry{bad(0, "not a JSON object"), b}},
		{"an array with invalid UTF-8", "[{\"id\":\"\xff\"},{\"id\":\"b\"}]", []entry{bad(0, "UTF-8"), b}},
		{"lines", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", []entry{on(a, 1), on(b, 2)}},
		{"lines without an end", "{\"id\":\"a\"}\n{\"id\":\"b\"}", []entry{on(a, 1), on(b, 2)}},
		{"lines of Windows", "{\"id\":\"a\"}\r\n{\"id\":\"b\"}\r\n", []entry{on(a, 1), on(b, 2)}},
		{"lines after a mark", mark + "{\"id\":\"a\"}\n{\"id\":\"b\"}", []entry{on(a, 1), on(b, 2)}},
		{"blank lines", "\n\r\n{\"id\":\"a\"}\n\n \t\n{\"id\":\"b\"}\n\n", []entry{on(a, 3), on(b, 6)}},
		{"a bad line between", "{\"id\":\"a\"}\n{\"id\":\nhello\n{\"id\":\"b\"}", []entry{on(a, 1), bad(2, "not a JSON object"), bad(3, "not a JSON object"), on(b, 4)}},
		{"two values on a line", "{\"id\":\"a\"} {\"id\":\"b\"}\n", []entry{bad(1, "not a JSON object")}},
		{"an array on a line", "{\"id\":\"a\"}\n[1]\n", []entry{on(a, 1), bad(2, "not a JSON object")}},
		{"a line of invalid UTF-8", "{\"id\":\"a\"}\n{\"id\":\"\xc3\x28\"}\n", []entry{on(a, 1), bad(2, "UTF-8")}},
		{"null", "null\n", []entry{{Line: 1}}}, // an item without anything: the importer refuses it
		{"a customer that is a number", `{"customer":7}`, []entry{bad(1, "`customer` is a number")}},
		{"a title that is a list", `{"title":["a"]}`, []entry{bad(1, "`title` is a array")}},
		{"a source that is text", `{"source":"shop"}`, []entry{bad(1, "`source` is a string")}},
		{"a part of a source", `{"source":{"ref":{}}}`, []entry{bad(1, "`source.ref` is a object")}},
		{"fields", `{"id":"a","fields":{"a":"x","b":true,"c":null,"d":""}}`, []entry{
			{Line: 1, Item: Item{ID: "a", Fields: map[string]string{"a": "x", "b": "true", "d": ""}}},
		}},
		// No figure changes on its way in: a tracking number is not a float.
		{"numbers", `{"fields":{"a":9400110200881234567890,"b":49.90,"c":0.125,"d":-3,"e":12.0}}`, []entry{
			{Line: 1, Item: Item{Fields: map[string]string{"a": "9400110200881234567890", "b": "49.90", "c": "0.125", "d": "-3", "e": "12.0"}}},
		}},
		{"nested fields", `{"fields":{"a":{"b":1}}}` + "\n" + `{"fields":{"a":["b"]}}`, []entry{
			bad(1, `field "a" is neither text nor a number`), bad(2, `field "a" is neither text nor a number`),
		}},
		{"fields that are text", `{"fields":"a"}`, []entry{bad(1, "`fields` is a string")}},
		{"unknown names", `{"id":"a","colour":"red"}`, []entry{on(a, 1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, all(JSON(strings.NewReader(tt.in))), tt.want)
			// A reader that gives a byte at a time reads the same.
			check(t, all(JSON(iotest.OneByteReader(strings.NewReader(tt.in)))), tt.want)
		})
	}
}

// TestJSONHugeLine skips a line beyond the limit and reads on.
func TestJSONHugeLine(t *testing.T) {
	t.Parallel()
	fits := `{"id":"fits","text":"` + strings.Repeat("x", maxLine-100) + `"}`
	huge := `{"id":"huge","text":"` + strings.Repeat("x", maxLine) + `"}`
	last := `{"id":"last"}`
	got := all(JSON(strings.NewReader(fits + "\n" + huge + "\n" + last)))
	if len(got) != 3 || got[0].Err != nil || got[0].Item.ID != "fits" || !errors.Is(got[1].Err, errTooLong) || got[1].Line != 2 ||
		got[2].Err != nil || got[2].Item.ID != "last" || got[2].Line != 3 {
		t.Errorf("%d entries; the second: %v", len(got), got[1].Err)
	}
	if got := all(JSON(strings.NewReader(huge))); len(got) != 1 || !errors.Is(got[0].Err, errTooLong) {
		t.Errorf("a huge line at the end: %d entries", len(got))
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	const head = "id,title,text\n"
	for _, tt := range []struct {
		name, in string
		want     []entry
	}{
		{"nothing", "", []entry{{Line: 1, Err: "no header"}}},
		{"a header alone", head, nil},
		{"every column", "id,customer,category,visibility,title,text,url,collected_at,expires,language,source.system,source.ref,source.url\n" +
			"1,2,3,4,5,6,7,8,9,10,11,12,13\n", []entry{{Line: 2, Item: Item{
			ID: "1", Customer: "2", Category: "3", Visibility: "4", Title: "5", Text: "6", URL: "7", CollectedAt: "8", Expires: "9",
			Language: "10", Source: retrieval.Source{System: "11", Ref: "12", URL: "13"},
		}}}},
		{"a mark", mark + head + "a,b,c\n", []entry{{Line: 2, Item: Item{ID: "a", Title: "b", Text: "c"}}}},
		{"a mark before a quote", mark + "\"id\",\"text\"\n\"a\",\"b\"\n", []entry{{Line: 2, Item: Item{ID: "a", Text: "b"}}}},
		{"lines of Windows", "id,text\r\na,b\r\n", []entry{{Line: 2, Item: Item{ID: "a", Text: "b"}}}},
		{"a header in capitals, with space", " ID , Text\na,b\n", []entry{{Line: 2, Item: Item{ID: "a", Text: "b"}}}},
		{"blank lines", "id,text\n\na,b\n\nc,d\n", []entry{{Line: 3, Item: Item{ID: "a", Text: "b"}}, {Line: 5, Item: Item{ID: "c", Text: "d"}}}},
		{"a quoted line break and comma", "id,text\na,\"one, \"\"two\"\"\nthree\"\nb,c\n", []entry{
			{Line: 2, Item: Item{ID: "a", Text: "one, \"two\"\nthree"}}, {Line: 4, Item: Item{ID: "b", Text: "c"}},
		}},
		{"a quote in the first value", "id,text\na\"b,c\nd,e\n", []entry{{Line: 2, Err: "check the quotes"}, {Line: 3, Item: Item{ID: "d", Text: "e"}}}},
		{"a quote in a later value", "id,text\na,b\"c\nd,e\n", []entry{{Line: 2, Err: "check the quotes"}, {Line: 3, Item: Item{ID: "d", Text: "e"}}}},
		{"a quote that does not end", "id,text\na,b\nc,\"d\ne,f\n", []entry{{Line: 2, Item: Item{ID: "a", Text: "b"}}, {Line: 3, Err: "check the quotes"}}},
		{"too few values", "id,text\na\nb,c\n", []entry{{Line: 2, Err: "1 values for 2 columns"}, {Line: 3, Item: Item{ID: "b", Text: "c"}}}},
		{"too many values", "id,text\na,b,c\n", []entry{{Line: 2, Err: "3 values for 2 columns"}}},
		{"fields", "id,fields.Order Number,fields.empty,FIELDS.total\na,X-1,,9.90\n", []entry{
			{Line: 2, Item: Item{ID: "a", Fields: map[string]string{"Order Number": "X-1", "total": "9.90"}}},
		}},
		{"unknown columns", "id,colour\na,red\n", []entry{{Line: 2, Item: Item{ID: "a"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, all(CSV(strings.NewReader(tt.in))), tt.want)
		})
	}
}

// TestFailingFile: what was read is kept, the failure is named, and it ends.
func TestFailingFile(t *testing.T) {
	t.Parallel()
	lost := errors.New("the disk is gone")
	for name, tt := range map[string]struct {
		read func(io.Reader) []Entry
		head string
		good int
	}{
		"lines, at once":         {func(r io.Reader) []Entry { return all(JSON(r)) }, "", 0},
		"lines, after the first": {func(r io.Reader) []Entry { return all(JSON(r)) }, "{\"id\":\"a\"}\n", 1},
		"array":                  {func(r io.Reader) []Entry { return all(JSON(r)) }, `[{"id":"a"},`, 1},
		"CSV":                    {func(r io.Reader) []Entry { return all(CSV(r)) }, "id\na\n", 1},
		"CSV, at once":           {func(r io.Reader) []Entry { return all(CSV(r)) }, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.read(io.MultiReader(strings.NewReader(tt.head), iotest.ErrReader(lost)))
			if len(got) != tt.good+1 {
				t.Fatalf("%d entries, want %d and an error: %+v", len(got), tt.good, got)
			}
			for _, e := range got[:tt.good] {
				if e.Err != nil {
					t.Errorf("what was read is refused: %v", e.Err)
				}
			}
			if got[tt.good].Err == nil {
				t.Error("the end of the disk is not named")
			}
		})
	}
}

// TestEarlyStop: who stops reading is not called again.
func TestEarlyStop(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"lines": "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", "array": `[{"id":"a"},{"id":"b"}]`, "CSV": "id\na\nb\n",
	} {
		n := 0
		read := JSON
		if name == "CSV" {
			read = CSV
		}
		for range read(strings.NewReader(in)) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%s: %d", name, n)
		}
	}
}
