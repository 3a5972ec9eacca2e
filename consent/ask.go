package consent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"candor/identity"
)

// Asking is an offer that a member of staff puts to a customer, in the conversation
// that they have with them.
type Asking struct {
	Offer        Offer
	Conversation string
	Staff        identity.StaffID
	Queue        string // that it must be in, as Principal.Queue
	// Message is the id of the message that shows the offer. The offer's id is made
	// from it, so that asking again under the same id is asking once.
	Message string
}

// OfferOf returns the id of the offer that a message shows, and MessageOf that of
// the message.
func OfferOf(message string) string { return "ofr" + strings.TrimPrefix(message, "msg") }

// MessageOf is the inverse of OfferOf.
func MessageOf(offer string) string { return "msg" + strings.TrimPrefix(offer, "ofr") }

// Asked is an offer of a member of staff as its customer read it.
type Asked struct {
	Offer        Offer
	Conversation string
	Language     string
}

// AskState says whether people at the desk may ask a customer for a category.
type AskState string

// Ask states. A category is asked for once: only what nobody has asked for, or what
// was put off and then forgotten, is open.
const (
	AskOpen    AskState = "open"
	AskShared  AskState = "shared"  // there is nothing to ask
	AskWaiting AskState = "waiting" // asked, not answered
	AskNotNow  AskState = "not_now"
	AskRefused AskState = "refused"
	AskStopped AskState = "stopped" // given when asked, and withdrawn
	AskNever   AskState = "never"   // the customer cannot share it
)

// Errors of Ask. A text is what the member of staff reads.
var (
	// ErrNotAskable means that a category may not be asked for. Those that say why
	// wrap it.
	ErrNotAskable = errors.New("the customer cannot be asked for this")

	ErrShared     = &askError{"the customer shares this already"}
	ErrWaiting    = &askError{"the customer was asked for this and has not answered yet"}
	ErrNotNow     = &askError{"the customer said not now"}
	ErrSaidNo     = &askError{"the customer said no"}
	ErrStoppedAsk = &askError{"the customer was asked for this before, and stopped sharing it"}

	// ErrNoRecords means that there is nobody whose records could be shared.
	ErrNoRecords = errors.New("a visitor has no records to share")
)

type askError struct{ why string }

func (e *askError) Error() string { return e.why }

func (e *askError) Unwrap() error { return ErrNotAskable }

func (s AskState) err() error {
	switch s {
	case AskOpen:
		return nil
	case AskShared:
		return ErrShared
	case AskWaiting:
		return ErrWaiting
	case AskNotNow:
		return ErrNotNow
	case AskRefused:
		return ErrSaidNo
	case AskStopped:
		return ErrStoppedAsk
	case AskNever:
		return ErrNotAskable
	}
	return ErrNotAskable
}

// deskTriple is what a member of staff asks for.
func deskTriple(who identity.Principal, c Category) Triple {
	return Triple{AgentAssist, c, ReaderOf(who)}
}

// askState says how what somebody would ask for stands. asked holds what was asked for
// before, ever.
func askState(p *Policy, s Snapshot, asked map[Triple]bool, t Triple, conversation string) AskState {
	d := Decide(p, s, t, Overlay{Conversation: conversation})
	open := !d.Ends.IsZero() && !s.Now.Before(d.Ends) // its time is over
	switch {
	case d.Allowed:
		return AskShared
	case d.Reason == RecipientDenied, d.Reason == Minor, d.Reason == Unavailable:
		return AskNever
	case d.State == Requested && !open:
		return AskWaiting
	case d.State == Deferred && !open:
		return AskNotNow
	case d.State == Refused:
		return AskRefused
	case (d.State == Withdrawn || d.State == Revoked) && asked[t]:
		return AskStopped
	}
	return AskOpen
}

// requests returns what a history has asked for.
func requests(history []Event) map[Triple]bool {
	asked := make(map[Triple]bool)
	for _, e := range history {
		if e.State == Requested {
			asked[e.Triple] = true
		}
	}
	return asked
}

// Asks says of each of the categories whether staff may ask their customer
// (Principal.About) for it.
func (g *Gate) Asks(ctx context.Context, who identity.Principal, categories []Category) (map[Category]AskState, error) {
	snap, p, err := g.snapshot(ctx, who.Customer)
	if err != nil {
		return nil, err
	}
	// Only what was stopped depends on what was asked for before: the desk looks
	// often, and histories are long.
	var asked map[Triple]bool
	if slices.ContainsFunc(categories, func(c Category) bool {
		state := Decide(p, snap, deskTriple(who, c), Overlay{Conversation: who.Conversation}).State
		return state == Withdrawn || state == Revoked
	}) {
		history, err := g.ledger.History(ctx, who.Customer)
		if err != nil {
			return nil, fmt.Errorf("read the consent ledger: %w", err)
		}
		asked = requests(history)
	}
	out := make(map[Category]AskState, len(categories))
	for _, c := range categories {
		out[c] = askState(p, snap, asked, deskTriple(who, c), who.Conversation)
	}
	return out, nil
}

// errMoved ends an Ask that was decided by a history which has gone on.
var errMoved = errors.New("the customer has made choices meanwhile")

// Ask puts an offer for the categories to the customer whom the member of staff
// serves (Principal.About), all of them or none: it is made from the policy alone,
// and records are not looked at. Whether the conversation is theirs is the ledger's
// to check, in the same transaction. Only the customer can accept; a request that
// nobody answers counts as "not now". Asking again under the same message id
// changes nothing.
//
// Its errors are ErrForbidden, ErrInvalidChange, ErrUnknownTriple, ErrMinor and
// those that wrap ErrNotAskable.
func (g *Gate) Ask(ctx context.Context, who identity.Principal, categories []Category, message, language, brand string) error {
	if who.Kind != identity.Staff || who.Customer == "" || who.Conversation == "" {
		return ErrForbidden
	}
	for {
		history, err := g.ledger.History(ctx, who.Customer)
		if err != nil {
			return fmt.Errorf("read the consent ledger: %w", err)
		}
		if slices.ContainsFunc(history, func(e Event) bool { return e.State == Requested && e.Evidence == OfferOf(message) }) {
			return nil
		}
		_, _, err = g.append(ctx, who.Customer, func(p *Policy, s Snapshot) (Entry, error) {
			if newest(slices.Values(history)) != newest(maps.Values(s.Latest)) {
				return Entry{}, errMoved
			}
			return ask(p, s, requests(history), who, categories, message, language, brand)
		})
		if errors.Is(err, errMoved) {
			continue
		}
		if err == nil {
			g.changed(who.Customer)
		}
		return err
	}
}

// newest returns the epoch of the newest of the events.
func newest(events iter.Seq[Event]) (epoch int64) {
	for e := range events {
		epoch = max(epoch, e.Epoch)
	}
	return epoch
}

func ask(p *Policy, s Snapshot, asked map[Triple]bool, who identity.Principal, categories []Category, message, language, brand string) (Entry, error) {
	if len(categories) == 0 {
		return Entry{}, fmt.Errorf("%w: there is nothing to ask for", ErrInvalidChange)
	}
	lang := MatchLanguage(language)
	o := Offer{ID: OfferOf(message), Notice: p.Notice.Ref(lang)}
	entry := Entry{}
	for _, c := range categories {
		t := deskTriple(who, c)
		switch {
		case !p.Uses(t):
			return Entry{}, fmt.Errorf("%w: people at your desk see no data of category %s", ErrUnknownTriple, name(string(c)))
		case o.Asks(t):
			return Entry{}, fmt.Errorf("%w: the same category twice", ErrInvalidChange)
		}
		if d := Decide(p, s, t, Overlay{Conversation: who.Conversation}); d.Reason == Minor {
			return Entry{}, ErrMinor
		}
		if err := askState(p, s, asked, t, who.Conversation).err(); err != nil && len(categories) > 1 {
			return Entry{}, fmt.Errorf("%w: %s", err, c)
		} else if err != nil {
			return Entry{}, err
		}
		o.Changes = append(o.Changes, OfferChange{t, true})
		e := p.event(s, who, Change{Triple: t}, Requested, "")
		e.Notice, e.Language, e.Channel, e.Evidence = o.Notice, p.Notice.Text.language(lang), "desk", o.ID
		e.Expires = s.Now.Add(p.DeferFor.Duration())
		entry.Events = append(entry.Events, e)
	}
	reader, _ := p.Recipient(ReaderOf(who))
	from := brand
	if reader.ID.OutsideDesk() {
		from = reader.Label.In(lang)
	}
	o.Text = strings.NewReplacer("{name}", who.Name, "{brand}", from, "{what}", p.Phrase(lang, categories...),
		"{only}", strings.ReplaceAll(reader.Only.In(lang), "{brand}", brand)).Replace(askText.In(lang))
	entry.Live = live(p, s.with(entry.Events))
	entry.Asks = &Asking{Offer: o, Conversation: who.Conversation, Staff: who.Staff, Queue: who.Queue, Message: message}
	return entry, nil
}

var askText = Text{
	"en":    "{name} from {brand} asks to see {what} to help you. {only}",
	"pt-BR": "{name}, da equipe da {brand}, pede para ver {what} para ajudar você. {only}",
	"es":    "{name}, del equipo de {brand}, pide ver {what} para ayudarle. {only}",
	"uk":    "{name} з команди {brand} просить дозволу переглянути {what}, щоб допомогти вам. {only}",
	"ru":    "{name} из команды {brand} просит разрешения посмотреть {what}, чтобы помочь вам. {only}",
}
