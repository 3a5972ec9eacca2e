package delivery

import (
	"strings"
	"time"

	"candor/consent"
	"candor/identity"
)

// Letter is what a mail is made of. It is read when the mail is sent.
type Letter struct {
	To       string // the address alone
	Language string
	// Site is whose customer it is for; of a mail to staff the zero Site.
	Site identity.Site
	// Token is what a link to a password needs.
	Token string
}

// How long the link of a mail to staff can be used.
const (
	InvitationLife = 7 * 24 * time.Hour
	ResetLife      = time.Hour
)

// Life returns how long the link of a mail to staff can be used.
func (k Kind) Life() time.Duration {
	if k == Invitation {
		return InvitationLife
	}
	return ResetLife
}

// Written returns the subject and the text of a mail of a kind, whose link leads to
// the site or to Candor at its public address. It holds no words of a conversation.
func (l Letter) Written(k Kind, publicURL string) (subject, text string) {
	t, link := letterTexts[k], PasswordLink(publicURL, l.Token)
	if k == Unread {
		link = SiteLink(publicURL, l.Site)
	}
	fill := strings.NewReplacer("{brand}", l.Site.Name, "{link}", link)
	return fill.Replace(t.subject.In(l.Language)), fill.Replace(t.body.In(l.Language))
}

// letterText is a mail in the languages of consent.Languages.
type letterText struct{ subject, body consent.Text }

// PasswordLink is the address of the page on which a member of staff sets a password.
// The token is in the fragment, which no server or proxy logs.
func PasswordLink(publicURL, token string) string {
	return strings.TrimSuffix(publicURL, "/") + "/staff/password#token=" + token
}

// SiteLink is where a customer finds their chat again: the site's own page, or where
// it has none the chat itself.
func SiteLink(publicURL string, site identity.Site) string {
	if len(site.Origins) > 0 {
		return site.Origins[0]
	}
	return strings.TrimSuffix(publicURL, "/") + "/widget?site=" + string(site.ID)
}
