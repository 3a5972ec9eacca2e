package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
)

var _ conversation.Store = (*Store)(nil)

const conversationColumns = "id, site, customer, visitor, state, reason, assignee, language, last_seq, created, updated, customer_read, desk_read"

func scanConversation(scan func(...any) error) (conversation.Conversation, error) {
	var c conversation.Conversation
	var created, updated int64
	err := scan(&c.ID, &c.Site, &c.Customer, &c.Visitor, &c.State, &c.Reason, &c.Assignee, &c.Language, &c.LastSeq, &created, &updated,
		&c.Read.Customer, &c.Read.Desk)
	c.Created, c.Updated = fromMicros(created), fromMicros(updated)
	if errors.Is(err, sql.ErrNoRows) {
		err = conversation.ErrNotFound
	}
	return c, err
}

func getConversation(ctx context.Context, q querier, id string) (conversation.Conversation, error) {
	return scanConversation(q.QueryRowContext(ctx, "SELECT "+conversationColumns+" FROM conversations WHERE id = ? AND "+present("conversations.customer"), id).Scan)
}

// messageBody is the sealed part of a message event.
type messageBody struct {
	From     conversation.Author    `json:"from"`
	Segments []conversation.Segment `json:"segments"`
	AnswerID string                 `json:"answer_id,omitempty"`
	Assisted bool                   `json:"assisted,omitempty"`
	Staff    identity.StaffID       `json:"staff,omitempty"`
	Name     string                 `json:"name,omitempty"`
	Offer    *consent.Offer         `json:"offer,omitempty"`

	Attachments []conversation.Attachment `json:"attachments,omitempty"`
	Edited      time.Time                 `json:"edited,omitzero"`
}

func bodyOf(m conversation.Message) messageBody {
	return messageBody{m.From, m.Segments, m.AnswerID, m.Assisted, m.Staff, m.Name, m.Offer, m.Attachments, m.Edited}
}

func eventPlace(conv string, seq int64) string { return fmt.Sprintf("event/%s/%d", conv, seq) }

// event is one to append to a conversation.
type event struct {
	kind conversation.EventType
	ref  string
	data any
}

// assigning is what else changes in the row of a conversation: assignments of SQL, each of
// which follows a comma, and their arguments. It spares a statement each.
type assigning struct {
	set  string
	args []any
}

func (a *assigning) add(set string, args ...any) {
	a.set, a.args = a.set+", "+set, append(a.args, args...)
}

// addEvents appends events with the conversation's next sequence numbers, and returns the
// last one. What else is assigned sees the row as it was before.
func (tx *Tx) addEvents(key Sealer, conv string, also assigning, events ...event) (seq int64, err error) {
	args := append(append([]any{len(events), micros(tx.Now)}, also.args...), conv)
	if err := tx.row("UPDATE conversations SET last_seq = last_seq + ?, updated = ?"+also.set+" WHERE id = ? RETURNING last_seq",
		args...).Scan(&seq); err != nil {
		return 0, sqlError("next sequence number", err)
	}
	args = args[:0]
	for i, e := range events {
		at := seq - int64(len(events)-1-i)
		sealed, err := key.sealJSON(eventPlace(conv, at), e.data)
		if err != nil {
			return 0, err
		}
		args = append(args, conv, at, e.kind, e.ref, micros(tx.Now), sealed)
	}
	_, err = tx.exec("INSERT INTO events (conversation, seq, type, ref, at, sealed) VALUES "+rows(len(events), 6), args...)
	tx.Wake(conversation.Topic(conv))
	return seq, err
}

// addEvent appends one event.
func (tx *Tx) addEvent(key Sealer, conv string, kind conversation.EventType, ref string, data any) (seq int64, err error) {
	return tx.addEvents(key, conv, assigning{}, event{kind, ref, data})
}

// addMessage appends a message and tells the desk of it, without its words.
func (tx *Tx) addMessage(key Sealer, conv string, m conversation.Message) (conversation.Message, error) {
	if err := tx.attach(key, conv, &m); err != nil {
		return m, err
	}
	var err error
	if m.Seq, err = tx.addEvents(key, conv, tx.written(m.From), event{conversation.MessageEvent, m.ID, bodyOf(m)}); err != nil {
		return m, err
	}
	m.At = tx.Now
	if err := tx.clocksAfter(conv, m); err != nil {
		return m, err
	}
	if err := tx.tellQueue(conv, m); err != nil {
		return m, err
	}
	return m, tx.sendMessage(conv, m)
}

func (tx *Tx) sendMessage(conv string, m conversation.Message) error {
	return tx.send("candor.conversation."+conv, "candor.conversation.message",
		map[string]any{"conversation_id": conv, "message_id": m.ID, "seq": m.Seq, "from": m.From})
}

// written is what a message, which is the event that is added, changes besides: who wrote
// last and when, what its author has read, and since when its customer has not read what a
// person wrote. A notice is nobody's word; the first one says when the conversation began.
func (tx *Tx) written(from conversation.Author) (a assigning) {
	now := micros(tx.Now)
	if from == conversation.FromSystem {
		a.add("said = CASE WHEN said = 0 THEN ? ELSE said END", now)
		return a
	}
	a.add("said = ?, said_by = ?, warned = 0", now, from)
	if from == conversation.FromCustomer || from == conversation.FromAgent {
		a.add(readColumn(from) + " = last_seq + 1")
	}
	if from == conversation.FromAgent {
		a.add(`unread_told = CASE WHEN unread_seq > customer_read THEN unread_told ELSE FALSE END,
			unread_at = CASE WHEN unread_seq > customer_read THEN unread_at ELSE ? END,
			unread_seq = CASE WHEN unread_seq > customer_read THEN unread_seq ELSE last_seq + 1 END`, now)
	}
	return a
}

// Create stores a new conversation with its first message.
func (s *Store) Create(ctx context.Context, c conversation.Conversation, first conversation.Message) error {
	key, err := s.keys.For(ctx, c.Customer)
	if err != nil {
		return err
	}
	return s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		n, err := tx.exec("INSERT INTO conversations ("+conversationColumns+") VALUES ("+marks(13)+") ON CONFLICT (id) DO NOTHING",
			c.ID, c.Site, c.Customer, c.Visitor, c.State, c.Reason, c.Assignee, c.Language, 0, micros(tx.Now), micros(tx.Now), 0, 0)
		if err != nil {
			return err
		}
		if n == 0 { // it is there already, if it is the customer's own
			there, err := getConversation(tx.ctx, tx.tx, c.ID)
			if err == nil && there.Customer != c.Customer {
				err = conversation.ErrNotFound
			}
			return err
		}
		_, err = tx.addMessage(key, c.ID, first)
		return err
	})
}

// keyIn returns a conversation with its customer's key.
func (s *Store) keyIn(ctx context.Context, id string) (c conversation.Conversation, key Sealer, err error) {
	if c, err = s.Conversation(ctx, id); err == nil {
		key, err = s.keys.For(ctx, c.Customer)
	}
	return c, key, err
}

// writeIn runs fn in a transaction of the customer of a conversation, as it stands in it.
func (s *Store) writeIn(ctx context.Context, id string, fn func(tx *Tx, key Sealer, c conversation.Conversation) error) error {
	c, key, err := s.keyIn(ctx, id)
	if err != nil {
		return err
	}
	return s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		c, err := getConversation(tx.ctx, tx.tx, id)
		if err != nil {
			return err
		}
		return fn(tx, key, c)
	})
}

// Conversation returns a conversation.
func (s *Store) Conversation(ctx context.Context, id string) (conversation.Conversation, error) {
	return getConversation(ctx, s.reads, id)
}

// Latest returns the customer's latest conversation that is not resolved, else the latest
// that a person had not long ago: what they said in it can still be read, and rated.
func (s *Store) Latest(ctx context.Context, customer identity.CustomerID) (conversation.Conversation, bool, error) {
	latest, err := collect(ctx, s.reads, scanConversation, "SELECT "+conversationColumns+` FROM conversations
		WHERE customer = ? AND (state <> ? OR resolved > 0 AND last_owner <> '') AND `+present("conversations.customer")+" ORDER BY CASE WHEN state = ? THEN 1 ELSE 0 END, updated DESC, id LIMIT 10",
		customer, conversation.Resolved, conversation.Resolved)
	for _, c := range latest {
		recent := true
		if c.State == conversation.Resolved {
			_, recent, err = lastHad(ctx, s.reads, c.ID)
		}
		if err != nil || recent {
			return c, err == nil, err
		}
	}
	return conversation.Conversation{}, false, err
}

// change is what happens to a conversation, why, and by whom.
type change struct {
	trigger conversation.Trigger
	reason  conversation.Reason
	by      identity.StaffID      // as agents.TicketEvent has it
	topic   string                // of the policy, of a handoff
	until   time.Time             // of a snooze
	notice  *conversation.Message // of the system, said where a conversation comes to the desk
	ticket  *string               // becomes the id of the one that is opened; nil: nobody asks
}

// move changes the state of a conversation as the trigger does, and tells the
// customer and the desk when something has changed.
func (s *Store) move(tx *Tx, key Sealer, c *conversation.Conversation, ch change) error {
	was := c.State
	next, err := was.Next(ch.trigger)
	if err != nil {
		return err
	}
	if next == was {
		if was == conversation.Open && ch.trigger == conversation.HandoffWanted {
			return tx.asksPerson(c.ID)
		}
		return nil
	}
	c.State, c.Reason = next, ch.reason
	var resolved int64
	if next == conversation.Resolved {
		resolved = micros(tx.Now)
	}
	if next == conversation.Pending || next == conversation.Resolved {
		c.Assignee = ""
	}
	var row assigning // of the conversation, written with its events
	row.add("state = ?, reason = ?, assignee = ?, unanswered = 0, resolved = ?", c.State, c.Reason, c.Assignee, resolved)
	var at agents.Ticket // where it is open; none: as it is stored
	switch next {
	case conversation.Open:
		if err := s.interruptAnswers(tx, key, c); err != nil {
			return err
		}
		if at, err = tx.ticketFor(c, ch); err != nil {
			return err
		}
		if ch.ticket != nil {
			*ch.ticket = at.ID
		}
		if was == conversation.Snoozed {
			if err := tx.eventOf(c.ID, agents.TicketWoke, ch.by, string(ch.reason)); err != nil {
				return err
			}
		}
		if ch.trigger == conversation.HandoffWanted && at.Clocks.Asked.IsZero() {
			if err := tx.asksPerson(c.ID); err != nil {
				return err
			}
		}
	case conversation.Pending, conversation.Resolved:
		outcome := outcomeReturned
		if next == conversation.Resolved {
			if outcome = outcomeResolved; ch.trigger == conversation.GoesQuiet {
				outcome = outcomeQuiet
			}
			// What was chosen for this conversation ends with it, also if it goes on.
			row.add("ended = (SELECT epoch FROM customers WHERE id = ?)", c.Customer)
		}
		if err := tx.closeTicket(c.ID, outcome, ch); err != nil {
			return err
		}
	case conversation.Snoozed:
		if err := tx.eventOf(c.ID, agents.TicketSnoozed, ch.by, ch.until.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	if next == conversation.Open || next == conversation.Pending {
		// How long nobody has written is counted anew: it was put off, or is about to be
		// answered.
		row.add("said = CASE WHEN said > 0 OR ? THEN CAST(? AS BIGINT) ELSE said END, warned = CASE WHEN said > 0 THEN 0 ELSE warned END",
			ch.notice != nil, micros(tx.Now))
	}
	return tx.tell(key, *c, row, at, ch.notice)
}

// asksPerson notes that the customer of a conversation waits for a person, if they did not
// already.
func (tx *Tx) asksPerson(conv string) error {
	ids, err := collect(tx.ctx, tx.tx, scanString, "UPDATE tickets SET asked = ? WHERE conversation = ? AND state <> 'closed' AND asked = 0 RETURNING id", micros(tx.Now), conv)
	for _, id := range ids {
		if err := tx.setDue(id); err != nil {
			return err
		}
	}
	return err
}

// stateBody is a state event.
type stateBody struct {
	State  conversation.State  `json:"state"`
	Reason conversation.Reason `json:"reason"`
	Name   string              `json:"name,omitempty"`
}

// tellState puts a state event into the conversation's stream and the outbox.
func (tx *Tx) tellState(key Sealer, c conversation.Conversation) error {
	return tx.tell(key, c, assigning{}, agents.Ticket{}, nil)
}

// tell is tellState with what else changes in the conversation's row, and with a notice
// after it, of which whoever serves the ticket is told.
func (tx *Tx) tell(key Sealer, c conversation.Conversation, also assigning, at agents.Ticket, notice *conversation.Message) error {
	var name string
	if c.Assignee != "" {
		if err := tx.row("SELECT name FROM staff WHERE id = ?", c.Assignee).Scan(&name); err != nil {
			return sqlError("read the assignee", err)
		}
	}
	events := []event{{conversation.StateEvent, "", stateBody{c.State, c.Reason, name}}}
	if notice != nil {
		events = append(events, event{conversation.MessageEvent, notice.ID, bodyOf(*notice)})
	}
	seq, err := tx.addEvents(key, c.ID, also, events...)
	if err != nil {
		return err
	}
	err = tx.send("candor.conversation."+c.ID, "candor.conversation.state",
		map[string]any{"conversation_id": c.ID, "state": c.State, "reason": c.Reason})
	if err != nil || notice == nil {
		return err
	}
	m := *notice
	m.Seq, m.At = seq, tx.Now
	if err := tx.tellOf(at.ID, c.ID, at.Queue, m); err != nil {
		return err
	}
	return tx.sendMessage(c.ID, m)
}

// Post appends the customer's message and makes its answer.
func (s *Store) Post(ctx context.Context, id string, m conversation.Message, language string) (conversation.Posted, error) {
	return s.post(ctx, id, m, language, nil)
}

// PostFiles appends a message of the customer's that has no words to answer.
func (s *Store) PostFiles(ctx context.Context, id string, m conversation.Message, language string, notice conversation.Message) (conversation.Posted, error) {
	return s.post(ctx, id, m, language, &notice)
}

// post appends the customer's message, and makes its answer, or says the notice in its
// place.
func (s *Store) post(ctx context.Context, id string, m conversation.Message, language string, notice *conversation.Message) (conversation.Posted, error) {
	var out conversation.Posted
	err := s.writeIn(ctx, id, func(tx *Tx, key Sealer, c conversation.Conversation) error {
		var before bool
		var err error
		if out, before, err = s.posted(tx, c, key, m.ID); err != nil || before {
			return err
		}
		c.Language = language
		if _, err := tx.exec("UPDATE conversations SET language = ? WHERE id = ?", language, id); err != nil {
			return err
		}
		m, err := tx.addMessage(key, id, m)
		if err != nil {
			return err
		}
		says := change{trigger: conversation.CustomerSays, reason: conversation.CustomerWrote, by: agents.ByCustomer}
		if c.State == conversation.Resolved {
			returns, err := returnsToDesk(tx.ctx, tx.tx, id)
			if err != nil {
				return err
			}
			if returns {
				says.trigger = conversation.CustomerReturns
			}
		}
		if err := s.move(tx, key, &c, says); err != nil {
			return err
		}
		out = conversation.Posted{Message: m, Conversation: c}
		switch {
		case c.State != conversation.Pending:
		case notice != nil:
			_, err = tx.addMessage(key, id, *notice)
		default:
			out.AnswerID, err = s.newAnswer(tx, key, c, m, "")
		}
		return err
	})
	return out, err
}

// posted returns what a message led to that is in the conversation already, if it
// is. Its answer is Known unless nobody has begun it who could go on: then it is
// this replica's to write.
func (s *Store) posted(tx *Tx, c conversation.Conversation, key Sealer, message string) (out conversation.Posted, before bool, err error) {
	messages, err := collect(tx.ctx, tx.tx, scanEventOf(c.ID, key),
		"SELECT seq, type, ref, at, sealed FROM events WHERE ref = ? AND conversation = ? AND type = 'message'", message, c.ID)
	if err != nil || len(messages) == 0 {
		return out, false, err
	}
	out = conversation.Posted{Conversation: c, Known: true}
	if err := json.Unmarshal(messages[0].Data, &out.Message); err != nil {
		return out, true, errors.New("a stored message does not read")
	}
	answers, err := collect(tx.ctx, tx.tx, scanString,
		"SELECT id FROM answers WHERE conversation = ? AND message = ? ORDER BY seq, id LIMIT 1", c.ID, message)
	if err != nil || len(answers) == 0 {
		return out, true, err
	}
	out.AnswerID = answers[0]
	n, err := tx.exec(`UPDATE answers SET writer = ? WHERE id = ? AND status = 'writing' AND attempt = 0 AND (writer = ? OR `+gone("answers.writer")+")",
		s.ID, out.AnswerID, s.ID, replicaLease)
	out.Known = n == 0
	return out, true, err
}

// gone is the condition that the replica in a column is not there any more. Its
// parameter is replicaLease.
func gone(column string) string {
	return "NOT EXISTS (SELECT 1 FROM leases l WHERE l.name = ? || " + column + " AND l.until > now_micros())"
}

// newAnswer makes an answer in status writing.
func (s *Store) newAnswer(tx *Tx, key Sealer, c conversation.Conversation, m conversation.Message, supersedes string) (string, error) {
	id := identity.NewID("ans")
	a := answer.Answer{
		ID: id, Leaf: answer.Leaf{ID: answer.LeafID(id)}, ConversationID: c.ID, At: tx.Now, Question: m.Text(),
		Status: answer.Writing, Supersedes: supersedes, Language: c.Language,
		Sentences: []answer.Sentence{}, Used: []answer.Used{}, NotSearched: []answer.NotSearched{},
	}
	sealed, err := key.sealJSON(answerPlace(a.ID), a)
	if err != nil {
		return "", err
	}
	_, err = tx.exec(`INSERT INTO answers (id, conversation, customer, message, supersedes, status, attempt, offer, sealed, at, writer, seq)
		VALUES (?, ?, ?, ?, ?, ?, 0, '', ?, ?, ?, (SELECT last_seq FROM conversations WHERE id = ?))`,
		a.ID, c.ID, c.Customer, m.ID, supersedes, a.Status, sealed, micros(tx.Now), s.ID, c.ID)
	return a.ID, err
}

// Again makes an answer that supersedes another of the customer's.
func (s *Store) Again(ctx context.Context, customer identity.CustomerID, id string) (conversation.Posted, error) {
	var out conversation.Posted
	old, c, err := s.answer(ctx, id)
	if err != nil {
		return out, err
	}
	if c.Customer != customer {
		return out, conversation.ErrNotFound
	}
	key, err := s.keys.For(ctx, c.Customer)
	if err != nil {
		return out, err
	}
	err = s.writeFor(ctx, c.Customer, func(tx *Tx) error {
		out = conversation.Posted{}
		c, err := getConversation(tx.ctx, tx.tx, c.ID)
		if err != nil || c.State != conversation.Pending {
			return err
		}
		c.Language = old.Language
		// An offer is accepted once: a second yes gets the answer of the first.
		later, err := collect(tx.ctx, tx.tx, scanString, "SELECT id FROM answers WHERE supersedes = ? AND supersedes <> ''", id)
		if err != nil {
			return err
		}
		if len(later) > 0 {
			out = conversation.Posted{Conversation: c, AnswerID: later[0], Known: true}
			return nil
		}
		var message string
		if err := tx.row("SELECT message FROM answers WHERE id = ?", id).Scan(&message); err != nil {
			return err
		}
		m := conversation.Message{ID: message, Segments: conversation.PlainMessage(old.Question), At: tx.Now}
		out = conversation.Posted{Message: m, Conversation: c}
		out.AnswerID, err = s.newAnswer(tx, key, c, m, id)
		return err
	})
	return out, err
}

// Handoff gives the conversation to the desk.
func (s *Store) Handoff(ctx context.Context, id string, reason conversation.Reason, notice conversation.Message) (conversation.Ticket, error) {
	var t conversation.Ticket
	err := s.writeIn(ctx, id, func(tx *Tx, key Sealer, c conversation.Conversation) error {
		t.ID = ""
		if err := s.move(tx, key, &c, change{trigger: conversation.HandoffWanted, reason: reason, by: agents.ByCustomer, notice: &notice, ticket: &t.ID}); err != nil || t.ID != "" {
			return err
		}
		return tx.row("SELECT id FROM tickets WHERE conversation = ? AND state <> 'closed'", id).Scan(&t.ID)
	})
	if err != nil {
		return conversation.Ticket{}, err
	}
	// The place is counted beside the writer, and the handoff stands without it.
	if placed, err := ticketOf(ctx, s.reads, id); err == nil {
		t = placed
	}
	return t, nil
}

// Messages returns the messages of a conversation, in order.
func (s *Store) Messages(ctx context.Context, id string) ([]conversation.Message, error) {
	events, err := s.events(ctx, id, "AND type = 'message' ORDER BY seq")
	if err != nil {
		return nil, err
	}
	out := make([]conversation.Message, len(events))
	for i, e := range events {
		if err := json.Unmarshal(e.Data, &out[i]); err != nil {
			return nil, errors.New("a stored message does not read")
		}
	}
	return out, nil
}

// Events returns events after seq.
func (s *Store) Events(ctx context.Context, id string, after int64, limit int) ([]conversation.Event, error) {
	return s.events(ctx, id, "AND seq > ? ORDER BY seq LIMIT ?", after, limit)
}

func (s *Store) events(ctx context.Context, id, where string, args ...any) ([]conversation.Event, error) {
	_, key, err := s.keyIn(ctx, id)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s.reads, scanEventOf(id, key),
		"SELECT seq, type, ref, at, sealed FROM events WHERE conversation = ? "+where, append([]any{id}, args...)...)
}

// scanEventOf reads the events of a conversation.
func scanEventOf(id string, key Sealer) func(func(...any) error) (conversation.Event, error) {
	return func(scan func(...any) error) (conversation.Event, error) {
		var e conversation.Event
		var at int64
		var ref string
		var sealed []byte
		if err := scan(&e.Seq, &e.Type, &ref, &at, &sealed); err != nil {
			return e, err
		}
		e.At = fromMicros(at)
		if e.Type != conversation.MessageEvent {
			return e, key.openJSON(eventPlace(id, e.Seq), sealed, &e.Data)
		}
		var b messageBody
		if err := key.openJSON(eventPlace(id, e.Seq), sealed, &b); err != nil {
			return e, err
		}
		var err error
		e.Data, err = json.Marshal(conversation.Message{
			ID: ref, Seq: e.Seq, From: b.From, Segments: b.Segments, At: e.At,
			AnswerID: b.AnswerID, Assisted: b.Assisted, Staff: b.Staff, Name: b.Name, Offer: b.Offer,
			Attachments: b.Attachments, Edited: b.Edited,
		})
		return e, err
	}
}

// Unfinished returns the answers of this replica that are still being written, or
// whose end the citation log does not have, and were asked for longer ago than
// patience, five times as long where they were never begun: of each conversation the first that is to be ended.
func (s *Store) Unfinished(ctx context.Context, patience time.Duration) ([]conversation.Turn, error) {
	// One that was never begun may be of a commit whose outcome is being asked for,
	// or that its customer is about to repeat.
	return s.unfinished(ctx, "a.writer = ? AND a.at < now_micros() - CAST(? AS BIGINT) * CASE WHEN a.attempt > 0 THEN 1 ELSE 5 END",
		s.ID, patience.Microseconds())
}

// LeftBehind returns the answers of replicas that are gone which are still being
// written, or whose end the citation log does not have: of each conversation the
// first that is to be ended.
func (s *Store) LeftBehind(ctx context.Context) ([]conversation.Turn, error) {
	return s.unfinished(ctx, "a.writer <> ? AND "+gone("a.writer"), s.ID, replicaLease)
}

func (s *Store) unfinished(ctx context.Context, which string, args ...any) ([]conversation.Turn, error) {
	return collect(ctx, s.reads, func(scan func(...any) error) (t conversation.Turn, err error) {
		var visitor bool
		if err := scan(&t.AnswerID, &t.Conversation, &t.Who.Site, &t.Who.Customer, &visitor); err != nil {
			return t, err
		}
		t.Who.Kind, t.Who.Conversation = identity.Customer, t.Conversation
		if visitor {
			t.Who.Kind = identity.Visitor
		}
		return t, nil
	}, `SELECT a.id, c.id, c.site, c.customer, c.visitor FROM answers a JOIN conversations c ON c.id = a.conversation
		WHERE NOT a.recorded AND `+present("c.customer")+" AND "+which+" AND (a.status <> 'writing' OR NOT "+earlier+") ORDER BY a.at, a.id LIMIT 100", args...)
}

// earlier is the condition that an answer to what was asked before a is still
// being written in its conversation.
const earlier = `EXISTS (SELECT 1 FROM answers b WHERE b.conversation = a.conversation AND b.status = 'writing'
	AND (b.seq < a.seq OR b.seq = a.seq AND b.id < a.id))`

// AwaitTurn returns when no earlier answer of the answer's conversation is being
// written, on any replica, or when ctx ends. While the database is away it waits.
func (s *Store) AwaitTurn(ctx context.Context, conv, answer string) error {
	wake, stop := s.Watch(conversation.Topic(conv))
	defer stop()
	poll := time.NewTicker(turnPoll)
	defer poll.Stop()
	for {
		var waits bool
		err := s.reads.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM answers a WHERE a.id = ? AND "+earlier+")", answer).Scan(&waits)
		if err == nil && !waits || err != nil && !errors.Is(err, identity.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-poll.C:
		}
	}
}

// turnPoll is beneath the wake-ups, which can be missed.
const turnPoll = time.Second
