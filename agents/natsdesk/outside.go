package natsdesk

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// OutsideDesk is a desk of somebody else's that the embedded server lets in.
type OutsideDesk struct {
	Name   string   // a-z, 0-9 and hyphens
	Token  string   // of its connections, and for one party alone
	Queues []string // that it serves; those of a desk without a name are all
}

// MinToken is the shortest token of an outside desk's: who guesses it is in.
const MinToken = 16

var deskName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// ParseDesks reads outside desks as settings have them: name:token:queue+queue, with
// commas between several. Errors repeat no token.
func ParseDesks(setting string) ([]OutsideDesk, error) {
	var out []OutsideDesk
	for i, one := range strings.Split(setting, ",") {
		one = strings.TrimSpace(one)
		if one == "" && setting == "" {
			return nil, nil
		}
		name, rest, _ := strings.Cut(one, ":")
		colon := strings.LastIndexByte(rest, ':')
		if colon < 0 || !deskName.MatchString(name) {
			return nil, fmt.Errorf("desk %d is not name:token:queue+queue, its name 1 to 32 of a-z, 0-9 and -", i+1)
		}
		d := OutsideDesk{name, rest[:colon], strings.Split(rest[colon+1:], "+")}
		if len(d.Token) < MinToken {
			return nil, fmt.Errorf("the token of desk %s is shorter than %d characters", name, MinToken)
		}
		for _, q := range d.Queues {
			if err := checkQueue(q); err != nil {
				return nil, fmt.Errorf("desk %s: %w", name, err)
			}
		}
		for _, other := range out {
			if other.Name == name || other.Token == d.Token {
				return nil, fmt.Errorf("desk %s has the name or the token of another one", name)
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// doorkeeper admits connections to the embedded server: this process, which may
// do everything, and outside desks, which may do little.
type doorkeeper struct {
	inside string

	mu   sync.Mutex
	desk []door // none before the server runs
}

// door is where the bearer of a token comes in.
type door struct {
	token string
	user  *server.User
}

var _ server.Authentication = (*doorkeeper)(nil)

// Check admits a connection by its token. Of one that is not known it tells by its time
// neither which it resembles nor how many there are.
func (d *doorkeeper) Check(c server.ClientAuthentication) bool {
	token := c.GetOpts().Token
	if equal(token, d.inside) {
		c.RegisterUser(&server.User{Username: "candor"})
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var user *server.User
	for _, x := range d.desk {
		if equal(token, x.token) {
			user = x.user
		}
	}
	if user != nil {
		c.RegisterUser(user)
	}
	return user != nil
}

// open lets outside desks in from now on.
//
// SECURITY: each has an account of its own, which has of Candor's the subjects that it
// imports and no others. So nobody hears another's requests, whose headers have agents'
// tokens, nor another's replies, whatever inbox they name; and a reply goes nowhere but
// to who asked: on one account a request could name candor.handoff.support or a subject
// of JetStream's as its inbox, and this process would write there for it. The account has
// no streams. Its user is limited besides: people of one desk do not hear each other's
// tokens either.
func (d *doorkeeper) open(s *server.Server, desks []OutsideDesk) error {
	home := s.GlobalAccount()
	for _, x := range desks {
		name := "desk"
		queues := []string{"*"}
		if x.Name != "" {
			name, queues = "desk-"+x.Name, x.Queues
		}
		account, err := s.RegisterAccount(name)
		if err != nil {
			return fmt.Errorf("open the door for the desk %s: %w", x.Name, err)
		}
		may := server.Permissions{
			Publish: &server.SubjectPermission{}, Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
		}
		ask := func(subject string, replies server.ServiceRespType) {
			err = errors.Join(err, home.AddServiceExportWithResponse(subject, replies, nil), account.AddServiceImport(home, subject, subject))
			may.Publish.Allow = append(may.Publish.Allow, subject)
		}
		hear := func(subject string) {
			err = errors.Join(err, home.AddStreamExport(subject, nil), account.AddStreamImport(home, subject, ""))
			may.Subscribe.Allow = append(may.Subscribe.Allow, subject)
		}
		ask("$SRV.>", server.Streamed) // nats micro ls; every replica answers
		for _, q := range slices.Compact(slices.Sorted(slices.Values(queues))) {
			ask("candor.desk."+q+".*", server.Singleton)
			hear(handoffPrefix + q)
		}
		if x.Name == "" { // it serves every queue, so there is no conversation that is not its own
			hear(conversationSubjects)
			hear(consentSubjects)
			for _, stream := range []string{handoffStream, conversationStream} {
				ask("$JS.API.DIRECT.GET."+stream, server.Singleton) // needs no consumer, which could write
			}
		}
		if err != nil {
			return fmt.Errorf("open the door for the desk %s: %w", x.Name, err)
		}
		d.mu.Lock()
		d.desk = append(d.desk, door{x.Token, &server.User{Username: name, Account: account, Permissions: &may}})
		d.mu.Unlock()
	}
	return nil
}

// equal compares secrets; an empty one equals nothing.
func equal(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
