package store

import (
	"context"
	"errors"
	"slices"

	"candor/consent"
	"candor/identity"
	"candor/retrieval"
)

var (
	_ retrieval.VectorStore    = (*Store)(nil)
	_ retrieval.OwnVectorStore = (*Store)(nil)
)

// Space returns the space that the index searches in; the zero Space: none yet.
func (s *Store) Space(ctx context.Context) (retrieval.Space, error) {
	var name string
	if err := s.reads.QueryRowContext(ctx, "SELECT COALESCE(MAX(space), '') FROM embedding").Scan(&name); err != nil {
		return retrieval.Space{}, err
	}
	return retrieval.ParseSpace(name)
}

// otherVectors is how many passages are looked at in one transaction for vectors of
// other spaces.
const otherVectors = 5000

// SetSpace makes the space the one that the index searches in, and removes the
// vectors of all others: customers' are made again when a question needs them. Where
// it is cut off, what is left of them is not compared with anything.
func (s *Store) SetSpace(ctx context.Context, space retrieval.Space) error {
	name := space.String()
	err := s.writeAlone(ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO embedding (one, space, at) VALUES (1, ?, ?)
			ON CONFLICT (one) DO UPDATE SET space = excluded.space, at = excluded.at`, name, micros(tx.Now))
		if err != nil {
			return err
		}
		_, err = tx.exec("DELETE FROM knowledge_vectors WHERE space <> ?", name)
		return err
	})
	var after retrieval.Article // of the passages, which are walked in their order
	for err == nil {
		page, failed := collect(ctx, s.reads, func(scan func(...any) error) (p retrieval.Article, err error) {
			err = scan(&p.Site, &p.ID)
			return p, err
		}, "SELECT site, id FROM passages WHERE (site, id) > (?, ?) ORDER BY site, id LIMIT ?", after.Site, after.ID, otherVectors)
		if failed != nil || len(page) == 0 {
			return failed
		}
		last := page[len(page)-1]
		err = s.writeAlone(ctx, func(tx *Tx) error {
			_, err := tx.exec(`UPDATE passages SET space = '', vector = NULL
				WHERE (site, id) > (?, ?) AND (site, id) <= (?, ?) AND space <> ? AND space <> ''`, after.Site, after.ID, last.Site, last.ID, name)
			return err
		})
		after = last
	}
	return err
}

// DropVectors removes the vectors of company knowledge in the space, so that they
// are made again.
func (s *Store) DropVectors(ctx context.Context, space retrieval.Space) error {
	return s.writeAlone(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM knowledge_vectors WHERE space = ?", space.String())
		return err
	})
}

// KnowledgeState changes whenever the knowledge of any site does.
func (s *Store) KnowledgeState(ctx context.Context) (v int64, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT COALESCE(SUM(knowledge_version), 0) FROM sites").Scan(&v)
	return v, err
}

// withoutVectors selects the articles in use that have no vectors in a space.
//
// SECURITY: a hidden article does not go to an embedder, which can be another company's.
var withoutVectors = ` FROM knowledge k LEFT JOIN knowledge_vectors v ON v.site = k.site AND v.id = k.id AND v.space = ?
	WHERE NOT k.removed AND v.id IS NULL AND` + visible("k")

// Unembedded returns articles that have no vectors in the space.
func (s *Store) Unembedded(ctx context.Context, space retrieval.Space, after retrieval.Article, limit int) ([]retrieval.Unembedded, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (u retrieval.Unembedded, err error) {
		u.Record, err = scanKnowledge(func(dest ...any) error { return scan(append(dest, &u.Body)...) })
		return u, err
	}, "SELECT k.site, k.id, k.visibility, k.body, k.at, k.body"+withoutVectors+" AND (k.site, k.id) > (?, ?) ORDER BY k.site, k.id LIMIT ?",
		space.String(), after.Site, after.ID, limit)
}

// CountUnembedded is how many articles have no vectors in the space, of how many.
func (s *Store) CountUnembedded(ctx context.Context, space retrieval.Space) (missing, all int, err error) {
	err = s.reads.QueryRowContext(ctx, "SELECT (SELECT COUNT(*)"+withoutVectors+"), (SELECT COUNT(*) FROM knowledge k WHERE NOT k.removed AND"+visible("k")+")", space.String()).Scan(&missing, &all)
	return missing, all, err
}

// PutVectors stores the vectors of articles that are as they were read.
func (s *Store) PutVectors(ctx context.Context, space retrieval.Space, vectors []retrieval.ArticleVectors) error {
	var sites []identity.SiteID
	for _, v := range vectors {
		sites = append(sites, v.Site)
	}
	slices.Sort(sites)
	sites = slices.Compact(sites)
	return s.Write(ctx, func(tx *Tx) error {
		// The sites first, in one order, as whoever writes knowledge locks them: no two
		// wait for each other.
		versions := make(map[identity.SiteID]int64)
		for _, site := range sites {
			var err error
			if versions[site], err = tx.nextKnowledge(site); err != nil {
				return err
			}
		}
		for _, v := range vectors {
			n, err := tx.exec(`INSERT INTO knowledge_vectors (site, id, space, vectors)
				SELECT site, id, ?, ? FROM knowledge WHERE site = ? AND id = ? AND body = ? AND NOT removed
				ON CONFLICT (site, id, space) DO UPDATE SET vectors = excluded.vectors`,
				space.String(), v.Sealed, v.Site, v.ID, v.Body)
			if err != nil {
				return err
			}
			if n == 0 {
				continue // changed meanwhile: it is found again
			}
			if _, err := tx.exec("UPDATE knowledge SET version = ? WHERE site = ? AND id = ?", versions[v.Site], v.Site, v.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// vectorPlace binds a sealed vector to its passage and its space.
func vectorPlace(site identity.SiteID, passage, space string) string {
	return "vector/" + string(site) + "/" + passage + "/" + space
}

// openVector opens the vector of a passage; an empty space is none.
func (s Sealer) openVector(site identity.SiteID, passage, space string, sealed []byte) (v retrieval.Vector, in retrieval.Space, err error) {
	if space == "" {
		return v, in, nil
	}
	if in, err = retrieval.ParseSpace(space); err != nil {
		return v, in, err
	}
	b, err := s.Open(vectorPlace(site, passage, space), sealed)
	if err != nil {
		return v, in, err
	}
	v, rest, err := retrieval.CutVector(b, in.Dimension)
	if err == nil && len(rest) > 0 {
		err = errors.New("a sealed vector does not read")
	}
	return v, in, err
}

// UnembeddedOwn returns passages of the scope's customer that have no vector in the
// space, the newest first, after indexing what is not indexed yet.
func (s *Store) UnembeddedOwn(ctx context.Context, scope consent.Scope, categories []consent.Category, space retrieval.Space, limit int) ([]retrieval.OwnPassage, error) {
	// SECURITY: an empty list would select nothing, and a category that the scope
	// does not permit is not read whatever the caller says.
	searchable := scope.Searchable()
	categories = slices.DeleteFunc(slices.Clone(categories), func(c consent.Category) bool { return !slices.Contains(searchable, c) })
	if scope.Customer() == "" || len(categories) == 0 {
		return nil, nil
	}
	if err := s.indexPending(ctx, scope, searchable); err != nil {
		return nil, err
	}
	key, err := s.keys.For(ctx, scope.Customer())
	if err != nil {
		return nil, err
	}
	read := s.scanRecord(ctx)
	args := append([]any{scope.Customer(), scope.Site(), space.String()}, anys(categories)...)
	return collect(ctx, s.reads, func(scan func(...any) error) (p retrieval.OwnPassage, err error) {
		var passage []byte
		p.Record, err = read(func(dest ...any) error { return scan(append(dest, &p.Body, &p.Passage.ID, &passage)...) })
		if err != nil {
			return p, err
		}
		b, err := key.Open(passagePlace(p.Site, p.Passage.ID), passage)
		if err != nil {
			return p, err
		}
		return p, readPassage(b, &p.Passage)
	}, `SELECT r.site, r.id, r.customer, r.category, r.sealed, r.collected, r.expires, r.own, r.sealed, p.id, p.sealed
		FROM passages p JOIN records r ON r.site = p.site AND r.id = p.record
		WHERE `+usable("r")+` AND (r.expires = 0 OR r.expires > now_micros()) AND p.customer = ? AND p.site = ? AND p.space <> ?
		AND p.category IN (`+marks(len(categories))+`) ORDER BY p.collected DESC, p.id LIMIT ?`, append(args, limit)...)
}

// PutOwnVectors seals and stores vectors of the scope's customer's passages, if the
// scope still holds: a withdrawal in between wins.
func (s *Store) PutOwnVectors(ctx context.Context, scope consent.Scope, space retrieval.Space, vectors []retrieval.OwnVector) error {
	key, err := s.keys.For(ctx, scope.Customer())
	if err != nil {
		return err
	}
	name := space.String()
	sealed := make([][]byte, len(vectors))
	for i, v := range vectors {
		b := v.Vector.Append(nil, space.Dimension)
		if sealed[i], err = key.Seal(vectorPlace(scope.Site(), v.Passage.ID, name), b); err != nil {
			return err
		}
	}
	return s.writeFor(ctx, scope.Customer(), func(tx *Tx) error {
		if err := tx.checkStamp(scope.Stamp()); err != nil {
			return err
		}
		for i, v := range vectors {
			_, err := tx.exec(`UPDATE passages SET space = ?, vector = ? WHERE site = ? AND id = ? AND customer = ? AND category = ?
				AND EXISTS (SELECT 1 FROM records WHERE site = passages.site AND id = passages.record AND sealed = ? AND`+usable("records")+`)`,
				name, sealed[i], scope.Site(), v.Passage.ID, scope.Customer(), v.Category, v.Body)
			if err != nil {
				return err
			}
		}
		return tx.touch(scope.Customer())
	})
}
