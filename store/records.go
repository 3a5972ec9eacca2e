package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

var _ retrieval.VersionedStore = (*Store)(nil)

// recordBody is the sealed part of a record.
type recordBody struct {
	Title    string            `json:"title"`
	Text     string            `json:"text"`
	Fields   map[string]string `json:"fields,omitempty"`
	Source   retrieval.Source  `json:"source"`
	Language string            `json:"language,omitempty"`
}

func recordPlace(r retrieval.Record) string { return "record/" + string(r.Site) + "/" + r.ID }

// PutRecord stores a customer's record, sealed, in place of one with the same
// id. It is indexed when its customer's next question needs it, and only if
// its category is granted then. What the customer had deleted here is
// retrieval.ErrNotWanted until they allow it again.
func (s *Store) PutRecord(ctx context.Context, r retrieval.Record) error {
	key, err := s.keys.For(ctx, r.Customer)
	if err != nil {
		return err
	}
	sealed, err := key.sealJSON(recordPlace(r), recordBody{r.Title, r.Text, r.Fields, r.Source, r.Language})
	if err != nil {
		return err
	}
	return s.writeFor(ctx, r.Customer, func(tx *Tx) error {
		if err := tx.wanted(r.Customer, r.Category); err != nil {
			return err
		}
		dropped, err := tx.deleteByCategory("DELETE FROM passages WHERE site = ? AND record = ? AND customer = ?", r.Site, r.ID, r.Customer)
		if err != nil {
			return err
		}
		if err := tx.leaveOutsideIn(r.Customer, dropped); err != nil {
			return err
		}
		if r.Own {
			if err := tx.roomForOwn(r.Customer); err != nil {
				return err
			}
		}
		n, err := tx.exec(`INSERT INTO records (site, id, customer, category, sealed, collected, expires, indexed, at, own)
			VALUES (?, ?, ?, ?, ?, ?, ?, FALSE, ?, ?)
			ON CONFLICT (site, id) DO UPDATE SET category = excluded.category, sealed = excluded.sealed,
				collected = excluded.collected, expires = excluded.expires, indexed = FALSE, at = excluded.at
				WHERE records.customer = excluded.customer AND records.own = excluded.own`,
			r.Site, r.ID, r.Customer, r.Category, sealed, micros(r.CollectedAt), micros(r.Expires), micros(tx.Now), r.Own)
		if err != nil {
			return err
		}
		if n == 0 {
			return tx.taken(r)
		}
		return tx.touch(r.Customer)
	})
}

// taken says why the id of a record is somebody else's.
func (tx *Tx) taken(r retrieval.Record) error {
	var leaving bool
	err := tx.row(`SELECT EXISTS (SELECT 1 FROM records r JOIN customers c ON c.id = r.customer
		WHERE r.site = ? AND r.id = ? AND c.erased > 0)`, r.Site, r.ID).Scan(&leaving)
	if err != nil {
		return err
	}
	if leaving {
		return retrieval.ErrLeaving
	}
	return retrieval.ErrOtherCustomer
}

// touch tells the indexes that the customer's records have changed.
func (tx *Tx) touch(customer identity.CustomerID) error {
	_, err := tx.exec("UPDATE customers SET data_version = data_version + 1 WHERE id = ?", customer)
	return err
}

// dropPassages removes the terms of every category that is not in keep, and logs
// why.
func (tx *Tx) dropPassages(customer identity.CustomerID, keep []consent.Category, why func(consent.Category) consent.DeletionReason) error {
	args := append([]any{customer}, anys(keep)...)
	where := " WHERE customer = ?"
	if len(keep) > 0 {
		where += " AND category NOT IN (" + marks(len(keep)) + ")"
	}
	dropped, err := tx.deleteByCategory("DELETE FROM passages"+where, args...)
	if err != nil {
		return err
	}
	if _, err := tx.exec("UPDATE records SET indexed = FALSE"+where, args...); err != nil {
		return err
	}
	rest := "TRUE"
	if len(keep) > 0 {
		rest = "category NOT IN (" + marks(len(keep)) + ")"
	}
	if err := tx.leaveOutside(customer, rest, anys(keep)...); err != nil {
		return err
	}
	return tx.logDeletions(customer, consent.DeletedPassage, why, dropped)
}

// Indexed returns the customers of whom anything is indexed.
func (s *Store) Indexed(ctx context.Context) ([]identity.CustomerID, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (id identity.CustomerID, err error) {
		err = scan(&id)
		return id, err
	}, "SELECT DISTINCT customer FROM passages")
}

// KeepIndexed removes the terms of every category of the stamp's customer that
// is not in keep, if the stamp still holds.
func (s *Store) KeepIndexed(ctx context.Context, stamp consent.Stamp, keep []consent.Category) error {
	return s.writeFor(ctx, stamp.Customer, func(tx *Tx) error {
		if err := tx.checkStamp(stamp); err != nil {
			return err
		}
		return tx.dropPassages(stamp.Customer, keep, because(consent.DeletedByPolicy))
	})
}

const recordColumns = "site, id, customer, category, sealed, collected, expires, own"

func (s *Store) scanRecord(ctx context.Context) func(func(...any) error) (retrieval.Record, error) {
	return func(scan func(...any) error) (retrieval.Record, error) {
		var r retrieval.Record
		var sealed []byte
		var collected, expires int64
		if err := scan(&r.Site, &r.ID, &r.Customer, &r.Category, &sealed, &collected, &expires, &r.Own); err != nil {
			return r, err
		}
		key, err := s.keys.For(ctx, r.Customer)
		if err != nil {
			return r, err
		}
		var b recordBody
		if err := key.openJSON(recordPlace(r), sealed, &b); err != nil {
			return r, err
		}
		r.Title, r.Text, r.Fields, r.Source, r.Language = b.Title, b.Text, b.Fields, b.Source, b.Language
		r.CollectedAt, r.Expires = fromMicros(collected), fromMicros(expires)
		return r, nil
	}
}

// Record returns a record of the site for its backend, whose data it is.
func (s *Store) Record(ctx context.Context, site identity.SiteID, id string) (retrieval.Record, error) {
	out, err := collect(ctx, s.reads, s.scanRecord(ctx), "SELECT "+recordColumns+" FROM records WHERE site = ? AND id = ? AND "+present("records.customer"), site, id)
	if err != nil {
		return retrieval.Record{}, err
	}
	if len(out) == 0 {
		return retrieval.Record{}, retrieval.ErrNotFound
	}
	return out[0], nil
}

// RemoveRecord removes what has the id: a customer's record, an article, or both.
func (s *Store) RemoveRecord(ctx context.Context, site identity.SiteID, id string) error {
	owners, err := collect(ctx, s.reads, scanString, "SELECT customer FROM records WHERE site = ? AND id = ?", site, id)
	if err != nil {
		return err
	}
	var owner identity.CustomerID
	if len(owners) > 0 {
		owner = identity.CustomerID(owners[0])
	}
	return s.writeFor(ctx, owner, func(tx *Tx) error {
		var n int64
		if owner != "" {
			var err error
			if n, err = tx.removeRecords(owner, consent.DeletedBySite, "site = ? AND id = ?", site, id); err != nil {
				return err
			}
		}
		err := tx.removeKnowledge(site, id)
		if errors.Is(err, sql.ErrNoRows) { // it cannot be an id
			err = retrieval.ErrNotFound
		}
		if n > 0 && errors.Is(err, retrieval.ErrNotFound) {
			err = nil
		}
		return err
	})
}

func (tx *Tx) removeKnowledge(site identity.SiteID, id string) error {
	version, err := tx.nextKnowledge(site)
	if err != nil {
		return err
	}
	n, err := tx.exec("UPDATE knowledge SET removed = TRUE, body = ?, version = ? WHERE site = ? AND id = ? AND NOT removed", []byte("{}"), version, site, id)
	if err == nil && n == 0 {
		err = retrieval.ErrNotFound
	}
	if err != nil {
		return err
	}
	_, err = tx.exec("DELETE FROM knowledge_vectors WHERE site = ? AND id = ?", site, id)
	return err
}

// articleBody is an article as it is stored; the same one is always the same bytes.
func articleBody(r retrieval.Record) ([]byte, error) {
	return json.Marshal(recordBody{r.Title, r.Text, r.Fields, r.Source, r.Language})
}

// PutKnowledge stores company knowledge, in place of what has the same ids.
func (s *Store) PutKnowledge(ctx context.Context, site identity.SiteID, records []retrieval.Record) error {
	bodies := make([][]byte, len(records))
	for i, r := range records {
		b, err := articleBody(r)
		if err != nil {
			return err
		}
		bodies[i] = b
	}
	return s.Write(ctx, func(tx *Tx) error {
		version, err := tx.nextKnowledge(site)
		if err != nil {
			return err
		}
		for i, r := range records {
			// The vectors of a text that is replaced go; the same text again keeps them.
			_, err := tx.exec(`DELETE FROM knowledge_vectors WHERE site = ? AND id = ?
				AND NOT EXISTS (SELECT 1 FROM knowledge WHERE site = ? AND id = ? AND body = ?)`, site, r.ID, site, r.ID, bodies[i])
			if err != nil {
				return err
			}
			_, err = tx.exec(`INSERT INTO knowledge (site, id, visibility, body, version, at) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (site, id) DO UPDATE SET visibility = excluded.visibility, body = excluded.body,
					version = excluded.version, removed = FALSE, at = excluded.at`,
				site, r.ID, r.Visibility, bodies[i], version, micros(tx.Now))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) nextKnowledge(site identity.SiteID) (v int64, err error) {
	err = tx.row("UPDATE sites SET knowledge_version = knowledge_version + 1 WHERE id = ? RETURNING knowledge_version", site).Scan(&v)
	return v, err
}

// KnowledgeVersion changes whenever the site's knowledge does.
func (s *Store) KnowledgeVersion(ctx context.Context, site identity.SiteID) (v int64, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(knowledge_version), 0) FROM sites WHERE id = ?", site).Scan(&v)
	return v, err
}

func scanKnowledge(scan func(...any) error) (retrieval.Record, error) {
	r := retrieval.Record{Category: consent.Knowledge}
	var body []byte
	var at int64
	if err := scan(&r.Site, &r.ID, &r.Visibility, &body, &at); err != nil {
		return r, err
	}
	var b recordBody
	if err := json.Unmarshal(body, &b); err != nil {
		return r, fmt.Errorf("knowledge %s does not read: %w", r.ID, err)
	}
	r.Title, r.Text, r.Fields, r.Source, r.Language = b.Title, b.Text, b.Fields, b.Source, b.Language
	r.CollectedAt = fromMicros(at)
	return r, nil
}

// Knowledge calls changed and removed with what is new after version since.
func (s *Store) Knowledge(ctx context.Context, site identity.SiteID, since int64, space retrieval.Space, changed func(retrieval.Record, []byte) error, removed func(string) error) error {
	// Read first: the callbacks index what they get, and a reader that is held
	// open keeps the write-ahead log from being folded back.
	type row struct {
		record  retrieval.Record
		gone    bool
		vectors []byte
	}
	rows, err := collect(ctx, s.reads, func(scan func(...any) error) (x row, err error) {
		x.record, err = scanKnowledge(func(dest ...any) error { return scan(append(dest, &x.gone, &x.vectors)...) })
		return x, err
	}, `SELECT k.site, k.id, k.visibility, k.body, k.at, k.removed OR NOT `+visible("k")+`, v.vectors
		FROM knowledge k LEFT JOIN knowledge_vectors v ON v.site = k.site AND v.id = k.id AND v.space = ?
		WHERE k.site = ? AND k.version > ? ORDER BY k.id`, space.String(), site, since)
	if err != nil {
		return err
	}
	for _, x := range rows {
		if x.gone {
			err = removed(x.record.ID)
		} else {
			err = changed(x.record, x.vectors)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// PassagesVersion changes whenever the customer's records do.
func (s *Store) PassagesVersion(ctx context.Context, scope consent.Scope) (v int64, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(data_version), 0) FROM customers WHERE id = ?", scope.Customer()).Scan(&v)
	return v, err
}

func passagePlace(site identity.SiteID, id string) string {
	return "passage/" + string(site) + "/" + id
}

// Passages returns the passages of the scope's customer in the categories that
// it may search, after indexing the records of them that are not indexed yet:
// so a grant is usable at the next question, and nothing is indexed that no
// question needed.
func (s *Store) Passages(ctx context.Context, scope consent.Scope) ([]retrieval.Stored, error) {
	categories := scope.Searchable()
	if scope.Customer() == "" || len(categories) == 0 {
		return nil, nil
	}
	if err := s.indexPending(ctx, scope, categories); err != nil {
		return nil, err
	}
	key, err := s.keys.For(ctx, scope.Customer())
	if err != nil {
		return nil, err
	}
	args := append([]any{scope.Customer(), scope.Site()}, anys(categories)...)
	// SECURITY: the customer and the categories are the scope's own; the list is
	// never empty here, and an empty one would select nothing.
	return collect(ctx, s.reads, func(scan func(...any) error) (retrieval.Stored, error) {
		var p retrieval.Stored
		var site identity.SiteID
		var sealed, vector []byte
		var collected int64
		var space string
		if err := scan(&site, &p.ID, &p.Record, &p.Category, &collected, &sealed, &space, &vector); err != nil {
			return p, err
		}
		if p.Vector, p.Space, err = key.openVector(site, p.ID, space, vector); err != nil {
			return p, err
		}
		p.CollectedAt = fromMicros(collected)
		b, err := key.Open(passagePlace(site, p.ID), sealed)
		if err != nil {
			return p, err
		}
		return p, readPassage(b, &p.Passage)
	}, `SELECT p.site, p.id, p.record, p.category, p.collected, p.sealed, p.space, p.vector
		FROM passages p JOIN records r ON r.site = p.site AND r.id = p.record
		WHERE `+usable("r")+` AND (r.expires = 0 OR r.expires > now_micros()) AND p.customer = ? AND p.site = ?
		AND p.category IN (`+marks(len(categories))+`) ORDER BY p.id`, args...)
}

func (s *Store) indexPending(ctx context.Context, scope consent.Scope, categories []consent.Category) error {
	type row struct {
		passage retrieval.Passage
		sealed  []byte
	}
	type unindexed struct {
		retrieval.Record
		sealed []byte // as it was read: sealing the same text again gives other bytes
	}
	read := s.scanRecord(ctx)
	args := append([]any{scope.Customer(), scope.Site()}, anys(categories)...)
	pending, err := collect(ctx, s.reads, func(scan func(...any) error) (u unindexed, err error) {
		u.Record, err = read(func(dest ...any) error { return scan(append(dest, &u.sealed)...) })
		return u, err
	}, "SELECT "+recordColumns+`, sealed FROM records
		WHERE customer = ? AND site = ? AND NOT indexed AND category IN (`+marks(len(categories))+`) AND`+usable("records"), args...)
	if err != nil || len(pending) == 0 {
		return err
	}
	key, err := s.keys.For(ctx, scope.Customer())
	if err != nil {
		return err
	}
	made := make([][]row, len(pending))
	for i, r := range pending {
		for _, p := range retrieval.Split(r.Record) {
			sealed, err := key.Seal(passagePlace(r.Site, p.ID), appendPassage(nil, p))
			if err != nil {
				return err
			}
			made[i] = append(made[i], row{p, sealed})
		}
	}
	return s.writeFor(ctx, scope.Customer(), func(tx *Tx) error {
		// SECURITY: indexed only if the grants that the scope was minted from
		// still stand; a withdrawal in between wins.
		if err := tx.checkStamp(scope.Stamp()); err != nil {
			return err
		}
		for i, r := range pending {
			n, err := tx.exec(`UPDATE records SET indexed = TRUE
				WHERE site = ? AND id = ? AND customer = ? AND category = ? AND sealed = ? AND NOT indexed AND`+usable("records"),
				r.Site, r.ID, r.Customer, r.Category, r.sealed)
			if err != nil {
				return err
			}
			if n == 0 {
				continue // changed or indexed meanwhile: the next question sees to it
			}
			for _, p := range made[i] {
				if _, err := tx.exec(`INSERT INTO passages (site, id, record, customer, category, collected, sealed)
					VALUES (?, ?, ?, ?, ?, ?, ?)`,
					r.Site, p.passage.ID, r.ID, r.Customer, r.Category, micros(r.CollectedAt), p.sealed); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Texts returns the records with these ids that the scope permits.
func (s *Store) Texts(ctx context.Context, scope consent.Scope, ids []string) ([]retrieval.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	audience := []any{retrieval.PublicKnowledge}
	if scope.Audience() == consent.Staff {
		audience = append(audience, retrieval.InternalKnowledge)
	}
	// SECURITY: the audience decides inside the query.
	args := slices.Concat([]any{scope.Site()}, audience, anys(ids))
	out, err := collect(ctx, s.reads, scanKnowledge, `SELECT site, id, visibility, body, at FROM knowledge
		WHERE site = ? AND NOT removed AND`+visible("knowledge")+`AND visibility IN (`+marks(len(audience))+`) AND id IN (`+marks(len(ids))+`)`, args...)
	if err != nil {
		return nil, err
	}
	personal, err := s.permitted(ctx, scope, " AND id IN ("+marks(len(ids))+")", anys(ids)...)
	return append(out, personal...), err
}

// Permitted returns the scope's customer's records that the scope permits, the
// latest first, at most limit.
func (s *Store) Permitted(ctx context.Context, scope consent.Scope, limit int) ([]retrieval.Record, error) {
	out, err := s.permitted(ctx, scope, "")
	return newestOf(out, limit), err
}

// PermittedOf is Permitted of one category.
func (s *Store) PermittedOf(ctx context.Context, scope consent.Scope, c consent.Category, limit int) ([]retrieval.Record, error) {
	out, err := s.permitted(ctx, scope, " AND category = ?", c)
	return newestOf(out, limit), err
}

// newestOf are the latest of the records, at most limit of them, in order.
func newestOf(records []retrieval.Record, limit int) []retrieval.Record {
	slices.SortFunc(records, func(a, b retrieval.Record) int { return b.CollectedAt.Compare(a.CollectedAt) })
	return records[:min(len(records), limit)]
}

// permitted reads those records under the scope that a further condition selects too.
func (s *Store) permitted(ctx context.Context, scope consent.Scope, and string, args ...any) ([]retrieval.Record, error) {
	categories := scope.Searchable()
	if scope.Customer() == "" || len(categories) == 0 {
		return nil, nil
	}
	// SECURITY: the customer and the categories are the scope's own.
	own := append([]any{scope.Site(), scope.Customer()}, anys(categories)...)
	return collect(ctx, s.reads, s.scanRecord(ctx), "SELECT "+recordColumns+` FROM records WHERE site = ? AND customer = ?
		AND (expires = 0 OR expires > now_micros()) AND category IN (`+marks(len(categories))+`) AND `+present("records.customer")+` AND`+usable("records")+and,
		slices.Concat(own, args)...)
}
