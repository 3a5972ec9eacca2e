package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"

	"candor/consent"
	"candor/identity"
	"candor/review"
)

const incidentColumns = "id, site, kind, status, jurisdiction, found, answers, customers, authority, told, closed, at, title"

func incidentPlace(id string) string { return "incident/" + id }

func incidentEventPlace(id string, ordinal int) string {
	return "incident/" + id + "/" + strconv.Itoa(ordinal)
}

// incidentWords is what people wrote in an event of an incident.
type incidentWords struct {
	Title string `json:"title,omitempty"`
	Note  string `json:"note,omitempty"`
}

func (s *Store) scanIncident(scan func(...any) error) (x review.Incident, err error) {
	var found, authority, told, closed, at int64
	var title []byte
	err = scan(&x.ID, &x.Site, &x.Kind, &x.Status, &x.Jurisdiction, &found, &x.Answers, &x.Customers, &authority, &told, &closed, &at, &title)
	if errors.Is(err, sql.ErrNoRows) {
		return x, review.ErrUnknownIncident
	}
	if err != nil {
		return x, err
	}
	x.Found, x.Authority, x.Told, x.Closed, x.At = fromMicros(found), fromMicros(authority), fromMicros(told), fromMicros(closed), fromMicros(at)
	x.Title, err = openedText(s.keys.House(), incidentPlace(x.ID), title)
	return x, err
}

// incident reads an incident with its history.
func (s *Store) incident(ctx context.Context, q querier, id string) (review.Incident, error) {
	x, err := s.scanIncident(q.QueryRowContext(ctx, "SELECT "+incidentColumns+" FROM incidents WHERE id = ?", id).Scan)
	if err != nil {
		return x, err
	}
	x.History, err = collect(ctx, q, func(scan func(...any) error) (e review.IncidentEvent, err error) {
		var ordinal int
		var at int64
		var changes string
		var sealed []byte
		if err := scan(&ordinal, &at, &e.Actor, &changes, &sealed); err != nil {
			return e, err
		}
		if err := json.Unmarshal([]byte(changes), &e.IncidentChange); err != nil {
			return e, errors.New("an event of an incident does not read")
		}
		e.At = fromMicros(at)
		if sealed == nil {
			return e, nil
		}
		var words incidentWords
		err = s.keys.House().openJSON(incidentEventPlace(id, ordinal), sealed, &words)
		e.Title, e.Note = words.Title, words.Note
		return e, err
	}, "SELECT ordinal, at, actor, changes, note FROM incident_events WHERE incident = ? ORDER BY ordinal", id)
	return x, err
}

// Incident returns an incident with its history: review.ErrUnknownIncident.
func (s *Store) Incident(ctx context.Context, id string) (review.Incident, error) {
	return s.incident(ctx, s.reads, id)
}

// AddIncident records an incident, at the time of the commit. Its jurisdiction is its
// site's. Errors: those of review.Incident.With; identity.ErrUnknownSite.
func (s *Store) AddIncident(ctx context.Context, site identity.SiteID, e review.IncidentEvent) (review.Incident, error) {
	var out review.Incident
	err := s.Write(ctx, func(tx *Tx) error {
		x := review.Incident{ID: identity.NewID("inc"), Site: site}
		if site != "" {
			err := tx.row("SELECT jurisdiction FROM sites WHERE id = ?", site).Scan(&x.Jurisdiction)
			if errors.Is(err, sql.ErrNoRows) {
				err = identity.ErrUnknownSite
			}
			if err != nil {
				return err
			}
		}
		e := e
		e.At = tx.Now
		after, err := x.With(e)
		if err != nil {
			return err
		}
		out = after
		return s.putIncident(tx, after, 0)
	})
	return out, err
}

// ChangeIncident adds a change to an incident, at the time of the commit, and returns
// the incident after it. Errors: review.ErrUnknownIncident, and those of
// review.Incident.With.
func (s *Store) ChangeIncident(ctx context.Context, id string, e review.IncidentEvent) (review.Incident, error) {
	var out review.Incident
	err := s.Write(ctx, func(tx *Tx) error {
		// The row first: two changes at once are one after the other.
		if n, err := tx.exec("UPDATE incidents SET status = status WHERE id = ?", id); err != nil || n == 0 {
			if err == nil || errors.Is(err, sql.ErrNoRows) {
				err = review.ErrUnknownIncident
			}
			return err
		}
		before, err := s.incident(tx.ctx, tx.tx, id)
		if err != nil {
			return err
		}
		e := e
		e.At = tx.Now
		after, err := before.With(e)
		if err != nil {
			return err
		}
		out = after
		return s.putIncident(tx, after, len(before.History))
	})
	return out, err
}

// putIncident stores an incident as it is now, and the event of it that is new.
func (s *Store) putIncident(tx *Tx, x review.Incident, ordinal int) error {
	house := s.keys.House()
	title, err := sealedText(house, incidentPlace(x.ID), x.Title)
	if err != nil {
		return err
	}
	e := x.History[ordinal]
	_, err = tx.exec("INSERT INTO incidents ("+incidentColumns+") VALUES ("+marks(13)+`) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind,
		status = excluded.status, found = excluded.found, answers = excluded.answers, customers = excluded.customers,
		authority = excluded.authority, told = excluded.told, closed = excluded.closed, title = excluded.title`,
		x.ID, x.Site, x.Kind, x.Status, x.Jurisdiction, micros(x.Found), x.Answers, x.Customers, micros(x.Authority), micros(x.Told),
		micros(x.Closed), micros(x.At), title)
	if err != nil {
		return err
	}
	changes, err := json.Marshal(e.IncidentChange)
	if err != nil {
		return err
	}
	var sealed []byte
	if words := (incidentWords{e.Title, e.Note}); words != (incidentWords{}) {
		if sealed, err = house.sealJSON(incidentEventPlace(x.ID, ordinal), words); err != nil {
			return err
		}
	}
	_, err = tx.exec("INSERT INTO incident_events (incident, ordinal, at, actor, changes, note) VALUES ("+marks(6)+")",
		x.ID, ordinal, micros(e.At), e.Actor, string(changes), sealed)
	return err
}

// Incidents returns the incidents that the filter selects, without their history, the
// latest found first. next is where the list goes on; the zero Place says that it does
// not.
func (s *Store) Incidents(ctx context.Context, f review.IncidentFilter) (page []review.Incident, next consent.Place, err error) {
	where, args := "TRUE", []any(nil)
	add := func(clause string, values ...any) {
		where, args = where+" AND "+clause, append(args, values...)
	}
	if f.Site != "" {
		add("site = ?", f.Site)
	}
	if f.Kind != "" {
		add("kind = ?", f.Kind)
	}
	if f.Status != "" {
		add("status = ?", f.Status)
	}
	if f.After != (consent.Place{}) {
		add("(found, id) < (?, ?)", f.After.Rank, f.After.ID)
	}
	limit := pageLimit(f.Limit)
	page, err = collect(ctx, s.reads, s.scanIncident,
		"SELECT "+incidentColumns+" FROM incidents WHERE "+where+" ORDER BY found DESC, id DESC LIMIT ?", append(args, limit+1)...)
	if len(page) > limit {
		page = page[:limit]
		next = consent.Place{Rank: micros(page[limit-1].Found), ID: page[limit-1].ID}
	}
	return page, next, err
}

// IncidentCount is how many incidents of a kind are not closed.
type IncidentCount struct {
	Kind          review.IncidentKind
	Open, Overdue int // the overdue ones are open too
}

// CountIncidents returns how many incidents of each kind are open, and of how many a
// clock that binds has run out.
func (s *Store) CountIncidents(ctx context.Context) ([]IncidentCount, error) {
	counts := make([]IncidentCount, len(review.IncidentKinds))
	for i, k := range review.IncidentKinds {
		counts[i].Kind = k
	}
	now, err := s.Now(ctx)
	if err != nil {
		return counts, err
	}
	open, err := collect(ctx, s.reads, s.scanIncident, "SELECT "+incidentColumns+" FROM incidents WHERE status <> ?", review.IncidentClosed)
	for _, x := range open {
		for i := range counts {
			if counts[i].Kind == x.Kind {
				counts[i].Open++
				if x.Overdue(now) {
					counts[i].Overdue++
				}
			}
		}
	}
	return counts, err
}
