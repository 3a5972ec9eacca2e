package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"candor/agents"
	"candor/delivery"
	"candor/identity"
)

const accountQuery = "SELECT " + staffColumns + `, s.created, COALESCE((SELECT MAX(t.expires) FROM staff_tokens t
	WHERE t.staff = s.id AND t.kind = ? AND t.expires > now_micros()), 0) FROM staff s `

func scanAccount(scan func(...any) error) (a identity.Account, err error) {
	var created, invited int64
	a.StaffMember, err = scanStaff(func(dest ...any) error { return scan(append(dest, &created, &invited)...) })
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.ErrUnknownStaff
	}
	a.Created, a.Invited, a.Active = fromMicros(created), fromMicros(invited), a.Password != ""
	a.Password = ""
	return a, err
}

// Accounts returns every member of staff, by name, also those who were disabled.
func (s *Store) Accounts(ctx context.Context) ([]identity.Account, error) {
	return collect(ctx, s.reads, scanAccount, accountQuery+"ORDER BY s.name, s.id", delivery.Invitation)
}

// Account returns a member of staff: identity.ErrUnknownStaff.
func (s *Store) Account(ctx context.Context, id identity.StaffID) (identity.Account, error) {
	return scanAccount(s.reads.QueryRowContext(ctx, accountQuery+"WHERE s.id = ?", delivery.Invitation, id).Scan)
}

// AccountHistory returns who did what to an account, in order.
func (s *Store) AccountHistory(ctx context.Context, id identity.StaffID) ([]identity.AccountEvent, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (e identity.AccountEvent, err error) {
		var at int64
		err = scan(&at, &e.Actor, &e.Action, &e.Detail)
		e.At = fromMicros(at)
		return e, err
	}, "SELECT at, actor, action, detail FROM staff_events WHERE staff = ? ORDER BY ordinal", id)
}

// audit adds to the history of an account.
func (tx *Tx) audit(id identity.StaffID, actor, action, detail string) error {
	_, err := tx.exec(`INSERT INTO staff_events (staff, ordinal, at, actor, action, detail)
		SELECT ?, COUNT(*), ?, ?, ?, ? FROM staff_events WHERE staff = ?`, id, micros(tx.Now), actor, action, detail, id)
	return err
}

// Invite adds a member of staff without a password, and a link with which they choose
// one; mail sends it to them. They have the seat from the beginning, if there is one.
// Errors: identity.ErrConflict, if there is an account of that address;
// identity.ErrAccount; agents.ErrSeat.
func (s *Store) Invite(ctx context.Context, m identity.StaffMember, seat *agents.Seat, token, actor string, mail bool) error {
	if err := identity.CheckAccount(m.Name, m.Roles); err != nil {
		return err
	}
	m.Password = ""
	return s.Write(ctx, func(tx *Tx) error {
		if err := tx.addStaff(m); err != nil {
			return err
		}
		if err := tx.audit(m.ID, actor, identity.AccountAdded, joined(m.Roles)); err != nil {
			return err
		}
		if err := tx.seatAccount(m.ID, seat, actor); err != nil {
			return err
		}
		return s.link(tx, delivery.Invitation, m.ID, token, actor, mail)
	})
}

func joined[T ~string](values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

// link stores the hash of a link's token; earlier ones of the account stop working.
func (s *Store) link(tx *Tx, kind delivery.Kind, id identity.StaffID, token, actor string, mail bool) error {
	if _, err := tx.exec("DELETE FROM staff_tokens WHERE staff = ?", id); err != nil {
		return err
	}
	_, err := tx.exec("INSERT INTO staff_tokens (hash, staff, kind, expires) VALUES (?, ?, ?, ?)",
		hashSecret(token), id, kind, micros(tx.Now.Add(kind.Life())))
	if err != nil {
		return err
	}
	action := identity.AccountReset
	if kind == delivery.Invitation {
		action = identity.AccountInvited
	}
	if err := tx.audit(id, actor, action, ""); err != nil || !mail {
		return err
	}
	return tx.addStaffMail(kind, id, token, s.keys.House())
}

// LinkFor makes a new link for an account: to its first password, or where it has one to
// another. Mail sends it to them. Errors: identity.ErrUnknownStaff;
// identity.ErrAccount, of one that is disabled.
func (s *Store) LinkFor(ctx context.Context, id identity.StaffID, token, actor string, mail bool) (kind delivery.Kind, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		a, err := tx.account(id)
		if err == nil && a.Disabled {
			err = fmt.Errorf("%w: it is disabled; enable it first", identity.ErrAccount)
		}
		if err != nil {
			return err
		}
		kind = delivery.Reset
		if a.Password == "" {
			kind = delivery.Invitation
		}
		return s.link(tx, kind, id, token, actor, mail)
	})
	return kind, err
}

// account reads a member of staff and keeps others from changing them.
func (tx *Tx) account(id identity.StaffID) (identity.StaffMember, error) {
	n, err := tx.exec("UPDATE staff SET name = name WHERE id = ?", id)
	if err == nil && n == 0 || errors.Is(err, sql.ErrNoRows) {
		err = identity.ErrUnknownStaff
	}
	if err != nil {
		return identity.StaffMember{}, err
	}
	return scanStaff(tx.row("SELECT "+staffColumns+" FROM staff s WHERE s.id = ?", id).Scan)
}

// ChangeAccount changes an account, and gives it the seat if there is one. Of one that is disabled the sessions, API tokens
// and links end in the same commit. Errors: identity.ErrUnknownStaff;
// identity.ErrAccount; agents.ErrSeat; identity.ErrLastAdmin; identity.ErrOwnAdmin, if the
// actor takes away their own administration.
func (s *Store) ChangeAccount(ctx context.Context, id identity.StaffID, c identity.AccountChange, seat *agents.Seat, actor string) error {
	// Alone: of two administrators who demote each other at once one stays.
	return s.writeAlone(ctx, func(tx *Tx) error {
		before, err := tx.account(id)
		if err != nil {
			return err
		}
		after, steps := changed(before, c)
		if err := identity.CheckAccount(after.Name, after.Roles); err != nil {
			return err
		}
		if administers(before) && !administers(after) {
			if actor == before.Principal().Actor() {
				return identity.ErrOwnAdmin
			}
			others, err := collect(tx.ctx, tx.tx, scanStaff, "SELECT "+staffColumns+" FROM staff s WHERE s.id <> ?", id)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(others, func(m identity.StaffMember) bool { return administers(m) && m.Password != "" }) {
				return identity.ErrLastAdmin
			}
		}
		roles, err := json.Marshal(after.Roles)
		if err != nil {
			return err
		}
		languages, err := json.Marshal(append([]string{}, after.Languages...))
		if err != nil {
			return err
		}
		if _, err := tx.exec("UPDATE staff SET name = ?, roles = ?, languages = ?, disabled = ?, recipient = ? WHERE id = ?",
			after.Name, string(roles), string(languages), after.Disabled, after.Recipient, id); err != nil {
			return err
		}
		for _, step := range steps {
			if err := tx.audit(id, actor, step[0], step[1]); err != nil {
				return err
			}
		}
		if err := tx.seatAccount(id, seat, actor); err != nil {
			return err
		}
		if !after.Disabled {
			return nil
		}
		for _, table := range []string{"sessions", "api_tokens", "staff_tokens"} {
			if _, err := tx.exec("DELETE FROM "+table+" WHERE staff = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
}

// changed returns an account after a change, and what of it is on record.
func changed(m identity.StaffMember, c identity.AccountChange) (identity.StaffMember, [][2]string) {
	var steps [][2]string
	if c.Name != nil && strings.TrimSpace(*c.Name) != m.Name {
		m.Name = strings.TrimSpace(*c.Name)
		steps = append(steps, [2]string{identity.AccountRenamed, ""})
	}
	if c.Roles != nil && !slices.Equal(c.Roles, m.Roles) {
		m.Roles = c.Roles
		steps = append(steps, [2]string{identity.AccountRoles, joined(m.Roles)})
	}
	if c.Languages != nil && !slices.Equal(c.Languages, m.Languages) {
		m.Languages = c.Languages
		steps = append(steps, [2]string{identity.AccountLanguages, joined(m.Languages)})
	}
	if c.Recipient != nil && *c.Recipient != m.Recipient {
		m.Recipient = *c.Recipient
		steps = append(steps, [2]string{identity.AccountRecipient, m.Recipient})
	}
	if c.Disabled != nil && *c.Disabled != m.Disabled {
		m.Disabled = *c.Disabled
		action := identity.AccountEnabled
		if m.Disabled {
			action = identity.AccountDisabled
		}
		steps = append(steps, [2]string{action, ""})
	}
	return m, steps
}

// administers reports whether a member of staff may administer others.
func administers(m identity.StaffMember) bool {
	return !m.Disabled && m.Principal().Has(identity.RoleAdmin)
}

// AskReset makes a link to another password for the account of an address, and the mail
// that brings it. Where there is none, or one that is disabled, it does nothing.
func (s *Store) AskReset(ctx context.Context, email, token string) error {
	m, err := s.StaffByEmail(ctx, email)
	if errors.Is(err, identity.ErrUnauthenticated) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.LinkFor(ctx, m.ID, token, (identity.Principal{Kind: identity.System}).Actor(), true)
	if errors.Is(err, identity.ErrAccount) || errors.Is(err, identity.ErrUnknownStaff) {
		return nil // closed meanwhile
	}
	return err
}

// LinkOwner returns whose password a link's token sets: identity.ErrLink.
func (s *Store) LinkOwner(ctx context.Context, token string) (identity.StaffMember, error) {
	m, err := s.oneStaff(ctx, "JOIN staff_tokens t ON t.staff = s.id WHERE t.hash = ? AND t.expires > now_micros()", hashSecret(token))
	if errors.Is(err, identity.ErrUnauthenticated) {
		err = identity.ErrLink
	}
	return m, err
}

// SetPassword stores a password, encoded, with a link's token, which is spent. Every
// session of the account ends in the same commit. Of two at once one is
// identity.ErrLink.
func (s *Store) SetPassword(ctx context.Context, token, encoded string) error {
	m, err := s.LinkOwner(ctx, token)
	if err != nil {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.exec("DELETE FROM staff_tokens WHERE hash = ? AND staff = ? AND expires > ?", hashSecret(token), m.ID, micros(tx.Now))
		if err == nil && n == 0 {
			err = identity.ErrLink
		}
		if err != nil {
			return err
		}
		// The account may have been disabled at this moment.
		if n, err = tx.exec("UPDATE staff SET password = ? WHERE id = ? AND NOT disabled", encoded, m.ID); err == nil && n == 0 {
			err = identity.ErrLink
		}
		if err != nil {
			return err
		}
		for _, table := range []string{"staff_tokens", "sessions"} {
			if _, err := tx.exec("DELETE FROM "+table+" WHERE staff = ?", m.ID); err != nil {
				return err
			}
		}
		return tx.audit(m.ID, m.Principal().Actor(), identity.AccountPassword, "")
	})
}

// staffLetter is a mail with a link to a password.
func (s *Store) staffLetter(ctx context.Context, d delivery.Delivery) (delivery.Letter, error) {
	token, err := s.keys.House().Open("delivery/"+d.ID, d.Body)
	if err != nil {
		return delivery.Letter{}, err
	}
	m, err := s.LinkOwner(ctx, string(token))
	if errors.Is(err, identity.ErrLink) { // used, replaced or too old
		return delivery.Letter{}, delivery.ErrNotWanted
	}
	if err != nil {
		return delivery.Letter{}, err
	}
	l := delivery.Letter{To: m.Email, Token: string(token)}
	if len(m.Languages) > 0 {
		l.Language = m.Languages[0]
	}
	return l, nil
}
