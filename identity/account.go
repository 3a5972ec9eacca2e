package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Account is a member of staff as who administers the company's staff sees them.
type Account struct {
	StaffMember // without its password
	Created     time.Time
	// Invited is until when the link can be used with which they choose their first
	// password; zero: there is none.
	Invited time.Time
	// Active is whether they have a password.
	Active bool
}

// AccountChange is what is changed of an account; what is nil stays.
type AccountChange struct {
	Name      *string
	Roles     []Role // nil: they stay; an account has at least one
	Languages []string
	Disabled  *bool
	Recipient *string
}

// AccountEvent is what somebody did to an account. It holds no name and no address.
type AccountEvent struct {
	At     time.Time
	Actor  string // Principal.Actor
	Action string // see the constants
	Detail string // such as the roles that it has now
}

// Actions of an AccountEvent.
const (
	AccountAdded     = "added"
	AccountInvited   = "invited" // a link to a first password was made
	AccountRenamed   = "renamed"
	AccountRoles     = "roles"
	AccountLanguages = "languages"
	AccountRecipient = "recipient"
	AccountDisabled  = "disabled"
	AccountEnabled   = "enabled"
	AccountSeated    = "seat"
	AccountReset     = "reset" // a link to another password was made
	AccountPassword  = "password"
)

// Errors of accounts, for who meets them.
var (
	ErrUnknownStaff = errors.New("there is no such member of staff")
	ErrAccount      = errors.New("not a valid account")
	// ErrLastAdmin and ErrOwnAdmin keep a company from locking itself out.
	ErrLastAdmin = errors.New("this is the last administrator: make somebody else one first")
	ErrOwnAdmin  = errors.New("you cannot take your own account's administration away: ask another administrator")
	// ErrLink means that a link to a password was used, is too old, or never was.
	ErrLink = errors.New("this link was used before or is too old: ask for a new one")
	// ErrPassword refuses a password.
	ErrPassword = errors.New("choose another password")
)

// CheckAccount returns why these cannot be the name and the roles of an account.
func CheckAccount(name string, roles []Role) error {
	if name = strings.TrimSpace(name); name == "" || utf8.RuneCountInString(name) > 100 {
		return fmt.Errorf("%w: a name has 1 to 100 characters; customers read it", ErrAccount)
	}
	if len(roles) == 0 {
		return fmt.Errorf("%w: it needs a role", ErrAccount)
	}
	for i, r := range roles {
		if !slices.Contains(Roles, r) || slices.Contains(roles[:i], r) {
			return fmt.Errorf("%w: its roles are some of agent, supervisor, reviewer, privacy, analyst, auditor and admin", ErrAccount)
		}
	}
	return nil
}

// MaxPassword is the longest password that is accepted, in bytes.
const MaxPassword = 256

// CheckNewPassword returns why somebody may not choose a password. As NIST SP 800-63B
// §3.1.1.2 has it, length is what counts, no kinds of characters are asked for, and
// what everybody tries first is refused.
func CheckNewPassword(password, email string) error {
	switch folded, address := strings.ToLower(password), strings.ToLower(email); {
	case utf8.RuneCountInString(password) < MinPassword:
		return fmt.Errorf("%w: it needs at least %d characters", ErrPassword, MinPassword)
	case len(password) > MaxPassword:
		return fmt.Errorf("%w: it may have at most %d bytes", ErrPassword, MaxPassword)
	case address != "" && (strings.Contains(folded, address) || before(address) != "" && strings.Trim(folded, "0123456789!.?-_") == before(address)):
		return fmt.Errorf("%w: this one is your address", ErrPassword)
	case common(folded):
		return fmt.Errorf("%w: this one is among those that are guessed first", ErrPassword)
	}
	return nil
}

// before is what stands before the @ of an address.
func before(address string) string {
	local, _, _ := strings.Cut(address, "@")
	return local
}

// commonParts are what passwords that are guessed first are made of: those of twelve
// characters and more are these again, or with a few digits. The longer come first.
var commonParts = []string{
	"password", "passwort", "contraseña", "senha", "пароль", "letmein", "welcome", "administrator", "admin", "qwertyuiop", "qwerty", "qwertz", "azerty",
	"asdfghjkl", "zxcvbnm", "iloveyou", "monkey", "dragon", "football", "baseball", "sunshine", "princess", "superman", "trustno1", "changeme", "default",
	"secret", "test", "login", "master", "hello", "shadow", "candor", "support", "customer", "service", "company", "1q2w3e4r", "1qaz2wsx", "q1w2e3r4", "abc", "йцукен",
}

// common reports whether a password, in lower case, is of the kind that is guessed
// first: one character over and over, a run of the keyboard or of digits, or common
// words with digits around them.
func common(password string) bool {
	rest := strings.NewReplacer("@", "a", "$", "s", "!", "", " ", "", "-", "", "_", "", ".", "").Replace(password)
	for range 2 {
		for _, part := range commonParts {
			rest = strings.ReplaceAll(rest, part, "")
		}
	}
	if strings.Trim(rest, "0123456789") == "" {
		// Digits alone are guessed if there are few beside the words, or they run.
		return rest != password || running(rest)
	}
	return running(rest)
}

// running reports whether each character is the one before, or its neighbour by code,
// or the text repeats itself every few characters.
func running(s string) bool {
	r := []rune(s)
	steps := 0
	for i := 1; i < len(r); i++ {
		if d := r[i] - r[i-1]; d >= -1 && d <= 1 || d == -9 {
			steps++
		}
	}
	if steps >= len(r)-2 {
		return true
	}
	for period := 1; period <= 4; period++ {
		same := len(r) > 2*period
		for i := period; i < len(r) && same; i++ {
			same = r[i] == r[i-period]
		}
		if same {
			return true
		}
	}
	return false
}
