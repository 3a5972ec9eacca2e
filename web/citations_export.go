package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"candor/answer"
	"candor/identity"
	"candor/review"
)

// exportPage is how many answers of an export are read, and opened, at once.
const exportPage = 200

// citationsExportInput is what an export is asked with.
type citationsExportInput struct {
	CitationFilter
	ReasonInput
	Format string `query:"format" enum:"csv,jsonl"`
}

// exportRow is an answer in an export.
type exportRow struct {
	citationItem
	Text    string   `json:"text"`
	Sources []string `json:"sources"` // the ids of the records that it cites
}

// exportFormat writes rows.
type exportFormat struct {
	media, suffix string
	head          func() ([]byte, error)
	row           func(exportRow) ([]byte, error)
}

var exportFormats = map[string]exportFormat{
	"csv": {"text/csv; charset=utf-8", "csv", func() ([]byte, error) { return csvLine(exportColumns) }, csvRow},
	"jsonl": {"application/x-ndjson", "jsonl", func() ([]byte, error) { return nil, nil }, func(r exportRow) ([]byte, error) {
		b, err := json.Marshal(r)
		return append(b, '\n'), err
	}},
}

var exportColumns = []string{
	"answer_id", "conversation_id", "customer", "site", "at", "kind", "status", "language", "model", "recipient", "attempt", "epoch",
	"policy_version", "gpc", "categories", "not_searched", "score", "verdict", "assignee", "complaint", "flags", "leaf_index", "body",
	"question", "text", "sources",
}

func csvRow(r exportRow) ([]byte, error) {
	var cats, not []string
	for _, c := range r.Categories {
		cats = append(cats, string(c))
	}
	for _, n := range r.NotSearched {
		not = append(not, string(n.Category)+":"+string(n.Reason))
	}
	score, index, assignee := "", "", ""
	if r.Score != nil {
		score = strconv.FormatFloat(*r.Score, 'f', -1, 64)
	}
	if r.LeafIndex != nil {
		index = strconv.FormatInt(*r.LeafIndex, 10)
	}
	if r.Assignee != nil {
		assignee = r.Assignee.Name
	}
	return csvLine([]string{
		r.AnswerID, r.ConversationID, string(r.Customer), string(r.Site), r.At.Format(time.RFC3339Nano), string(r.Kind), r.Status, r.Language,
		r.Model.Name, string(r.Model.Recipient), strconv.Itoa(r.Attempt), strconv.FormatInt(r.Epoch, 10), r.PolicyVersion, strconv.FormatBool(r.GPC),
		strings.Join(cats, " "), strings.Join(not, " "), score, string(r.Verdict), assignee, strconv.FormatBool(r.Complaint), strconv.Itoa(r.Flags), index,
		string(r.Body), r.Question, r.Text, strings.Join(r.Sources, " "),
	})
}

// csvLine is a line of CSV (RFC 4180) that a spreadsheet takes for text.
func csvLine(cells []string) ([]byte, error) {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = safeCell(c)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	err := w.Write(safe)
	w.Flush()
	return b.Bytes(), errors.Join(err, w.Error())
}

// safeCell keeps a spreadsheet from taking what a customer wrote for a formula, as OWASP's
// "CSV Injection" has it: what begins with one of these signs, also in its full-width form
// or after spaces, gets an apostrophe before it.
func safeCell(s string) string {
	first := strings.TrimLeft(s, " \u00a0\u3000\ufeff\u200b")
	if first != "" && strings.ContainsRune("=+-@|%\t\r\n＝＋－＠", []rune(first)[0]) {
		return "'" + s
	}
	return s
}

// exportCitationRoutes lie outside huma, which keeps a response in memory.
func (s *Server) exportCitationRoutes() {
	// Not Get, which answers HEAD too.
	s.app.Add(fiber.MethodGet, "/api/admin/citations/export", s.exportCitations)
}

// readExport reads what an export is asked with.
func readExport(query string) (in citationsExportInput, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return in, huma.Error400BadRequest("The address does not read.")
	}
	wrong := func(name, what string) error {
		return huma.Error422UnprocessableEntity("`" + name + "` " + what)
	}
	var fill func(v reflect.Value) error
	fill = func(v reflect.Value) error {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.Anonymous {
				if err := fill(v.Field(i)); err != nil {
					return err
				}
				continue
			}
			name := field.Tag.Get("query")
			given, there := values[name]
			if !there {
				continue
			}
			delete(values, name)
			value := given[0]
			if value == "" || len(given) > 1 { // it must never mean "any"
				return wrong(name, "is empty or there twice: leave it out, or give it one value.")
			}
			if enum := field.Tag.Get("enum"); enum != "" && !slices.Contains(strings.Split(enum, ","), value) {
				return wrong(name, "is one of "+strings.ReplaceAll(enum, ",", ", ")+".")
			}
			if field.Type.Kind() == reflect.String {
				v.Field(i).SetString(value)
				continue
			}
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				return wrong(name, "is not a time like 2026-11-28T10:00:00Z.")
			}
			v.Field(i).Set(reflect.ValueOf(at))
		}
		return nil
	}
	if err := fill(reflect.ValueOf(&in).Elem()); err != nil {
		return in, err
	}
	for name := range values { // a filter that is not known would export everything
		return in, wrong(name, "is not something an export can be filtered by.")
	}
	if in.Format == "" {
		in.Format = "csv"
	}
	return in, nil
}

// exportCitations streams the answers that a filter selects, one in a row. With a reason
// they are opened, and the looks at each page are on record before it is sent. A failure
// breaks the transfer off, so that nobody takes a part for the whole.
func (s *Server) exportCitations(c *fiber.Ctx) error {
	who, err := s.authenticate(c, staffOnly)
	if err != nil {
		return err
	}
	if !who.Has(reviewers...) {
		return errRole
	}
	in, err := readExport(string(c.Request().URI().QueryString()))
	if err != nil {
		return err
	}
	f, err := in.filter()
	if err != nil {
		return err
	}
	if !c.Request().Header.IsHTTP11() {
		return huma.Error400BadRequest("An export needs HTTP/1.1, so that its end can be told from a failure.")
	}
	format := exportFormats[in.Format]
	f.Limit = exportPage
	token, cookie := bearer(c), c.Cookies(staffCookie)
	header := "HTTP/1.1 200 OK\r\nContent-Type: " + format.media + "\r\nContent-Disposition: attachment; filename=\"citations." + format.suffix +
		"\"\r\nTransfer-Encoding: chunked\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
	return s.streams.openWith(c, who.Actor(), header, func(ctx context.Context, st *stream) {
		err := s.writeCitations(ctx, st, who, f, in.reason(), format, func(ctx context.Context) error {
			m, _, err := s.staffBy(ctx, token, cookie)
			if err == nil && !m.Principal().Has(reviewers...) {
				err = errRole
			}
			return err
		})
		if err != nil && ctx.Err() == nil && !errors.Is(err, errGone) {
			_ = s.problem(err) // for the log: the reader sees that it was broken off
		}
	})
}

// writeCitations writes the pages of an export. May is asked before each whether its reader still
// may read.
func (s *Server) writeCitations(ctx context.Context, st *stream, who identity.Principal, f review.Filter, why review.Reason, format exportFormat, may func(context.Context) error) error {
	head, err := format.head()
	if err == nil && len(head) > 0 {
		err = st.chunk(head)
	}
	for more := true; more && err == nil; {
		var page []byte
		page, err = within(ctx, func(ctx context.Context) ([]byte, error) {
			if err := may(ctx); err != nil {
				return nil, err
			}
			items, next, err := s.Reviews.List(ctx, f)
			if err != nil {
				return nil, err
			}
			f.Before, more = next, next > 0
			return s.exportItems(ctx, who, why, items, format)
		})
		if err == nil && len(page) > 0 {
			err = st.chunk(page)
		}
	}
	if err != nil {
		return err
	}
	return st.write([]byte("0\r\n\r\n"))
}

// exportItems renders a page of an export.
func (s *Server) exportItems(ctx context.Context, who identity.Principal, why review.Reason, items []review.Item, format exportFormat) ([]byte, error) {
	opened, err := s.open(ctx, who, why, items, true)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, x := range items {
		row, err := format.row(toRow(x, opened))
		if err != nil {
			return nil, fmt.Errorf("export an answer: %w", err)
		}
		out.Write(row)
	}
	return out.Bytes(), nil
}

func toRow(x review.Item, opened map[string]answer.Said) exportRow {
	row := exportRow{citationItem: withQuestion(toCitation(x), opened), Sources: []string{}}
	var text []string
	for _, sentence := range opened[x.ID].Sentences {
		text = append(text, sentence.Text)
		for _, c := range sentence.Citations {
			if !slices.Contains(row.Sources, c.RecordID) {
				row.Sources = append(row.Sources, c.RecordID)
			}
		}
	}
	row.Text = strings.Join(text, " ")
	return row
}
