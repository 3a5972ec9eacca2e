package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"candor/citation"
	"candor/consent"
	"candor/review"
)

// Lists of the log are read in two steps. The first finds the places of a page: it reads
// one index in its order, that of the condition which selects least, and looks each place
// up for the others. The second reads what is at these places.
//
// The conditions that do not choose the index are written so that a planner cannot use
// them for another one: without statistics SQLite takes any, and PostgreSQL believes that
// a value nothing has is as frequent as the others.

// condition is one of a filter.
type condition struct {
	table string // that has it
	is    string // on the table, named d
	args  []any
	// leads is whether an index has its places in order. Without one it selects nearly
	// everything.
	leads bool
}

// order is the column of places in the table.
func (c condition) order() string {
	if c.table == "log_answers" {
		// Not the primary key: where everything has a value, PostgreSQL would read by
		// that one to find what has another.
		return "rank"
	}
	return "place"
}

// beside is the condition as one of the row d of the table that is read.
func (c condition) beside(table, order string) string {
	switch {
	case c.table == table && table == "log_answers":
		return "CASE WHEN " + c.is + " THEN 1 ELSE 0 END = 1"
	case c.table == "log_answers":
		return "(SELECT CASE WHEN " + strings.ReplaceAll(c.is, "d.", "a.") + " THEN 1 ELSE 0 END FROM log_answers a WHERE a.place = d." + order + ") = 1"
	}
	return "(SELECT COUNT(*) FROM " + c.table + " x WHERE " + strings.ReplaceAll(c.is, "d.", "x.") + " AND x.place = d." + order + ") > 0"
}

// errNothing means that a filter selects nothing.
var errNothing = errors.New("selects nothing")

// conditions returns those of a filter; errNothing if it is known to select nothing.
func (s *Store) conditions(ctx context.Context, f review.Filter) ([]condition, error) {
	var out []condition
	add := func(table, is string, leads bool, args ...any) {
		out = append(out, condition{table, is, args, leads})
	}
	for column, value := range map[string]string{
		"conversation": f.Conversation, "customer": string(f.Customer), "site": string(f.Site), "status": f.Status,
		"language": f.Language, "model": f.Model, "policy_version": f.PolicyVersion,
	} {
		if value != "" {
			add("log_answers", "d."+column+" = ?", true, value)
		}
	}
	switch f.Kind {
	case "":
	case citation.Opened:
		add("log_answers", "d.kind = 'opened'", true)
	case citation.Closed:
		add("log_answers", "d.kind <> 'opened'", false)
	default:
		return nil, errNothing
	}
	if f.Verdict != "" {
		add("log_answers", "d.verdict = ? AND d.verdict <> ''", true, f.Verdict)
	}
	for is, want := range map[string]*bool{"d.verdict <> ''": f.Reviewed, "d.complaint": f.Complaint, "d.flags > 0": f.Flagged} {
		switch {
		case want == nil:
		case *want:
			add("log_answers", is, true)
		default:
			add("log_answers", "NOT ("+is+")", false)
		}
	}
	switch f.Assigned {
	case "":
	case review.Unassigned:
		add("log_answers", "d.assignee = ''", false)
	default:
		add("log_answers", "d.assignee = ? AND d.assignee <> ''", true, f.Assigned)
	}
	if f.Record != "" {
		add("citation_records", "d.record = ? AND d.record <> ''", true, f.Record)
	}
	for prefix, value := range map[string]string{
		ofCategory: string(f.Category), ofRecipient: string(f.Recipient), ofNotSearched: string(f.NotSearched),
	} {
		if value != "" {
			add("log_values", "d.value = ?", true, prefix+value)
		}
	}
	if f.Purpose == consent.Answers {
		add("log_answers", "NOT EXISTS (SELECT 1 FROM log_values v WHERE v.place = d.place AND v.value LIKE '"+ofPurpose+"%')", false)
	} else if f.Purpose != "" {
		add("log_values", "d.value = ?", true, ofPurpose+string(f.Purpose))
	}
	words := citation.Words(f.Query)
	if f.Query != "" && len(words) == 0 {
		return nil, errNothing // punctuation finds nothing, not everything
	}
	for _, w := range words {
		add("citation_words", "d.word = ?", true, s.keys.Hash("word", w))
	}
	// The same filter is the same statement.
	slices.SortFunc(out, func(a, b condition) int { return strings.Compare(a.is, b.is) })
	times, err := s.between(ctx, f.From, f.To)
	return append(out, times...), err
}

// skew is by how much times and places may differ in their order: transactions on a
// server get their places side by side, and clocks are set.
const skew = 10 * time.Minute

// between are the conditions of a time. Its ends are found by the index of times, and
// cut a list off there.
func (s *Store) between(ctx context.Context, from, to time.Time) (out []condition, err error) {
	end := func(query string, at time.Time) (place int64, err error) {
		err = s.reads.QueryRowContext(ctx, query, micros(at)).Scan(&place)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return place, err
	}
	add := func(is string, leads bool, arg int64) {
		out = append(out, condition{"log_answers", is, []any{arg}, leads})
	}
	if !from.IsZero() {
		first, err := end("SELECT place FROM log_answers WHERE at < ? ORDER BY at DESC LIMIT 1", from.Add(-skew))
		if err != nil {
			return nil, err
		}
		add("d.at >= ?", false, micros(from))
		if first > 0 {
			add(afterPlace, false, first)
		}
	}
	if !to.IsZero() {
		last, err := end("SELECT place FROM log_answers WHERE at >= ? ORDER BY at LIMIT 1", to.Add(skew))
		if err != nil {
			return nil, err
		}
		add("d.at < ?", false, micros(to))
		if last > 0 {
			add(beforePlace, false, last)
		}
	}
	return out, nil
}

// Conditions on the place itself.
const (
	afterPlace  = "d.place > ?"
	beforePlace = "d.place < ?"
)

// enough is how many places a condition is counted up to: one that selects fewer is
// quick, whatever the others are.
const enough = 5000

// lead returns the condition whose index a list is read by: -1 for the list's own.
func (s *Store) lead(ctx context.Context, conditions []condition) (int, error) {
	best, fewest, leading := -1, math.MaxInt, 0
	for _, c := range conditions {
		if c.leads {
			leading++
		}
	}
	for i, c := range conditions {
		if !c.leads {
			continue
		}
		if leading == 1 {
			return i, nil
		}
		var n int
		err := s.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM "+c.table+" d WHERE "+c.is+" LIMIT ?) AS counted",
			append(slices.Clone(c.args), enough)...).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) { // it is not text that anything could have
			return i, errNothing
		}
		if err != nil {
			return -1, err
		}
		if n < fewest {
			best, fewest = i, n
		}
	}
	return best, nil
}

// places returns the places of the newest answers that the filter selects.
func (s *Store) places(ctx context.Context, f review.Filter, limit int) ([]int64, error) {
	conditions, err := s.conditions(ctx, f)
	if err != nil {
		return nil, err
	}
	if f.Before > 0 {
		conditions = append(conditions, condition{"log_answers", beforePlace, []any{f.Before}, false})
	}
	first, err := s.lead(ctx, conditions)
	if err != nil {
		return nil, err
	}
	table, order, is, args := "log_answers", "place", "TRUE", []any(nil)
	if first >= 0 {
		c := conditions[first]
		table, order, is, args = c.table, c.order(), c.is, slices.Clone(c.args)
	}
	for i, c := range conditions {
		switch {
		case i == first:
			continue
		case c.is == afterPlace, c.is == beforePlace:
			is += " AND " + strings.ReplaceAll(c.is, "d.place", "d."+order)
		default:
			is += " AND " + c.beside(table, order)
		}
		args = append(args, c.args...)
	}
	once := ""
	if table == "citation_records" { // several entries of an answer may have the record
		once = "DISTINCT "
	}
	read := func(is string, args []any) ([]int64, error) {
		return collect(ctx, s.reads, scanPlace, "SELECT "+once+"d."+order+" FROM "+table+" d WHERE "+is+" ORDER BY d."+order+" DESC LIMIT ?", append(args, limit)...)
	}
	if f.ScoreBelow == nil {
		return read(is, args)
	}
	below := int(math.Round(*f.ScoreBelow * 100))
	if below <= 0 {
		return nil, nil
	}
	low := condition{table: "log_answers", is: fmt.Sprintf("d.hundredths < %d", min(below, 101))}
	if first >= 0 {
		return read(is+" AND "+low.beside(table, order), args)
	}
	// Where many are below it, a page is among the newest.
	before := int64(math.MaxInt64)
	if f.Before > 0 {
		before = f.Before
	}
	near, err := collect(ctx, s.reads, scanPlace, "SELECT d.place FROM (SELECT * FROM log_answers WHERE place < ? ORDER BY place DESC LIMIT ?) AS d WHERE "+
		is+" AND "+low.beside(table, order)+" ORDER BY d.place DESC LIMIT ?", slices.Concat([]any{before, newestAnswers}, args, []any{limit})...)
	if err != nil || len(near) == limit {
		return near, err
	}
	// Those below a score are a list for each hundredth, in order, and are merged.
	is = strings.ReplaceAll(is, "d.place", "d.rank")
	var lists []string
	var all []any
	for n := range min(below, 101) {
		lists = append(lists, fmt.Sprintf("SELECT rank FROM (SELECT d.rank FROM log_answers d WHERE d.hundredths = %d AND d.hundredths IS NOT NULL AND %s ORDER BY d.rank DESC LIMIT ?) AS l%d", n, is, n))
		all = append(append(all, args...), limit)
	}
	return collect(ctx, s.reads, scanPlace, "SELECT rank FROM ("+strings.Join(lists, " UNION ALL ")+") AS merged ORDER BY rank DESC LIMIT ?", append(all, limit)...)
}

// newestAnswers is how many answers are looked at before the lists of scores are.
const newestAnswers = 2000

// pageLimit is how many items a page of a list has.
func pageLimit(asked int) int {
	if asked <= 0 || asked > 200 {
		return 50
	}
	return asked
}

// List returns the newest answers that the filter selects, with what people found.
func (s *Store) list(ctx context.Context, f review.Filter) ([]review.Item, int64, error) {
	limit := pageLimit(f.Limit)
	places, err := s.places(ctx, f, limit+1)
	if err != nil && !errors.Is(err, errNothing) {
		return nil, 0, err
	}
	var next int64
	if len(places) > limit {
		places = places[:limit]
		next = places[limit-1]
	}
	items, err := s.items(ctx, places)
	return items, next, err
}

// items returns the answers at places, in that order.
func (s *Store) items(ctx context.Context, places []int64) ([]review.Item, error) {
	if len(places) == 0 {
		return []review.Item{}, nil
	}
	type placed struct {
		review.Item
		place int64
	}
	found, err := collect(ctx, s.reads, func(scan func(...any) error) (x placed, err error) {
		var at int64
		var score, index sql.NullInt64
		var assignee review.Person
		e, err := scanEntry(func(dest ...any) error {
			return scan(append(dest, &x.place, &at, &score, &x.Verdict, &assignee.ID, &assignee.Name, &x.Complaint, &x.Flags, &index, &x.Gone)...)
		})
		x.Entry = e.Entry
		x.At = fromMicros(at)
		if score.Valid {
			lowest := float64(score.Int64) / millionths
			x.Score = &lowest
		}
		if index.Valid {
			x.LeafIndex = &index.Int64
		}
		if assignee.ID != "" {
			x.Assignee = &assignee
		}
		return x, err
	}, "SELECT "+entryColumns+`, a.place, a.at, a.score, a.verdict, a.assignee, COALESCE(s.name, ''), a.complaint, a.flags, l.idx,
		NOT (EXISTS (SELECT 1 FROM citation_bodies b WHERE b.entry = e.id) AND `+present("e.customer")+`)
		FROM log_answers a JOIN citation_entries e ON e.id = a.entry LEFT JOIN log_leaves l ON l.entry = e.id LEFT JOIN staff s ON s.id = a.assignee
		WHERE a.place IN (`+marks(len(places))+")", anys(places)...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b placed) int { return slices.Index(places, a.place) - slices.Index(places, b.place) })
	out := make([]review.Item, len(found))
	entries := make(map[string]*citation.Entry, len(found))
	for i, x := range found {
		out[i] = x.Item
		entries[x.ID] = &out[i].Entry
	}
	return out, s.detailsOf(ctx, entries)
}

// detailsOf reads what several entries name.
func (s *Store) detailsOf(ctx context.Context, entries map[string]*citation.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	ids := make([]string, 0, len(entries))
	for id := range entries {
		ids = append(ids, id)
	}
	in := " WHERE entry IN (" + marks(len(ids)) + ") ORDER BY entry, ordinal"
	_, err := collect(ctx, s.reads, func(scan func(...any) error) (none struct{}, err error) {
		var id string
		var u citation.Use
		if err = scan(&id, &u.RecordID, &u.Category, &u.Recipient, &u.GrantID); err == nil {
			entries[id].Records = append(entries[id].Records, u)
		}
		return none, err
	}, "SELECT entry, record, category, recipient, grant_id FROM citation_records"+in, anys(ids)...)
	if err != nil {
		return err
	}
	_, err = collect(ctx, s.reads, func(scan func(...any) error) (none struct{}, err error) {
		var id string
		var n citation.NotSearched
		if err = scan(&id, &n.Category, &n.Reason, &n.Relevant); err == nil {
			entries[id].NotSearched = append(entries[id].NotSearched, n)
		}
		return none, err
	}, "SELECT entry, category, reason, relevant FROM citation_not_searched"+in, anys(ids)...)
	return err
}
