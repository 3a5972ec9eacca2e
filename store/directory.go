package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"candor/identity"
)

var _ identity.Directory = (*Store)(nil)

// Now returns the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now int64
	err := s.reads.QueryRowContext(ctx, "SELECT now_micros()").Scan(&now)
	return fromMicros(now), err
}

const siteColumns = "id, name, accent, origins, secret, jurisdiction"

func (s *Store) scanSite(scan func(...any) error) (identity.Site, error) {
	var site identity.Site
	var origins string
	var secret []byte
	if err := scan(&site.ID, &site.Name, &site.Accent, &origins, &secret, &site.Jurisdiction); err != nil {
		return site, err
	}
	if err := json.Unmarshal([]byte(origins), &site.Origins); err != nil {
		return site, err
	}
	var err error
	site.Secret, err = s.keys.House().Open("site/"+string(site.ID), secret)
	return site, err
}

// Site returns a site.
func (s *Store) Site(ctx context.Context, id identity.SiteID) (identity.Site, error) {
	site, err := s.scanSite(s.reads.QueryRowContext(ctx, "SELECT "+siteColumns+" FROM sites WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return site, identity.ErrUnknownSite
	}
	return site, err
}

// Sites returns every site, by id.
func (s *Store) Sites(ctx context.Context) ([]identity.Site, error) {
	return collect(ctx, s.reads, s.scanSite, "SELECT "+siteColumns+" FROM sites ORDER BY id")
}

// AddSite stores a new site and the hash of its server key.
func (s *Store) AddSite(ctx context.Context, site identity.Site, serverKey string) error {
	secret, err := s.keys.House().Seal("site/"+string(site.ID), site.Secret)
	if err != nil {
		return err
	}
	origins, err := json.Marshal(append([]string{}, site.Origins...))
	if err != nil {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec(`INSERT INTO sites (id, name, accent, origins, secret, jurisdiction, server_key, created)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			site.ID, site.Name, site.Accent, string(origins), secret, site.Jurisdiction, hashSecret(serverKey), micros(tx.Now))
		if err == nil && n == 0 {
			err = fmt.Errorf("site %s: %w", site.ID, identity.ErrConflict)
		}
		return err
	})
}

// RotateServerKey replaces the server key; the old one stops working.
func (s *Store) RotateServerKey(ctx context.Context, id identity.SiteID, serverKey string) error {
	return s.updateSite(ctx, "UPDATE sites SET server_key = ? WHERE id = ?", hashSecret(serverKey), id)
}

// RotateSecret replaces the secret of identity tokens; the old one stops working.
func (s *Store) RotateSecret(ctx context.Context, id identity.SiteID, secret []byte) error {
	sealed, err := s.keys.House().Seal("site/"+string(id), secret)
	if err != nil {
		return err
	}
	return s.updateSite(ctx, "UPDATE sites SET secret = ? WHERE id = ?", sealed, id)
}

func (s *Store) updateSite(ctx context.Context, query string, args ...any) error {
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec(query, args...)
		if err == nil && n == 0 || errors.Is(err, sql.ErrNoRows) {
			err = identity.ErrUnknownSite
		}
		return err
	})
}

// RotateBrowserKey sets the browser key; the old one stops working.
func (s *Store) RotateBrowserKey(ctx context.Context, id identity.SiteID, browserKey string) error {
	return s.updateSite(ctx, "UPDATE sites SET browser_key = ? WHERE id = ?", hashSecret(browserKey), id)
}

// SiteByServerKey returns the site that the key belongs to.
func (s *Store) SiteByServerKey(ctx context.Context, key string) (identity.Site, error) {
	return s.siteBy(ctx, "server_key = ?", key)
}

// SiteByBrowserKey returns the site that the key belongs to.
func (s *Store) SiteByBrowserKey(ctx context.Context, key string) (identity.Site, error) {
	return s.siteBy(ctx, "browser_key = ?", key)
}

func (s *Store) siteBy(ctx context.Context, where, key string) (identity.Site, error) {
	site, err := s.scanSite(s.reads.QueryRowContext(ctx, "SELECT "+siteColumns+" FROM sites WHERE "+where, hashSecret(key)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return site, identity.ErrUnauthenticated
	}
	return site, err
}

// Customer returns the customer's internal id, making one if there is none.
func (s *Store) Customer(ctx context.Context, site identity.SiteID, sub string) (identity.CustomerID, error) {
	id, ok, err := s.FindCustomer(ctx, site, sub)
	if ok || err != nil {
		return id, err
	}
	fresh, sealed, err := s.newCustomer(ctx, sub)
	if err != nil {
		return "", err
	}
	hash := s.keys.Hash("subject", string(site), sub)
	err = s.Write(ctx, func(tx *Tx) error {
		// Two requests may make the same customer: the first one stays.
		_, err := tx.exec(`INSERT INTO customers (id, site, subject, sealed, created) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (site, subject) DO NOTHING`, fresh, site, hash, sealed, micros(tx.Now))
		if err != nil {
			return err
		}
		return tx.row("SELECT id FROM customers WHERE site = ? AND subject = ?", site, hash).Scan(&id)
	})
	return id, err
}

func (s *Store) newCustomer(ctx context.Context, sub string) (identity.CustomerID, []byte, error) {
	id := identity.CustomerID(identity.NewID("cus"))
	// The key comes first: a customer without one could not be written about.
	if err := s.keys.Create(ctx, id); err != nil {
		return "", nil, err
	}
	key, err := s.keys.For(ctx, id)
	if err != nil {
		return "", nil, err
	}
	sealed, err := key.Seal("subject/"+string(id), []byte(sub))
	return id, sealed, err
}

// FindCustomer returns the customer's internal id, if there is one.
func (s *Store) FindCustomer(ctx context.Context, site identity.SiteID, sub string) (identity.CustomerID, bool, error) {
	var id identity.CustomerID
	err := s.reads.QueryRowContext(ctx, "SELECT id FROM customers WHERE site = ? AND subject = ?",
		site, s.keys.Hash("subject", string(site), sub)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return id, err == nil, err
}

// AddVisitor makes an anonymous customer.
func (s *Store) AddVisitor(ctx context.Context, site identity.SiteID) (identity.CustomerID, error) {
	id, _, err := s.newCustomer(ctx, "")
	if err != nil {
		return "", err
	}
	return id, s.writeNew(ctx, func(tx *Tx) error {
		_, err := tx.exec("INSERT INTO customers (id, site, created) VALUES (?, ?, ?)", id, site, micros(tx.Now))
		return err
	})
}

// UseToken spends the id of an identity token.
func (s *Store) UseToken(ctx context.Context, site identity.SiteID, jti string, expires time.Time) error {
	hash := s.keys.Hash("jti", string(site), jti)
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec("INSERT INTO spent_tokens (site, jti, expires) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			site, hash, micros(expires))
		if err == nil && n == 0 {
			err = fmt.Errorf("%w: the identity token was used before", identity.ErrUnauthenticated)
		}
		return err
	})
}

// AddStaff stores a member of staff.
func (s *Store) AddStaff(ctx context.Context, m identity.StaffMember) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.addStaff(m) })
}

func (tx *Tx) addStaff(m identity.StaffMember) error {
	roles, err := json.Marshal(m.Roles)
	if err != nil {
		return err
	}
	n, err := tx.exec(`INSERT INTO staff (id, email, name, roles, languages, password, recipient, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email) DO NOTHING`,
		m.ID, m.Email, m.Name, string(roles), texts(m.Languages), m.Password, m.Recipient, micros(tx.Now))
	if err == nil && n == 0 {
		err = fmt.Errorf("a member of staff with this address: %w", identity.ErrConflict)
	}
	return err
}

const staffColumns = "s.id, s.email, s.name, s.roles, s.languages, s.password, s.disabled, s.recipient"

func scanStaff(scan func(...any) error) (identity.StaffMember, error) {
	var m identity.StaffMember
	var roles, languages string
	err := scan(&m.ID, &m.Email, &m.Name, &roles, &languages, &m.Password, &m.Disabled, &m.Recipient)
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(roles), &m.Roles), json.Unmarshal([]byte(languages), &m.Languages))
	}
	return m, err
}

func (s *Store) oneStaff(ctx context.Context, where string, arg any) (identity.StaffMember, error) {
	m, err := scanStaff(s.reads.QueryRowContext(ctx, "SELECT "+staffColumns+" FROM staff s "+where, arg).Scan)
	if errors.Is(err, sql.ErrNoRows) || err == nil && m.Disabled {
		return identity.StaffMember{}, identity.ErrUnauthenticated
	}
	return m, err
}

// StaffByEmail returns a member of staff who may sign in.
func (s *Store) StaffByEmail(ctx context.Context, email string) (identity.StaffMember, error) {
	return s.oneStaff(ctx, "WHERE s.email = ?", email)
}

// Staff returns a member of staff who may sign in.
func (s *Store) Staff(ctx context.Context, id identity.StaffID) (identity.StaffMember, error) {
	return s.oneStaff(ctx, "WHERE s.id = ?", id)
}

// StaffByAPIToken returns the member of staff that a program speaks for.
func (s *Store) StaffByAPIToken(ctx context.Context, token string) (identity.StaffMember, error) {
	return s.oneStaff(ctx, "JOIN api_tokens t ON t.staff = s.id WHERE t.hash = ?", hashSecret(token))
}

// AddAPIToken stores the hash of an API token.
func (s *Store) AddAPIToken(ctx context.Context, id identity.StaffID, token string) error {
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("INSERT INTO api_tokens (hash, staff, created) VALUES (?, ?, ?)", hashSecret(token), id, micros(tx.Now))
		return err
	})
}

// AddSession stores a session under the hash of its token. Of a customer who was
// erased it is consent.ErrUnknownCustomer.
func (s *Store) AddSession(ctx context.Context, x identity.Session) error {
	write := s.writeNew
	if x.Customer != "" {
		write = func(ctx context.Context, fn func(*Tx) error) error { return s.writeFor(ctx, x.Customer, fn) }
	}
	return write(ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO sessions (hash, id, kind, site, customer, staff, gpc, csrf, expires)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			hashSecret(x.Token), x.ID, x.Kind, x.Site, x.Customer, x.Staff, x.GPC, x.CSRF, micros(x.Expires))
		return err
	})
}

// Session returns the session of a token that has not expired.
func (s *Store) Session(ctx context.Context, token string) (identity.Session, error) {
	x := identity.Session{Token: token}
	var expires int64
	err := s.reads.QueryRowContext(ctx, `SELECT id, kind, site, customer, staff, gpc, csrf, expires FROM sessions
		WHERE hash = ? AND expires > now_micros()`, hashSecret(token)).
		Scan(&x.ID, &x.Kind, &x.Site, &x.Customer, &x.Staff, &x.GPC, &x.CSRF, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.Session{}, identity.ErrUnauthenticated
	}
	x.Expires = fromMicros(expires)
	return x, err
}

// EndSession removes the session of a token.
func (s *Store) EndSession(ctx context.Context, token string) error {
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("DELETE FROM sessions WHERE hash = ?", hashSecret(token))
		return err
	})
}

// Sweep removes what has run out: sessions, spent tokens and remembered
// responses.
func (s *Store) Sweep(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		for _, table := range []string{"sessions", "spent_tokens", "idempotency"} {
			if _, err := tx.exec("DELETE FROM "+table+" WHERE expires <= ?", micros(tx.Now)); err != nil {
				return err
			}
		}
		// Replicas that are gone left theirs; those of work are taken over.
		if _, err := tx.exec("DELETE FROM leases WHERE until <= ?", micros(tx.Now.Add(-time.Hour))); err != nil {
			return err
		}
		if s.engine.tidy == "" {
			return nil
		}
		_, err := tx.exec(s.engine.tidy)
		return err
	})
}
