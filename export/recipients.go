package export

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"candor/consent"
)

// went is who data went to, and how often.
type went struct {
	Recipient  consent.Recipient  `json:"recipient,omitempty"`
	Label      string             `json:"label,omitempty"`
	ThirdParty bool               `json:"third_party"`
	Who        *Person            `json:"who,omitempty"`
	Count      int64              `json:"count"`
	First      time.Time          `json:"first"`
	Last       time.Time          `json:"last"`
	Categories []consent.Category `json:"categories"`

	actor string
}

// recipients adds up who data went to. There are as many as there are recipients
// and people, however often it went to them.
type recipients map[string]*went

// add counts a use. What customers did with their own data, and what was deleted,
// went to nobody.
func (r recipients) add(u Use) {
	if u.Recipient == "" && (u.Who == nil || u.Who.Kind != "staff" && u.Who.Kind != "site" && u.Who.Kind != "system") {
		return
	}
	key := string(u.Recipient) + " " + u.Actor
	x := r[key]
	if x == nil {
		x = &went{Recipient: u.Recipient, Who: u.Who, First: u.At, Last: u.At, actor: u.Actor}
		r[key] = x
	}
	x.Count++
	if u.At.Before(x.First) {
		x.First = u.At
	}
	if u.At.After(x.Last) {
		x.Last = u.At
	}
	for _, c := range u.Categories {
		if !slices.Contains(x.Categories, c) {
			x.Categories = append(x.Categories, c)
		}
	}
}

// list returns them, who got something last first, with the names of the policy.
func (r recipients) list(a *archive) []went {
	policy := a.Gate.Policy()
	var out []went
	for _, x := range r {
		slices.Sort(x.Categories)
		if x.Recipient != "" {
			x.Label, x.ThirdParty = a.recipient(x.Recipient), policy.ThirdParty(x.Recipient)
		}
		out = append(out, *x)
	}
	slices.SortFunc(out, func(x, y went) int {
		return cmp.Or(y.Last.Compare(x.Last), strings.Compare(string(x.Recipient), string(y.Recipient)), strings.Compare(x.actor, y.actor))
	})
	return out
}
