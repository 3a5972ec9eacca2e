package consent

import (
	"context"
	"slices"
	"strings"

	"candor/identity"
)

// Offer asks for a consent that would help with a question. It is made from
// the question and the policy alone, never from records: whether there are any
// is not looked at before the customer says yes.
type Offer struct {
	ID      string        `json:"id"`
	Changes []OfferChange `json:"changes"`
	Text    string        `json:"text"`
	Notice  NoticeRef     `json:"notice"`
}

// Asks reports whether the offer asks for the triple.
func (o *Offer) Asks(t Triple) bool {
	return slices.ContainsFunc(o.Changes, func(c OfferChange) bool { return c.Triple == t })
}

// OfferChange is a change that accepting the offer makes.
type OfferChange struct {
	Triple
	Granted bool `json:"granted"`
}

// Offer returns the offer for the categories to go to the recipient under answers,
// in the language, for the brand. It returns nil where there is nothing to ask: a
// visitor's records, a minor, a recipient that the browser's signal masks, what was
// refused for good, what was put off for now, and what is granted already.
func (g *Gate) Offer(ctx context.Context, who identity.Principal, to Recipient, categories []Category, language, brand string) (*Offer, error) {
	if who.Kind != identity.Customer && who.Kind != identity.Visitor || len(categories) == 0 {
		return nil, nil
	}
	snap, p, err := g.snapshot(ctx, who.Customer)
	if err != nil {
		return nil, err
	}
	var ask []Category
	for _, c := range categories {
		t := Triple{Answers, c, to}
		d := Decide(p, snap, t, overlay(who))
		never := slices.Contains([]Reason{RecipientDenied, Minor, Anonymous, GPC}, d.Reason)
		if !d.Allowed && !never && !slices.Contains(ask, c) && askable(snap, t, who.Conversation) {
			ask = append(ask, c)
		}
	}
	if len(ask) == 0 {
		return nil, nil
	}
	lang := MatchLanguage(language)
	o := &Offer{ID: identity.NewID("ofr"), Notice: p.Notice.Ref(lang)}
	for _, c := range ask {
		o.Changes = append(o.Changes, OfferChange{Triple{Answers, c, to}, true})
	}
	only, _ := p.Recipient(to)
	o.Text = strings.NewReplacer("{what}", p.Phrase(lang, ask...), "{only}", only.Only.In(lang), "{brand}", brand).
		Replace(offerText.In(lang))
	o.Text = strings.ReplaceAll(o.Text, "{brand}", brand)
	return o, nil
}

// askable reports whether the customer's earlier word leaves room to ask: not
// within the time that "not now" bought, and not after a refusal.
func askable(s Snapshot, t Triple, conversation string) bool {
	e := s.Latest[Key{t, ""}]
	if here := s.Latest[Key{t, conversation}]; here.Epoch > e.Epoch {
		e = here // what the customer said last
	}
	switch e.State {
	case Refused:
		return false
	case Deferred:
		return !s.Now.Before(e.Expires)
	case None, Requested, Given, Renewed, Withdrawn, Revoked, Expired, Invalidated:
		return true
	}
	return true
}

var offerText = Text{
	"en":    "To answer, I need to look at {what}. {only}",
	"pt-BR": "Para responder, preciso consultar {what}. {only}",
	"es":    "Para responder, necesito consultar {what}. {only}",
	"uk":    "Щоб відповісти, мені потрібно переглянути {what}. {only}",
	"ru":    "Чтобы ответить, мне нужно посмотреть {what}. {only}",
}
