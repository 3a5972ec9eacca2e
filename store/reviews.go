package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
	"candor/review"
)

var _ review.Store = (*Reviews)(nil)

// Reviews is what people find of answers, in SQL. It is a type of its own because it
// lists what others list too.
type Reviews struct{ s *Store }

// Reviews returns what people find of answers.
func (s *Store) Reviews() *Reviews { return &Reviews{s} }

func reviewPlace(id string) string { return "review/" + id }

func flagPlace(id string) string { return "flag/" + id }

// List returns the newest answers that the filter selects.
func (r *Reviews) List(ctx context.Context, f review.Filter) ([]review.Item, int64, error) {
	return r.s.list(ctx, f)
}

// AnswerOf returns the answer of an entry.
func (r *Reviews) AnswerOf(ctx context.Context, id string) (string, error) {
	answer := id
	err := r.s.reads.QueryRowContext(ctx, "SELECT answer FROM citation_entries WHERE id = ?", id).Scan(&answer)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return answer, err
}

// Item returns one answer as lists have it. One that is being written may have no entry
// yet: of it there is what is not sealed, without an id of an entry.
func (r *Reviews) Item(ctx context.Context, id string) (review.Item, error) {
	places, err := collect(ctx, r.s.reads, scanPlace, "SELECT place FROM log_answers WHERE answer = ?", id)
	if err != nil {
		return review.Item{}, err
	}
	items, err := r.s.items(ctx, places)
	if err == nil && len(items) == 0 {
		items, err = collect(ctx, r.s.reads, func(scan func(...any) error) (x review.Item, err error) {
			var at int64
			err = scan(&x.AnswerID, &x.Conversation, &x.Customer, &x.Site, &x.Status, &x.Attempt, &at)
			x.At = fromMicros(at)
			return x, err
		}, "SELECT a.id, c.id, c.customer, c.site, a.status, a.attempt, a.at FROM answers a JOIN conversations c ON c.id = a.conversation WHERE a.id = ?", id)
	}
	if err == nil && len(items) == 0 {
		err = review.ErrUnknownAnswer
	}
	if err != nil {
		return review.Item{}, err
	}
	return items[0], nil
}

func scanPlace(scan func(...any) error) (place int64, err error) {
	err = scan(&place)
	return place, err
}

// writeAbout is writeFor about the customer of an answer, with their key.
func (r *Reviews) writeAbout(ctx context.Context, id string, fn func(tx *Tx, key Sealer, customer identity.CustomerID) error) error {
	var customer identity.CustomerID
	err := r.s.reads.QueryRowContext(ctx, "SELECT customer FROM log_answers WHERE answer = ?", id).Scan(&customer)
	if errors.Is(err, sql.ErrNoRows) {
		return review.ErrUnknownAnswer
	}
	if err != nil {
		return err
	}
	key, err := r.s.keys.For(ctx, customer)
	if err == nil {
		err = r.s.writeFor(ctx, customer, func(tx *Tx) error { return fn(tx, key, customer) })
	}
	if errors.Is(err, consent.ErrUnknownCustomer) || errors.Is(err, ErrKeyDestroyed) {
		err = review.ErrErased
	}
	return err
}

// AddReview adds a verdict, which is the answer's from then on.
func (r *Reviews) AddReview(ctx context.Context, v review.Review) error {
	if !slices.Contains(review.Verdicts, v.Verdict) {
		return review.ErrVerdict
	}
	if utf8.RuneCountInString(v.Note) > review.MaxNote {
		return review.ErrNote
	}
	return r.writeAbout(ctx, v.Answer, func(tx *Tx, key Sealer, customer identity.CustomerID) error {
		sealed, err := tx.note(key, reviewPlace(v.ID), v.Answer, v.Note)
		if err != nil {
			return err
		}
		if _, err := tx.exec("INSERT INTO reviews (id, answer, customer, verdict, reviewer, at, sealed) VALUES ("+marks(7)+")",
			v.ID, v.Answer, customer, v.Verdict, v.Reviewer.ID, micros(tx.Now), sealed); err != nil {
			return err
		}
		_, err = tx.exec("UPDATE log_answers SET verdict = ? WHERE answer = ?", v.Verdict, v.Answer)
		return err
	})
}

// AddFlag adds what somebody at the desk found wrong with an answer of the conversation.
func (r *Reviews) AddFlag(ctx context.Context, conversation string, f review.Flag) error {
	if f.Kind == review.Correct || !slices.Contains(review.Verdicts, f.Kind) {
		return review.ErrFlag
	}
	if utf8.RuneCountInString(f.Note) > review.MaxNote {
		return review.ErrNote
	}
	return r.writeAbout(ctx, f.Answer, func(tx *Tx, key Sealer, customer identity.CustomerID) error {
		sealed, err := tx.note(key, flagPlace(f.ID), f.Answer, f.Note)
		if err != nil {
			return err
		}
		n, err := tx.exec("UPDATE log_answers SET flags = flags + 1 WHERE answer = ? AND conversation = ?", f.Answer, conversation)
		if err != nil {
			return err
		}
		if n == 0 {
			return review.ErrUnknownAnswer
		}
		_, err = tx.exec("INSERT INTO flags (id, answer, customer, kind, agent, at, sealed) VALUES ("+marks(7)+")",
			f.ID, f.Answer, customer, f.Kind, f.By.ID, micros(tx.Now), sealed)
		return err
	})
}

// note seals what somebody wrote about an answer. About one of which nothing is left to
// be read nothing is written: nobody would delete it.
func (tx *Tx) note(key Sealer, place, answer, text string) ([]byte, error) {
	if text != "" {
		var there bool
		err := tx.row("SELECT EXISTS (SELECT 1 FROM citation_bodies b JOIN citation_entries e ON e.id = b.entry WHERE e.answer = ?)", answer).Scan(&there)
		if err == nil && !there {
			err = review.ErrGone
		}
		if err != nil {
			return nil, err
		}
	}
	return sealedText(key, place, text)
}

// Assign gives an answer to a reviewer, or to nobody.
func (r *Reviews) Assign(ctx context.Context, id string, reviewer identity.StaffID) error {
	if reviewer != "" {
		all, err := r.Reviewers(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(p review.Person) bool { return p.ID == reviewer }) {
			return review.ErrNotReviewer
		}
	}
	return r.writeAbout(ctx, id, func(tx *Tx, _ Sealer, _ identity.CustomerID) error {
		_, err := tx.exec("UPDATE log_answers SET assignee = ? WHERE answer = ?", reviewer, id)
		return err
	})
}

// complained marks an answer as one that its customer has complained about.
func (tx *Tx) complained(answer string) error {
	_, err := tx.exec("UPDATE log_answers SET complaint = TRUE WHERE answer = ?", answer)
	return err
}

// eraseReviews removes what people wrote about a customer's answers. That they were
// reviewed, and what was found, stays.
func (tx *Tx) eraseReviews(customer identity.CustomerID) error {
	for _, table := range []string{"reviews", "flags"} {
		if _, err := tx.exec("UPDATE "+table+" SET sealed = NULL WHERE customer = ?", customer); err != nil {
			return err
		}
	}
	return nil
}

// Reviewers returns who can be assigned an answer, by name.
func (r *Reviews) Reviewers(ctx context.Context) ([]review.Person, error) {
	all, err := collect(ctx, r.s.reads, scanStaff, "SELECT "+staffColumns+" FROM staff s WHERE NOT s.disabled ORDER BY s.name, s.id")
	if err != nil {
		return nil, err
	}
	out := []review.Person{}
	for _, m := range all {
		if (identity.Principal{Kind: identity.Staff, Roles: m.Roles}).Has(identity.RoleReviewer) {
			out = append(out, review.Person{ID: m.ID, Name: m.Name})
		}
	}
	return out, nil
}

// noted is a row of what somebody found.
type noted struct {
	id, kind string
	by       review.Person
	at       time.Time
	sealed   []byte
}

func scanNoted(scan func(...any) error) (n noted, err error) {
	var at int64
	err = scan(&n.id, &n.kind, &n.by.ID, &n.by.Name, &at, &n.sealed)
	n.at = fromMicros(at)
	return n, err
}

// Findings returns what people found of an answer.
func (r *Reviews) Findings(ctx context.Context, id string, open bool) (out review.Findings, err error) {
	var key Sealer
	if open {
		var customer identity.CustomerID
		err := r.s.reads.QueryRowContext(ctx, "SELECT customer FROM log_answers WHERE answer = ?", id).Scan(&customer)
		if errors.Is(err, sql.ErrNoRows) {
			return out, review.ErrUnknownAnswer
		}
		if err != nil {
			return out, err
		}
		key, err = r.s.keys.For(ctx, customer)
		if open = !errors.Is(err, ErrKeyDestroyed); open && err != nil {
			return out, err
		}
	}
	note := func(place string, sealed []byte) (string, error) {
		if !open || sealed == nil {
			return "", nil
		}
		text, err := key.Open(place, sealed)
		return string(text), err
	}
	of := func(table, kind, who string) ([]noted, error) {
		return collect(ctx, r.s.reads, scanNoted, "SELECT r.id, r."+kind+", r."+who+", COALESCE(s.name, ''), r.at, r.sealed FROM "+table+
			" r LEFT JOIN staff s ON s.id = r."+who+" WHERE r.answer = ? ORDER BY r.at, r.id", id)
	}
	reviews, err := of("reviews", "verdict", "reviewer")
	if err != nil {
		return out, err
	}
	for _, n := range reviews {
		v := review.Review{ID: n.id, Answer: id, Verdict: review.Verdict(n.kind), Reviewer: n.by, At: n.at}
		if v.Note, err = note(reviewPlace(n.id), n.sealed); err != nil {
			return out, err
		}
		out.Reviews = append(out.Reviews, v)
	}
	flags, err := of("flags", "kind", "agent")
	if err != nil {
		return out, err
	}
	for _, n := range flags {
		f := review.Flag{ID: n.id, Answer: id, Kind: review.Verdict(n.kind), By: n.by, At: n.at}
		if f.Note, err = note(flagPlace(n.id), n.sealed); err != nil {
			return out, err
		}
		out.Flags = append(out.Flags, f)
	}
	out.Complaints, err = collect(ctx, r.s.reads, func(scan func(...any) error) (c review.Complaint, err error) {
		var at, due int64
		err = scan(&c.Request, &c.Status, &at, &due)
		c.At, c.Due = fromMicros(at), fromMicros(due)
		return c, err
	}, "SELECT id, status, at, due FROM requests WHERE answer = ? AND answer <> '' ORDER BY at, id", id)
	return out, err
}

// latest selects of reviews r in a time those after which there is none of the same
// answer, and by the same person if that is asked. Its parameters are the time, twice.
func latest(samePerson bool) string {
	same := ""
	if samePerson {
		same = " AND n.reviewer = r.reviewer"
	}
	return "r.at >= ? AND r.at < ? AND NOT EXISTS (SELECT 1 FROM reviews n WHERE n.answer = r.answer" + same +
		" AND n.at >= ? AND n.at < ? AND (n.at > r.at OR n.at = r.at AND n.id > r.id))"
}

// Summary returns what reviews of a time found. A zero time is no bound.
func (r *Reviews) Summary(ctx context.Context, from, to time.Time) (out review.Summary, err error) {
	until := int64(math.MaxInt64)
	if !to.IsZero() {
		until = micros(to)
	}
	times := []any{micros(from), until, micros(from), until}
	out.Tally = newTally()
	out.ByModel, out.ByLanguage = make(map[string]review.Tally), make(map[string]review.Tally)
	err = r.s.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM reviews WHERE at >= ? AND at < ?", times[:2]...).Scan(&out.Reviews)
	if err != nil {
		return out, err
	}
	type count struct {
		model, language string
		verdict         review.Verdict
		n               int
	}
	counts, err := collect(ctx, r.s.reads, func(scan func(...any) error) (c count, err error) {
		err = scan(&c.model, &c.language, &c.verdict, &c.n)
		return c, err
	}, "SELECT a.model, a.language, r.verdict, COUNT(*) FROM reviews r JOIN log_answers a ON a.answer = r.answer WHERE "+latest(false)+
		" GROUP BY a.model, a.language, r.verdict", times...)
	if err != nil {
		return out, err
	}
	for _, c := range counts {
		out.Tally = tallied(out.Tally, c.verdict, c.n)
		out.ByModel[c.model] = tallied(out.ByModel[c.model], c.verdict, c.n)
		out.ByLanguage[c.language] = tallied(out.ByLanguage[c.language], c.verdict, c.n)
	}
	err = r.s.reads.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN found = 1 THEN 1 ELSE 0 END), 0) FROM (
		SELECT COUNT(DISTINCT r.verdict) AS found FROM reviews r WHERE `+latest(true)+" GROUP BY r.answer HAVING COUNT(*) > 1) AS several",
		times...).Scan(&out.Compared, &out.Agreed)
	return out, err
}

func newTally() review.Tally {
	t := review.Tally{Verdicts: make(map[review.Verdict]int, len(review.Verdicts))}
	for _, v := range review.Verdicts {
		t.Verdicts[v] = 0
	}
	return t
}

func tallied(t review.Tally, v review.Verdict, n int) review.Tally {
	if t.Verdicts == nil {
		t = newTally()
	}
	t.Answers += n
	t.Verdicts[v] += n
	return t
}

// Compare says whether a source still holds a quote. It reads a customer's record
// without their leave to show it, and so returns nothing of it.
func (r *Reviews) Compare(ctx context.Context, site identity.SiteID, record, quote string) (review.Now, error) {
	articles, err := collect(ctx, r.s.reads, scanKnowledge, "SELECT site, id, visibility, body, at FROM knowledge WHERE site = ? AND id = ? AND NOT removed", site, record)
	if err != nil {
		return "", err
	}
	const ofRecord = " FROM records WHERE site = ? AND id = ? AND (expires = 0 OR expires > now_micros()) AND "
	if len(articles) == 0 {
		open, err := collect(ctx, r.s.reads, scanString, "SELECT id"+ofRecord+present("records.customer"), site, record)
		if err != nil || len(open) == 0 {
			return review.Gone, err
		}
		articles, err = collect(ctx, r.s.reads, r.s.scanRecord(ctx), "SELECT "+recordColumns+ofRecord+present("records.customer")+" AND"+undisputed("records"), site, record)
		if errors.Is(err, ErrKeyDestroyed) {
			return review.Gone, nil
		}
		if err != nil {
			return "", err
		}
		if len(articles) == 0 {
			return review.NotPermitted, nil
		}
	}
	var hidden bool
	err = r.s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM hidden WHERE shown = 0 AND site = ? AND record = ? AND customer = ?)",
		site, record, articles[0].Customer).Scan(&hidden)
	switch {
	case err != nil:
		return "", err
	case hidden:
		return review.Hidden, nil
	case holdsQuote(articles[0], quote):
		return review.Same, nil
	}
	return review.Changed, nil
}

// holdsQuote reports whether a record says what was quoted, in its text or a field.
func holdsQuote(r retrieval.Record, quote string) bool {
	folded := strings.Join(strings.Fields(quote), " ")
	texts := []string{r.Text, r.Title}
	for _, value := range r.Fields {
		texts = append(texts, value)
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.Join(strings.Fields(text), " "), folded)
	})
}
