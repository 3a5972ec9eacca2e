package delivery

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// mailTimeout bounds a try to send a mail.
const mailTimeout = 20 * time.Second

// Mailer sends mails over SMTP. It is safe for concurrent use.
type Mailer struct {
	from      netmail.Address
	domain    string // of the Message-IDs
	host      string
	publicURL string // of the links
	options   []mail.Option
}

// Errors of NewMailer.
var (
	ErrSMTP = errors.New("it is smtp://user:password@host:port, or smtps:// for TLS from the first byte")
	ErrFrom = errors.New("it is an address such as support@example.com, or Shop <support@example.com>")
)

// NewMailer returns what sends mails by a server: smtp: with STARTTLS, which only a
// server on this machine may lack, smtps: with TLS from the beginning. Links lead to publicURL.
func NewMailer(rawURL, from, publicURL string) (*Mailer, error) {
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, ErrFrom
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, ErrSMTP // the parser's error repeats the password
	}
	_, domain, _ := strings.Cut(sender.Address, "@")
	m := &Mailer{from: *sender, domain: domain, host: u.Hostname(), publicURL: publicURL}
	port := map[string]int{"smtp": 587, "smtps": 465}[u.Scheme]
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return nil, ErrSMTP
		}
	}
	policy := mail.TLSMandatory
	if loopback(m.host) {
		policy = mail.TLSOpportunistic
	}
	m.options = []mail.Option{mail.WithPort(port), mail.WithTimeout(mailTimeout), mail.WithTLSPolicy(policy)}
	if u.Scheme == "smtps" {
		m.options = append(m.options, mail.WithSSL())
	}
	if u.User != nil {
		password, _ := u.User.Password()
		m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	if _, err := mail.NewClient(m.host, m.options...); err != nil {
		return nil, ErrSMTP
	}
	return m, nil
}

// Send makes one try to send a mail. Its id is the Message-ID, so that one that was
// sent twice can be told.
func (m *Mailer) Send(ctx context.Context, d Delivery, l Letter) Result {
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&m.from)
	if err := msg.To(l.To); err != nil {
		return Result{Status: Failed, Why: "address"}
	}
	subject, text := l.Written(d.Kind, m.publicURL)
	msg.Subject(subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(fmt.Sprintf("%s@%s", d.ID, m.domain))
	// RFC 3834: no machine is to answer it.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, text)
	client, err := mail.NewClient(m.host, m.options...)
	if err != nil {
		return Result{Status: Failed, Why: "settings"}
	}
	return mailed(client.DialAndSendWithContext(ctx, msg))
}

// mailed is what an error of the mail library means. Its text repeats addresses, and
// the server's words.
func mailed(err error) Result {
	if err == nil {
		return Result{Status: Sent, Code: 250}
	}
	var send *mail.SendError
	if errors.As(err, &send) {
		r := Result{Status: Waiting, Code: send.ErrorCode(), Why: "answer"}
		if r.Code >= 500 {
			r.Status = Failed // it would say so again
		}
		return r
	}
	var op *net.OpError
	if errors.As(err, &op) || errors.Is(err, context.DeadlineExceeded) {
		return Result{Status: Waiting, Why: reason(err)}
	}
	return Result{Status: Waiting, Why: "sign_in"} // the greeting, TLS or the password
}
