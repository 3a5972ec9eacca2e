// Package identity says who is speaking: sites, their customers and visitors,
// and the company's staff.
//
// It promises that nobody is identified by anything but a credential that was
// checked: a customer by a token that their site signed, staff by a password
// or an API token, a site's backend by its server key. A credential that does
// not check is an error, never a fall-back to an anonymous visitor.
package identity

import (
	"log/slog"
	"slices"
)

// CustomerID names a customer or a visitor inside Candor. It is random and is
// mapped from (site, `sub` of the site's token); the site's own id for the
// person appears nowhere else.
type CustomerID string

// SiteID names a website that Candor serves.
type SiteID string

// StaffID names a member of staff.
type StaffID string

// Kind is the kind of speaker a Principal is.
type Kind int

// The zero Kind is nobody: it may do nothing.
const (
	Nobody   Kind = iota
	Visitor       // anonymous: no personal records
	Customer      // identified by their site's token
	Staff         // a human agent, reviewer or administrator
	Backend       // a site's server, by its server key
	System        // Candor itself: retention, retries, the command line
	Browser       // a site's pages, by a key that anybody can read
)

// String returns the kind as it appears in logs.
func (k Kind) String() string {
	switch k {
	case Visitor:
		return "visitor"
	case Customer:
		return "customer"
	case Staff:
		return "staff"
	case Backend:
		return "backend"
	case System:
		return "system"
	case Browser:
		return "browser"
	case Nobody:
		return "nobody"
	}
	return "nobody"
}

// Role is what a member of staff may do.
type Role string

// Roles. Analyst sees aggregates only; auditor reads and changes nothing.
const (
	RoleAgent      Role = "agent"
	RoleSupervisor Role = "supervisor"
	RoleReviewer   Role = "reviewer"
	RolePrivacy    Role = "privacy"
	RoleAnalyst    Role = "analyst"
	RoleAuditor    Role = "auditor"
	RoleAdmin      Role = "admin"
)

// Roles lists every role.
var Roles = []Role{RoleAgent, RoleSupervisor, RoleReviewer, RolePrivacy, RoleAnalyst, RoleAuditor, RoleAdmin}

// Principal is who a request speaks for. Its zero value is nobody.
//
// For a customer or visitor, Customer is their own id. For staff, Customer is
// the customer whose conversation they are working on (see About), so that the
// gate can decide what they may see of it.
type Principal struct {
	Kind     Kind
	Site     SiteID
	Customer CustomerID
	// Conversation is the conversation the request is part of, if any. A grant
	// given for one conversation holds only there.
	Conversation string
	// Session names the widget session; idempotency keys are scoped to it.
	Session string
	// GPC is whether the browser sends the Global Privacy Control signal.
	GPC bool

	Staff StaffID
	Name  string
	Roles []Role
	// Recipient is the desk of somebody else's that staff works at, as the policy
	// names it (desk:<name>); empty: the company's own.
	Recipient string
	// Queue is the only one whose conversations there are to staff, as over NATS, where
	// permissions are by queue; empty: whatever their account allows.
	Queue string
}

// Anonymous reports whether the principal has no identity to hang personal
// records on.
func (p Principal) Anonymous() bool { return p.Kind == Visitor || p.Kind == Nobody }

// Outside reports whether the principal works at the desk of somebody else.
func (p Principal) Outside() bool { return p.Recipient != "" }

// Has reports whether the principal holds one of the roles. An administrator
// holds every role but analyst and auditor, which only take rights away.
//
// SECURITY: who works at somebody else's desk holds the roles of a desk alone: the
// other ones read what no customer was asked about.
func (p Principal) Has(roles ...Role) bool {
	if p.Kind != Staff {
		return false
	}
	admin := slices.Contains(p.Roles, RoleAdmin) && !p.Outside()
	for _, r := range roles {
		if p.Outside() && r != RoleAgent && r != RoleSupervisor {
			continue
		}
		if slices.Contains(p.Roles, r) || admin && r != RoleAnalyst && r != RoleAuditor {
			return true
		}
	}
	return false
}

// In returns the principal speaking in a conversation.
func (p Principal) In(conversation string) Principal {
	p.Conversation = conversation
	return p
}

// About returns a staff principal working on the conversation of a customer.
func (p Principal) About(customer CustomerID, conversation string) Principal {
	p.Customer = customer
	p.Conversation = conversation
	return p
}

// Actor is the short name of the principal for ledgers and logs: its kind and
// its internal id, never a name or an address.
func (p Principal) Actor() string {
	switch p.Kind {
	case Customer, Visitor:
		return p.Kind.String() + ":" + string(p.Customer)
	case Staff:
		return "staff:" + string(p.Staff)
	case Backend:
		return "site:" + string(p.Site)
	case Browser:
		return "browser:" + string(p.Site)
	case System, Nobody:
		return p.Kind.String()
	}
	return "nobody"
}

// LogValue keeps names out of logs.
func (p Principal) LogValue() slog.Value { return slog.StringValue(p.Actor()) }
