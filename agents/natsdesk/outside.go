package natsdesk

import (
	"crypto/subtle"

	"github.com/nats-io/nats-server/v2/server"
)

// doorkeeper admits connections to the embedded server: this process, which may
// do everything, and outside desks, which may do little.
type doorkeeper struct {
	inside  string
	outside string // empty: nobody from outside
}

var _ server.Authentication = (*doorkeeper)(nil)

// Check admits a connection by its token.
//
// SECURITY: an outside desk asks the desk and hears what happened. It must not
// be able to listen to candor.desk.*, where other agents' tokens pass, nor to
// answer there in the desk's place, nor to publish what happened. It may not
// make JetStream consumers either: a push consumer writes to any subject. Who
// holds the token reads the replies of everyone who holds it, so one token is
// for one party.
func (d *doorkeeper) Check(c server.ClientAuthentication) bool {
	token := c.GetOpts().Token
	switch {
	case equal(token, d.inside):
		c.RegisterUser(&server.User{Username: "candor"})
		return true
	case equal(token, d.outside):
		c.RegisterUser(&server.User{Username: "desk", Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: outsidePublish},
			Subscribe: &server.SubjectPermission{Allow: outsideSubscribe},
		}})
		return true
	}
	return false
}

// Reading a stream goes by direct gets, which need no consumer.
var (
	outsidePublish = []string{
		"candor.desk.>",
		"$SRV.>", // nats micro ls
		"$JS.API.STREAM.INFO." + handoffStream, "$JS.API.STREAM.INFO." + conversationStream,
		"$JS.API.DIRECT.GET." + handoffStream, "$JS.API.DIRECT.GET." + handoffStream + ".>",
		"$JS.API.DIRECT.GET." + conversationStream, "$JS.API.DIRECT.GET." + conversationStream + ".>",
	}
	outsideSubscribe = []string{"_INBOX.>", handoffSubjects, conversationSubjects, consentSubjects}
)

// equal compares secrets; an empty one equals nothing.
func equal(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
