package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"candor/agents"
	"candor/identity"
)

// A seat that nobody has set has the time 0: who has it serves every queue, in the
// languages that their account names.
const seatColumns = `s.id, s.name, s.roles, s.recipient, COALESCE(t.queues, '[]'), COALESCE(t.skills, '[]'),
	CASE WHEN COALESCE(t.at, 0) = 0 THEN s.languages ELSE t.languages END, COALESCE(t.capacity, ?), COALESCE(t.at, 0),
	COALESCE(t.given, 0), COALESCE(t.lapsed, 0),
	(SELECT COUNT(*) FROM tickets k JOIN conversations c ON c.id = k.conversation
		WHERE k.state = 'owned' AND k.assignee = s.id AND c.state = 'open')
	+ (SELECT COUNT(*) FROM tickets k WHERE k.reserved = s.id AND k.state = 'waiting')
	FROM staff s LEFT JOIN seats t ON t.staff = s.id WHERE NOT s.disabled `

// seated is a member of staff with their seat.
type seated struct {
	agents.Agent
	roles []identity.Role
	set   bool // somebody has said what they serve
}

func scanSeated(scan func(...any) error) (seated, error) {
	var x seated
	var roles, queues, skills, languages string
	var at, given int64
	err := scan(&x.Staff, &x.Name, &roles, &x.Recipient, &queues, &skills, &languages, &x.Capacity, &at, &given, &x.Lapsed, &x.Load)
	if errors.Is(err, sql.ErrNoRows) {
		return x, identity.ErrUnauthenticated
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(roles), &x.roles), json.Unmarshal([]byte(queues), &x.Queues),
			json.Unmarshal([]byte(skills), &x.Skills), json.Unmarshal([]byte(languages), &x.Languages))
	}
	x.Given, x.set = fromMicros(given), at > 0
	return x, err
}

// seated returns everyone who may sign in.
func (s *Store) seated(ctx context.Context) ([]seated, error) {
	return collect(ctx, s.reads, scanSeated, "SELECT "+seatColumns+"ORDER BY s.name, s.id", agents.DefaultCapacity)
}

// Seats returns what everyone serves who may work at the desk, by name.
func (s *Store) Seats(ctx context.Context) ([]agents.Seat, error) {
	all, err := s.seated(ctx)
	if err != nil {
		return nil, err
	}
	var out []agents.Seat
	for _, x := range all {
		if x.worksAtDesk() {
			out = append(out, x.Seat)
		}
	}
	return out, nil
}

func (x seated) worksAtDesk() bool {
	return identity.Principal{Kind: identity.Staff, Roles: x.roles, Recipient: x.Recipient}.Has(identity.RoleAgent, identity.RoleSupervisor)
}

// Agents returns everyone who may be given tickets: those with the role of an agent, and
// others at the desk whose seat somebody has set.
func (s *Store) Agents(ctx context.Context) ([]agents.Agent, error) {
	all, err := s.seated(ctx)
	if err != nil {
		return nil, err
	}
	var out []agents.Agent
	for _, x := range all {
		if slices.Contains(x.roles, identity.RoleAgent) || x.set && x.worksAtDesk() {
			out = append(out, x.Agent)
		}
	}
	return out, nil
}

// Agent returns a member of staff with what they serve and have; one who may not sign in
// is identity.ErrUnauthenticated.
func (s *Store) Agent(ctx context.Context, staff identity.StaffID) (agents.Agent, error) {
	x, err := scanSeated(s.reads.QueryRowContext(ctx, "SELECT "+seatColumns+"AND s.id = ?", agents.DefaultCapacity, staff).Scan)
	return x.Agent, err
}

// maxCapacity is more conversations than anybody has at once.
const maxCapacity = 50

// SetSeat sets what a member of staff serves. Its name and recipient are those of the
// account, and not set. A seat that cannot be is agents.ErrSeat, somebody unknown
// identity.ErrUnauthenticated.
func (s *Store) SetSeat(ctx context.Context, seat agents.Seat) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.setSeat(seat) })
}

func (tx *Tx) setSeat(seat agents.Seat) error {
	if seat.Capacity < 0 || seat.Capacity > maxCapacity {
		return fmt.Errorf("%w: capacity is how many conversations at once, 0 to %d", agents.ErrSeat, maxCapacity)
	}
	lists := make([]string, 3)
	for i, l := range [][]string{seat.Queues, seat.Skills, seat.Languages} {
		if slices.ContainsFunc(l, func(x string) bool { return strings.TrimSpace(x) == "" }) {
			return fmt.Errorf("%w: queues, skills and languages have no empty names", agents.ErrSeat)
		}
		b, err := json.Marshal(append([]string{}, l...))
		if err != nil {
			return err
		}
		lists[i] = string(b)
	}
	known, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM staff WHERE id = ? AND NOT disabled", seat.Staff)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		return identity.ErrUnauthenticated
	}
	queues, err := collect(tx.ctx, tx.tx, scanString, "SELECT name FROM queues")
	if err != nil {
		return err
	}
	for _, q := range seat.Queues {
		if !slices.Contains(queues, q) {
			return fmt.Errorf("%w: there is no queue of one of these names; those there are: %s", agents.ErrSeat, strings.Join(queues, ", "))
		}
	}
	tx.Wake(deskTopic)
	_, err = tx.exec(`INSERT INTO seats (staff, queues, skills, languages, capacity, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (staff) DO UPDATE SET queues = excluded.queues, skills = excluded.skills, languages = excluded.languages,
		capacity = excluded.capacity, at = excluded.at`,
		seat.Staff, lists[0], lists[1], lists[2], seat.Capacity, micros(tx.Now))
	return err
}

// seatAccount gives an account a seat, and puts that on record; nil: it keeps what it has.
func (tx *Tx) seatAccount(id identity.StaffID, seat *agents.Seat, actor string) error {
	if seat == nil {
		return nil
	}
	theirs := *seat
	theirs.Staff = id
	err := tx.setSeat(theirs)
	if errors.Is(err, identity.ErrUnauthenticated) { // it is not the actor who may not
		err = fmt.Errorf("%w: it is disabled; enable it first", identity.ErrAccount)
	}
	if err != nil {
		return err
	}
	return tx.audit(id, actor, identity.AccountSeated, strings.Join(seat.Queues, ", "))
}

// implicitSeat makes the row of somebody whose seat nobody has set.
func (tx *Tx) implicitSeat(staff identity.StaffID) error {
	_, err := tx.exec(`INSERT INTO seats (staff, queues, skills, languages, capacity, at) VALUES (?, '[]', '[]', '[]', ?, 0)
		ON CONFLICT (staff) DO NOTHING`, staff, agents.DefaultCapacity)
	return err
}

// Heard notes that a member of staff says that they are there, and returns how they
// are: who let too many reservations lapse stays away until they have been something
// else than online, or not there at all. It is written once in every, and at each change.
func (s *Store) Heard(ctx context.Context, staff identity.StaffID, says agents.Status, every time.Duration) (agents.Status, error) {
	var attended, now int64
	var lapsed int
	err := s.reads.QueryRowContext(ctx, `SELECT COALESCE(t.attended, 0), COALESCE(t.lapsed, 0), now_micros()
		FROM staff s LEFT JOIN seats t ON t.staff = s.id WHERE s.id = ?`, staff).Scan(&attended, &lapsed, &now)
	if errors.Is(err, sql.ErrNoRows) {
		return "", identity.ErrUnauthenticated
	}
	if err != nil {
		return "", err
	}
	status := agents.Agent{Lapsed: lapsed}.Status(says)
	cameBack := now-attended > 3*every.Microseconds() // what lapsed meanwhile is not theirs to answer for
	forgive := lapsed > 0 && (says != agents.Online || cameBack)
	if forgive {
		status = says
	}
	if now-attended < every.Microseconds() && !forgive {
		return status, nil
	}
	return status, s.Write(ctx, func(tx *Tx) error {
		if err := tx.implicitSeat(staff); err != nil {
			return err
		}
		_, err := tx.exec("UPDATE seats SET attended = ?, lapsed = CASE WHEN ? THEN 0 ELSE lapsed END WHERE staff = ?", micros(tx.Now), forgive, staff)
		return err
	})
}

// Working notes that a member of staff does something at the desk, if they said not long
// ago that they are there: four times in the time after which they would be gone.
func (s *Store) Working(ctx context.Context, staff identity.StaffID) error {
	const due = "staff = ? AND attended > now_micros() - CAST(? AS BIGINT) AND attended <= now_micros() - CAST(? AS BIGINT)"
	args := []any{staff, agents.GoneAfter.Microseconds(), (agents.GoneAfter / 4).Microseconds()}
	var one int
	err := s.reads.QueryRowContext(ctx, "SELECT 1 FROM seats WHERE "+due, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec("UPDATE seats SET attended = ? WHERE "+due, append([]any{micros(tx.Now)}, args...)...)
		return err
	})
}
