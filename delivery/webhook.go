package delivery

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"candor/consent"
)

// Webhook is a program that is told of events. It is a recipient of its own.
type Webhook struct {
	Name   string
	URL    string
	Events []string // types of CloudEvents, or such as candor.handoff.*; never empty
	// Text is whether it gets the words of messages whose customers allow that.
	Text   bool
	Secret string // whsec_ and base64; empty where it is not asked for
	// Failing is since when nothing came through; zero: the last one did.
	Failing time.Time
	// Disabled is since when nothing is sent to it, and Why; zero: it is not.
	Disabled time.Time
	Why      DisabledWhy
	Waiting  int // how many deliveries are to be made
	At       time.Time
	Actor    string // who changed it last
}

// DisabledWhy is why a webhook is disabled.
type DisabledWhy string

// Reasons. One by hand ends when it is enabled again, like the others.
const (
	DisabledByHand    DisabledWhy = "by_hand"
	DisabledByFailure DisabledWhy = "failing" // for FailureLimit
	DisabledAsGone    DisabledWhy = "gone"    // it answered that it is no more
)

// FailureLimit is for how long nothing may come through before a webhook is disabled.
const FailureLimit = 5 * 24 * time.Hour

// TestEvent is the type of the event that is sent to try a webhook.
const TestEvent = "candor.webhook.test"

// UnreadEvent is the type of the event that tells that a customer has not read what a
// person wrote.
const UnreadEvent = "candor.message.unread"

// recipientPrefix starts the names of webhooks in the policy.
const recipientPrefix = "webhook:"

// WebhookRecipient is the recipient of the policy that a webhook of the name is.
func WebhookRecipient(name string) consent.Recipient {
	return consent.Recipient(recipientPrefix + name)
}

// Recipient is the recipient of the policy that the webhook is.
func (w Webhook) Recipient() consent.Recipient { return WebhookRecipient(w.Name) }

// Errors of webhooks, for who configures them.
var (
	// ErrUnknownWebhook means that there is no webhook of that name.
	ErrUnknownWebhook = errors.New("there is no webhook of this name")
	// ErrWebhook refuses what a webhook should be.
	ErrWebhook = errors.New("not a valid webhook")
	// ErrWebhookDisabled means that nothing is sent to it.
	ErrWebhookDisabled = errors.New("this webhook is disabled: enable it first")
)

var (
	webhookName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	// eventType is what a webhook may be told of: never a customer's choices, of which
	// the bus tells by a hash alone.
	eventType = regexp.MustCompile(`^candor\.(handoff|conversation|message)\.([a-z_]{1,40}|\*)$`)
)

// Told reports whether webhooks are told of events of a type at all.
func Told(event string) bool {
	return strings.HasPrefix(event, "candor.handoff.") || strings.HasPrefix(event, "candor.conversation.") || event == UnreadEvent
}

// Check returns why this is no webhook. Local allows addresses of this machine, in
// clear: for a demo and for tests.
func (w Webhook) Check(local bool, p *consent.Policy) error {
	if !webhookName.MatchString(w.Name) {
		return fmt.Errorf("%w: its name is lower-case letters, digits and hyphens, at most 32", ErrWebhook)
	}
	if err := checkURL(w.URL, local); err != nil {
		return err
	}
	if len(w.Events) == 0 {
		return fmt.Errorf("%w: name the events that it is told of, such as candor.handoff.*", ErrWebhook)
	}
	for _, e := range w.Events {
		if !eventType.MatchString(e) || len(w.Events) > 20 {
			return fmt.Errorf("%w: its events are at most 20 types of candor.handoff.*, candor.conversation.* and candor.message.*", ErrWebhook)
		}
	}
	if !w.Text {
		return nil
	}
	if !p.Uses(consent.Triple{Purpose: consent.AgentAssist, Category: consent.Conversation, Recipient: w.Recipient()}) {
		return fmt.Errorf("%w: the policy has no use of conversation by %s for agent_assist, so no customer could allow it to get texts: add the recipient to the policy, or leave text out", ErrWebhook, w.Recipient())
	}
	return nil
}

// Wants reports whether the webhook is told of events of the type.
func (w Webhook) Wants(event string) bool {
	return slices.ContainsFunc(w.Events, func(e string) bool {
		group, all := strings.CutSuffix(e, "*")
		return e == event || all && strings.HasPrefix(event, group)
	})
}

func checkURL(raw string, local bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || len(raw) > 2000 {
		return fmt.Errorf("%w: its url is not an address such as https://example.com/hook", ErrWebhook)
	}
	switch {
	case u.User != nil:
		return fmt.Errorf("%w: its url holds a user name; what it gets is signed, and needs none", ErrWebhook)
	case u.Fragment != "":
		return fmt.Errorf("%w: its url has a fragment, which is not sent", ErrWebhook)
	case loopback(u.Hostname()):
		if !local || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("%w: its url is of the server itself", ErrWebhook)
		}
		return nil
	case u.Scheme != "https":
		return fmt.Errorf("%w: its url must begin with https://", ErrWebhook)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !public(ip) {
		return fmt.Errorf("%w: its url is of a private network, which is not reached from here", ErrWebhook)
	}
	return nil
}

// loopback reports whether a host, as written, is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
