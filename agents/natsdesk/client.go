package natsdesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

// Client is the desk of one queue, for the agent of an API token, over NATS. It
// is safe for concurrent use.
//
// The principal that its methods take is ignored: the token says who asks, and
// what they may do. Errors are those of agents.Desk, and this package's. Any
// other error leaves open what became of the request; repeating it under the id that
// it had (conversation.WithMessageID) does it once.
type Client struct {
	conn  *nats.Conn
	queue string
	token string
}

var _ agents.Desk = (*Client)(nil)

// NewClient returns the desk of the queue for the agent whose API token it is.
func NewClient(nc *nats.Conn, queue, token string) *Client { return &Client{nc, queue, token} }

// ask sends a request and reads its reply into out.
func (c *Client) ask(ctx context.Context, queue, verb string, in requestJSON, out any) error {
	if err := checkQueue(queue); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	m := nats.NewMsg(subject(queue, verb))
	m.Header.Set(TokenHeader, c.token)
	if id := conversation.RequestID(ctx); id != "" {
		m.Header.Set(requestHeader, id)
	}
	var err error
	if m.Data, err = json.Marshal(in); err != nil {
		return err
	}
	reply, err := c.conn.RequestMsgWithContext(ctx, m)
	if errors.Is(err, nats.ErrNoResponders) {
		return ErrUnavailable
	}
	if err != nil {
		return fmt.Errorf("ask the desk to %s: %w", verb, err)
	}
	if err := failureOf(reply); err != nil {
		return err
	}
	if err := json.Unmarshal(reply.Data, out); err != nil {
		return fmt.Errorf("the desk's reply to %s does not read", verb)
	}
	return nil
}

func (c *Client) act(ctx context.Context, verb string, in requestJSON) error {
	return c.ask(ctx, c.queue, verb, in, &doneJSON{})
}

// Queue returns the tickets of a queue; an empty name means the client's own.
func (c *Client) Queue(ctx context.Context, _ identity.Principal, queue string) ([]agents.Ticket, error) {
	if queue == "" {
		queue = c.queue
	}
	var list listJSON
	if err := c.ask(ctx, queue, "list", requestJSON{}, &list); err != nil {
		return nil, err
	}
	var out []agents.Ticket
	for _, t := range list.Tickets {
		out = append(out, t.ticket())
	}
	return out, nil
}

// Get returns a conversation of the queue, as the agent may see it now.
func (c *Client) Get(ctx context.Context, _ identity.Principal, conversation string) (agents.View, error) {
	var v viewJSON
	if err := c.ask(ctx, c.queue, "get", requestJSON{ConversationID: conversation}, &v); err != nil {
		return agents.View{}, err
	}
	return v.view(), nil
}

// Claim takes a conversation.
func (c *Client) Claim(ctx context.Context, _ identity.Principal, conversation string) error {
	return c.act(ctx, "claim", requestJSON{ConversationID: conversation})
}

// Pass lets a conversation go to somebody else that was offered.
func (c *Client) Pass(ctx context.Context, _ identity.Principal, conversation string) error {
	return c.act(ctx, "pass", requestJSON{ConversationID: conversation})
}

// Transfer gives a conversation to a queue or to a person.
func (c *Client) Transfer(ctx context.Context, _ identity.Principal, conversation string, t agents.Transfer) error {
	return c.act(ctx, "transfer", requestJSON{ConversationID: conversation, Queue: t.Queue, Staff: t.Staff, Note: t.Note})
}

// Note tells the desk something about a conversation.
func (c *Client) Note(ctx context.Context, _ identity.Principal, conversation, text string) error {
	return c.act(ctx, "note", requestJSON{ConversationID: conversation, Text: text})
}

// Release returns a conversation to the queue.
func (c *Client) Release(ctx context.Context, _ identity.Principal, conversation string) error {
	return c.act(ctx, "release", requestJSON{ConversationID: conversation})
}

// Reply sends the customer a message.
func (c *Client) Reply(ctx context.Context, _ identity.Principal, conversation, text string) error {
	return c.Send(ctx, identity.Principal{}, conversation, agents.Reply{Text: text})
}

// Send is Reply with what comes with the text.
func (c *Client) Send(ctx context.Context, _ identity.Principal, conversation string, m agents.Reply) error {
	return c.act(ctx, "reply", requestJSON{ConversationID: conversation, Text: m.Text, Attachments: m.Attachments, Suggestion: m.Suggestion})
}

// Resolve ends a conversation.
func (c *Client) Resolve(ctx context.Context, _ identity.Principal, conversation string) error {
	return c.act(ctx, "resolve", requestJSON{ConversationID: conversation})
}

// Return gives a conversation back to the assistant.
func (c *Client) Return(ctx context.Context, _ identity.Principal, conversation string) error {
	return c.act(ctx, "return", requestJSON{ConversationID: conversation})
}

// Snooze puts a conversation off until a time in the future, or until its
// customer writes.
func (c *Client) Snooze(ctx context.Context, _ identity.Principal, conversation string, until time.Time) error {
	return c.act(ctx, "snooze", requestJSON{ConversationID: conversation, Until: until})
}

// Ask asks the customer to let people at the desk see categories of their data.
func (c *Client) Ask(ctx context.Context, _ identity.Principal, conversation string, categories []consent.Category) error {
	return c.act(ctx, "ask-consent", requestJSON{ConversationID: conversation, Categories: categories})
}

// Suggest drafts a reply.
func (c *Client) Suggest(ctx context.Context, _ identity.Principal, conversation, instruction string) (agents.Suggestion, error) {
	var out agents.Suggestion
	if err := c.ask(ctx, c.queue, "suggest", requestJSON{ConversationID: conversation, Instruction: instruction}, &out); err != nil {
		return agents.Suggestion{}, err
	}
	return out, nil
}
