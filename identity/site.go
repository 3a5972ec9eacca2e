package identity

import (
	"context"
	"errors"
	"time"
)

// Site is a website that Candor serves. Secret signs the identity tokens that
// the site's backend issues (HS256); it is sealed at rest.
type Site struct {
	ID      SiteID
	Name    string   // the brand, as customers know it
	Origins []string // scheme://host[:port] of the pages that may frame the widget
	Secret  []byte
	// Accent is the site's own colour (#rrggbb), used for buttons.
	Accent string
	// Jurisdiction is the profile of the policy for its customers; empty is the
	// policy's first.
	Jurisdiction string
}

// StaffMember is a human agent, reviewer or administrator.
type StaffMember struct {
	ID        StaffID
	Email     string
	Name      string
	Roles     []Role
	Languages []string
	Password  string // argon2id, encoded; see HashPassword
	Disabled  bool
	Recipient string // see Principal
}

// Principal is the member of staff as who speaks.
func (m StaffMember) Principal() Principal {
	return Principal{Kind: Staff, Staff: m.ID, Name: m.Name, Roles: m.Roles, Recipient: m.Recipient}
}

// Session is a signed-in browser: a customer's or visitor's widget, or a
// member of staff.
type Session struct {
	ID       string
	Token    string // the bearer credential; only its hash is stored
	Kind     Kind
	Site     SiteID
	Customer CustomerID
	Staff    StaffID
	GPC      bool
	CSRF     string
	Expires  time.Time
}

// Errors that a Directory returns.
var (
	// ErrUnauthenticated means that a credential is missing, wrong, expired or
	// was used before.
	ErrUnauthenticated = errors.New("not authenticated")
	// ErrUnknownSite means that no site has that id.
	ErrUnknownSite = errors.New("unknown site")
	// ErrConflict means that something of that name exists.
	ErrConflict = errors.New("exists already")
)

// Directory stores sites, customers, staff and their credentials. Everything
// it returns from a credential was looked up by that credential's hash.
//
// Implementations are safe for concurrent use; writes are durable when the
// call returns. A credential that does not match is ErrUnauthenticated.
type Directory interface {
	// Now returns the database's clock, which decides what has run out: those of
	// replicas may differ.
	Now(ctx context.Context) (time.Time, error)

	Site(ctx context.Context, id SiteID) (Site, error)
	AddSite(ctx context.Context, s Site, serverKey string) error
	RotateServerKey(ctx context.Context, id SiteID, serverKey string) error
	RotateSecret(ctx context.Context, id SiteID, secret []byte) error
	SiteByServerKey(ctx context.Context, key string) (Site, error)
	// RotateBrowserKey sets the key that the site's pages hold. Anybody can read it.
	RotateBrowserKey(ctx context.Context, id SiteID, browserKey string) error
	SiteByBrowserKey(ctx context.Context, key string) (Site, error)

	// Customer returns the internal id for (site, sub), making one, with its
	// key, if there is none yet.
	Customer(ctx context.Context, site SiteID, sub string) (CustomerID, error)
	// FindCustomer is Customer without the making; ok is false if there is none.
	FindCustomer(ctx context.Context, site SiteID, sub string) (id CustomerID, ok bool, err error)
	// AddVisitor makes an anonymous customer.
	AddVisitor(ctx context.Context, site SiteID) (CustomerID, error)
	// UseToken spends the id of an identity token until its expiry; it returns
	// ErrUnauthenticated if it was spent before.
	UseToken(ctx context.Context, site SiteID, jti string, expires time.Time) error

	AddStaff(ctx context.Context, m StaffMember) error
	StaffByEmail(ctx context.Context, email string) (StaffMember, error)
	Staff(ctx context.Context, id StaffID) (StaffMember, error)
	// AddAPIToken stores the hash of a token with which a program speaks for a
	// member of staff (the desk over NATS).
	AddAPIToken(ctx context.Context, id StaffID, token string) error
	StaffByAPIToken(ctx context.Context, token string) (StaffMember, error)

	AddSession(ctx context.Context, s Session) error
	Session(ctx context.Context, token string) (Session, error)
	EndSession(ctx context.Context, token string) error
}
