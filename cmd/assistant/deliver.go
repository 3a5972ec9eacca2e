package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"candor/delivery"
	"candor/identity"
	"candor/store"
)

const (
	// unreadAfter is for how long a person's message is not read until its customer is
	// told of it elsewhere.
	unreadAfter = 2 * time.Minute
	// unreadInterval is how often it is looked for such messages.
	unreadInterval = time.Second
	// deliverySweep is how often what is known of deliveries that are over is removed.
	deliverySweep = time.Hour
)

// mailer returns what sends mails; nil without a server for them.
func (c Config) mailer() (*delivery.Mailer, error) {
	switch {
	case c.SMTP == "" && c.SMTPFrom == "":
		return nil, nil //nolint:nilnil // there is no mail
	case c.SMTP == "":
		return nil, errors.New("smtp_from is for mails, but smtp names no server that sends them")
	case c.SMTPFrom == "":
		return nil, errors.New("smtp sends mails, so it needs smtp_from, the address that they come from")
	case c.PublicURL == "":
		return nil, errors.New("smtp sends mails with links to this server, so it needs public_url")
	}
	m, err := delivery.NewMailer(c.SMTP, c.SMTPFrom, c.PublicURL)
	switch {
	case errors.Is(err, delivery.ErrFrom):
		return nil, fmt.Errorf("smtp_from does not read: %w", err)
	case err != nil:
		return nil, fmt.Errorf("smtp %q does not read: %w", redactMail(c.SMTP), err)
	}
	return m, nil
}

// redactMail leaves of the address of a mail server its scheme and its host.
func redactMail(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "…"
	}
	return u.Scheme + "://" + u.Host
}

// deliver makes deliveries, and looks for what is to be told to who has left. One
// replica at a time does it.
func (a *app) deliver(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	sender := delivery.NewSender(a.store.Deliveries(), a.mailer, delivery.Words{Gate: a.gate, Talks: a.store}, a.demo, a.log)
	group.Go(func() error { return sender.Run(ctx) })
	group.Go(func() error { return a.tellUnread(ctx) })
	return group.Wait()
}

// tellUnread tells of messages that nobody read.
func (a *app) tellUnread(ctx context.Context) error {
	tick := time.NewTicker(unreadInterval)
	defer tick.Stop()
	var swept time.Time
	for {
		_, err := a.store.TellUnread(ctx, a.unreadAfter, a.mailer != nil)
		if err == nil && time.Since(swept) > deliverySweep {
			if err = a.store.SweepDeliveries(ctx); err == nil {
				swept = time.Now()
			}
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, identity.ErrUnavailable) {
			a.log.Error("what is unread cannot be told: it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// deliveryMetrics counts the deliveries that are to be made, by kind.
type deliveryMetrics struct {
	count func(context.Context) (map[delivery.Kind]int, error)
	desc  *prometheus.Desc
}

var _ prometheus.Collector = deliveryMetrics{}

func newDeliveryMetrics(count func(context.Context) (map[delivery.Kind]int, error)) deliveryMetrics {
	return deliveryMetrics{count, prometheus.NewDesc("candor_deliveries_waiting",
		"Mails and webhooks that are to be delivered, by kind. NaN when the database is away.", []string{"kind"}, nil)}
}

// Describe names the metric.
func (m deliveryMetrics) Describe(to chan<- *prometheus.Desc) { to <- m.desc }

// Collect counts.
func (m deliveryMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	counts, err := m.count(ctx)
	for _, kind := range []delivery.Kind{delivery.Unread, delivery.Invitation, delivery.Reset, delivery.Hook} {
		n := float64(counts[kind])
		if err != nil {
			n = math.NaN()
		}
		to <- prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, n, string(kind))
	}
}

// inviteStaff adds a member of staff who chooses their own password. A server that runs
// sends the mail; without mail the link is printed.
func inviteStaff(ctx context.Context, out io.Writer, c Config, s *store.Store, m identity.StaffMember) error {
	token := identity.NewSecret("pwt")
	mailed := c.SMTP != ""
	if err := s.Invite(ctx, m, nil, token, (identity.Principal{Kind: identity.System}).Actor(), mailed); err != nil {
		return err
	}
	fmt.Fprintf(out, "account  %s\n", m.Email)
	if mailed {
		fmt.Fprint(out, "The invitation is mailed by the server, once it runs.\n")
		return nil
	}
	origin := c.PublicURL
	if origin == "" {
		origin = "http://" + c.Addr
	}
	fmt.Fprintf(out, "link     %s\n\nGive it to them yourself: it works once, for 7 days.\n", delivery.PasswordLink(origin, token))
	return nil
}
