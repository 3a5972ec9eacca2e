package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"candor/agents"
	"candor/consent"
	"candor/delivery"
	"candor/identity"
)

// Accounts keeps the accounts of staff for who administers them, with the links that
// set passwords, each once. A seat that is nil stays as it is; else it is set with the
// account, or neither is. Its errors are those of identity.Account and its like, and
// agents.ErrSeat.
type Accounts interface {
	Accounts(ctx context.Context) ([]identity.Account, error)
	Account(ctx context.Context, id identity.StaffID) (identity.Account, error)
	AccountHistory(ctx context.Context, id identity.StaffID) ([]identity.AccountEvent, error)
	Invite(ctx context.Context, m identity.StaffMember, seat *agents.Seat, token, actor string, mail bool) error
	LinkFor(ctx context.Context, id identity.StaffID, token, actor string, mail bool) (delivery.Kind, error)
	ChangeAccount(ctx context.Context, id identity.StaffID, c identity.AccountChange, seat *agents.Seat, actor string) error
	// AskReset mails a link to another password to an address that has an account.
	AskReset(ctx context.Context, email, token string) error
	LinkOwner(ctx context.Context, token string) (identity.StaffMember, error)
	// SetPassword takes the password encoded, and ends every session of the account.
	SetPassword(ctx context.Context, token, encoded string) error
}

// Seats keeps what members of staff serve.
type Seats interface {
	Seats(ctx context.Context) ([]agents.Seat, error)
}

// StaffJSON is an account. It is exported so that the API's description has it where it
// is embedded.
type StaffJSON struct {
	ID        identity.StaffID `json:"id"`
	Email     string           `json:"email"`
	Name      string           `json:"name"`
	Roles     []identity.Role  `json:"roles"`
	Languages []string         `json:"languages"`
	Recipient string           `json:"recipient,omitempty" doc:"The desk of somebody else's that they work at, as the policy names it"`
	Disabled  bool             `json:"disabled"`
	Active    bool             `json:"active" doc:"They have a password"`
	Invited   *time.Time       `json:"invited_until,omitempty" doc:"Until when their invitation can be used"`
	Created   time.Time        `json:"created"`
	Seat      *seatJSON        `json:"seat,omitempty"`
}

// seatJSON is what a member of staff serves.
type seatJSON struct {
	Queues    []string `json:"queues" maxItems:"100" doc:"None: all"`
	Skills    []string `json:"skills" maxItems:"100"`
	Languages []string `json:"languages" maxItems:"100" doc:"BCP 47; none: all"`
	Capacity  int      `json:"capacity" minimum:"0" maximum:"50" doc:"Conversations at once"`
}

type staffListOutput struct {
	Body struct {
		Items []StaffJSON `json:"items"`
		Mails bool        `json:"mails" doc:"Whether invitations are mailed; else their links are returned"`
	}
}

type staffID struct {
	ID identity.StaffID `path:"id"`
}

type accountEventJSON struct {
	At     time.Time   `json:"at"`
	By     *memberJSON `json:"by,omitempty"`
	Action string      `json:"action" enum:"added,invited,renamed,roles,languages,recipient,disabled,enabled,seat,reset,password"`
	Detail string      `json:"detail,omitempty" doc:"Such as the roles since"`
}

type staffMemberOutput struct {
	Body struct {
		StaffJSON
		History []accountEventJSON `json:"history"`
	}
}

type inviteInput struct {
	Body struct {
		Email     string          `json:"email" maxLength:"254"`
		Name      string          `json:"name,omitempty" doc:"As customers read it; absent: the address before the @"`
		Roles     []identity.Role `json:"roles" doc:"Some of agent, supervisor, reviewer, privacy, analyst, auditor, admin"`
		Languages []string        `json:"languages,omitempty" maxItems:"20" doc:"BCP 47; mails are in the first"`
		Recipient string          `json:"recipient,omitempty"`
		Seat      *seatJSON       `json:"seat,omitempty"`
	}
}

// linkJSON is a link to a password, or that it was mailed.
type linkJSON struct {
	Mailed bool   `json:"mailed"`
	Link   string `json:"link,omitempty" doc:"Where it is not mailed: give it to them yourself. It works once, an invitation for 7 days, another password's for an hour"`
}

type inviteOutput struct {
	Body struct {
		ID identity.StaffID `json:"id"`
		linkJSON
	}
}

type linkOutput struct {
	Body linkJSON
}

type changeStaffInput struct {
	ID   identity.StaffID `path:"id"`
	Body struct {
		Name      *string         `json:"name,omitempty"`
		Roles     []identity.Role `json:"roles,omitempty"`
		Languages []string        `json:"languages,omitempty" maxItems:"20"`
		Recipient *string         `json:"recipient,omitempty"`
		Disabled  *bool           `json:"disabled,omitempty" doc:"true ends their sessions, API tokens and links at once"`
		Seat      *seatJSON       `json:"seat,omitempty"`
	}
}

type resetInput struct {
	Body struct {
		Email string `json:"email" maxLength:"254"`
	}
}

type resetOutput struct {
	Body struct {
		Mails bool `json:"mails" doc:"Whether mails are sent from here at all; nothing is said of the address"`
	}
}

type passwordInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"200"`
		Password string `json:"password" maxLength:"1000" doc:"At least 12 characters"`
	}
}

func (s *Server) staffAdminRoutes() {
	register(s, staffOnly, huma.Operation{
		OperationID: "staffList", Method: http.MethodGet, Path: "/api/admin/staff", Summary: "The accounts of staff",
	}, s.staffList)
	register(s, staffOnly, huma.Operation{
		OperationID: "staffMember", Method: http.MethodGet, Path: "/api/admin/staff/{id}", Summary: "An account of staff, and who did what to it",
	}, s.staffMember)
	register(s, staffOnly, huma.Operation{
		OperationID: "invite", Method: http.MethodPost, Path: "/api/admin/staff",
		Summary: "Invite somebody: they choose their password themselves", DefaultStatus: http.StatusCreated,
	}, s.invite)
	register(s, staffOnly, huma.Operation{
		OperationID: "staffLink", Method: http.MethodPost, Path: "/api/admin/staff/{id}/link",
		Summary: "Make a new link to a first or another password; earlier ones stop working",
	}, s.staffLink)
	register(s, staffOnly, huma.Operation{
		OperationID: "changeStaff", Method: http.MethodPatch, Path: "/api/admin/staff/{id}", Summary: "Change an account of staff",
	}, s.changeStaff)
	register(s, staffLogin, huma.Operation{
		OperationID: "askReset", Method: http.MethodPost, Path: "/api/staff/password-reset",
		Summary: "Ask for a link to another password", DefaultStatus: http.StatusAccepted,
	}, s.askReset)
	register(s, staffLogin, huma.Operation{
		OperationID: "setPassword", Method: http.MethodPost, Path: "/api/staff/password",
		Summary: "Set a password with a link's token; every session of the account ends", DefaultStatus: http.StatusNoContent,
	}, s.setPassword)
}

func (s *Server) staffList(ctx context.Context, who identity.Principal, _ *struct{}) (*staffListOutput, error) {
	if !who.Has(identity.RoleAdmin, identity.RoleAuditor) {
		return nil, errRole
	}
	all, err := s.Accounts.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	seats, err := s.seats(ctx)
	if err != nil {
		return nil, err
	}
	out := &staffListOutput{}
	out.Body.Mails, out.Body.Items = s.Mails, make([]StaffJSON, len(all))
	for i, a := range all {
		out.Body.Items[i] = toStaff(a, seats)
	}
	return out, nil
}

// seats returns what members of staff serve who have a seat of their own.
func (s *Server) seats(ctx context.Context) (map[identity.StaffID]*seatJSON, error) {
	seats, err := s.Seats.Seats(ctx)
	out := make(map[identity.StaffID]*seatJSON, len(seats))
	for _, x := range seats {
		out[x.Staff] = &seatJSON{append([]string{}, x.Queues...), append([]string{}, x.Skills...), append([]string{}, x.Languages...), x.Capacity}
	}
	return out, err
}

func toStaff(a identity.Account, seats map[identity.StaffID]*seatJSON) StaffJSON {
	return StaffJSON{
		ID: a.ID, Email: a.Email, Name: a.Name, Roles: a.Roles, Languages: append([]string{}, a.Languages...), Recipient: a.Recipient,
		Disabled: a.Disabled, Active: a.Active, Invited: optional(a.Invited), Created: a.Created, Seat: seats[a.ID],
	}
}

func (s *Server) staffMember(ctx context.Context, who identity.Principal, in *staffID) (*staffMemberOutput, error) {
	if !who.Has(identity.RoleAdmin, identity.RoleAuditor) {
		return nil, errRole
	}
	a, err := s.Accounts.Account(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	seats, err := s.seats(ctx)
	if err != nil {
		return nil, err
	}
	history, err := s.Accounts.AccountHistory(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &staffMemberOutput{}
	out.Body.StaffJSON, out.Body.History = toStaff(a, seats), make([]accountEventJSON, len(history))
	for i, e := range history {
		by, err := s.member(ctx, e.Actor)
		if err != nil {
			return nil, err
		}
		out.Body.History[i] = accountEventJSON{e.At, by, e.Action, e.Detail}
	}
	return out, nil
}

func (s *Server) invite(ctx context.Context, who identity.Principal, in *inviteInput) (*inviteOutput, error) {
	if !who.Has(identity.RoleAdmin) {
		return nil, errRole
	}
	address, ok := emailAddress(strings.ToLower(in.Body.Email))
	if !ok {
		return nil, huma.Error422UnprocessableEntity("This is not an e-mail address such as name@example.com.")
	}
	m := identity.StaffMember{
		ID: identity.StaffID(identity.NewID("stf")), Email: address, Name: strings.TrimSpace(in.Body.Name), Roles: in.Body.Roles,
		Languages: in.Body.Languages, Recipient: in.Body.Recipient,
	}
	if m.Name == "" {
		m.Name, _, _ = strings.Cut(m.Email, "@")
	}
	if err := s.checkDesk(m.Recipient); err != nil {
		return nil, err
	}
	token := identity.NewSecret("pwt")
	if err := s.Accounts.Invite(ctx, m, in.Body.Seat.seat(), token, who.Actor(), s.Mails); err != nil {
		return nil, err
	}
	out := &inviteOutput{}
	out.Body.ID, out.Body.linkJSON = m.ID, s.passwordLink(token)
	return out, nil
}

// checkDesk refuses a recipient that is no desk of the policy's.
func (s *Server) checkDesk(recipient string) error {
	if recipient == "" {
		return nil
	}
	r := consent.Recipient(recipient)
	if _, known := s.Gate.Policy().Recipient(r); !known || !r.OutsideDesk() {
		return huma.Error422UnprocessableEntity("`recipient` is no desk of the policy's, such as desk:partner. Leave it out for the company's own.")
	}
	return nil
}

// passwordLink is the link of a token, where it is not mailed.
func (s *Server) passwordLink(token string) linkJSON {
	if s.Mails {
		return linkJSON{Mailed: true}
	}
	return linkJSON{Link: delivery.PasswordLink(s.PublicURL, token)}
}

// seat is the seat that was sent; nil: none was.
func (x *seatJSON) seat() *agents.Seat {
	if x == nil {
		return nil
	}
	return &agents.Seat{Queues: x.Queues, Skills: x.Skills, Languages: x.Languages, Capacity: x.Capacity}
}

func (s *Server) staffLink(ctx context.Context, who identity.Principal, in *staffID) (*linkOutput, error) {
	if !who.Has(identity.RoleAdmin) {
		return nil, errRole
	}
	token := identity.NewSecret("pwt")
	if _, err := s.Accounts.LinkFor(ctx, in.ID, token, who.Actor(), s.Mails); err != nil {
		return nil, err
	}
	return &linkOutput{s.passwordLink(token)}, nil
}

func (s *Server) changeStaff(ctx context.Context, who identity.Principal, in *changeStaffInput) (*staffMemberOutput, error) {
	if !who.Has(identity.RoleAdmin) {
		return nil, errRole
	}
	b := in.Body
	if b.Recipient != nil {
		if err := s.checkDesk(*b.Recipient); err != nil {
			return nil, err
		}
	}
	c := identity.AccountChange{Name: b.Name, Roles: slices.Clone(b.Roles), Languages: b.Languages, Disabled: b.Disabled, Recipient: b.Recipient}
	if err := s.Accounts.ChangeAccount(ctx, in.ID, c, b.Seat.seat(), who.Actor()); err != nil {
		return nil, err
	}
	return s.staffMember(ctx, who, &staffID{in.ID})
}

// How often links to another password are mailed to one address: three times, then once
// in ten minutes.
const (
	resetRate  = 1.0 / 600
	resetBurst = 3
)

// askReset says the same whether or not the address has an account, and as fast: what
// there is to do is done behind the response.
func (s *Server) askReset(ctx context.Context, _ identity.Principal, in *resetInput) (*resetOutput, error) {
	if _, err := s.Directory.Now(ctx); err != nil {
		return nil, err // the database is away, for everybody
	}
	out := &resetOutput{}
	out.Body.Mails = s.Mails
	email := strings.ToLower(strings.TrimSpace(in.Body.Email))
	if !s.Mails || s.limits.wait("reset "+email, resetRate, resetBurst) > 0 {
		return out, nil
	}
	s.settling.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, requestTimeout)
		defer cancel()
		if err := s.Accounts.AskReset(ctx, email, identity.NewSecret("pwt")); err != nil {
			s.Logger.Error("a link to another password was not made", "error", err)
		}
	})
	return out, nil
}

func (s *Server) setPassword(ctx context.Context, _ identity.Principal, in *passwordInput) (*struct{}, error) {
	// First of all, since hashing a password costs much.
	m, err := s.Accounts.LinkOwner(ctx, in.Body.Token)
	if err != nil {
		return nil, err
	}
	if err := identity.CheckNewPassword(in.Body.Password, m.Email); err != nil {
		return nil, err
	}
	encoded, err := s.hashPassword(in.Body.Password)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.SetPassword(ctx, in.Body.Token, encoded)
}

func (s *Server) hashPassword(password string) (string, error) {
	s.passwords <- struct{}{}
	defer func() { <-s.passwords }()
	return identity.HashPassword(password)
}
