package delivery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"candor/consent"
	"candor/identity"
)

const (
	// lineWidth is how many deliveries of one target are under way at once.
	lineWidth = 4
	// lineBatch is how many are read at once.
	lineBatch = 64
	// poll is how often it is looked for what is due, beneath the wake-ups.
	poll = time.Second
	// settleTimeout bounds how long what came of a try may take to be stored.
	settleTimeout = 5 * time.Second
)

// Sender makes deliveries.
type Sender struct {
	store Store
	mail  *Mailer // nil: there is no mail
	words Words
	post  *poster
	log   *slog.Logger
}

// NewSender returns a sender. A nil mailer leaves mails undelivered; local lets
// webhooks be on this machine.
func NewSender(s Store, m *Mailer, w Words, local bool, log *slog.Logger) *Sender {
	return &Sender{s, m, w, newPoster(local), log}
}

// Run delivers until ctx ends, and returns its error then. One replica at a time runs
// it; with two at once something may be delivered twice.
//
// Each target has a line of its own, so that one which does not answer keeps no other
// waiting.
func (s *Sender) Run(ctx context.Context) error {
	wake, stop := s.store.Watch()
	defer stop()
	var lines sync.WaitGroup
	defer lines.Wait()
	var running sync.Map // targets
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		targets, err := s.store.Targets(ctx)
		if err != nil {
			s.fail(ctx, err)
		}
		for _, target := range targets {
			if _, on := running.LoadOrStore(target, true); on {
				continue
			}
			lines.Go(func() {
				defer running.Delete(target)
				if err := s.line(ctx, target); err != nil {
					s.fail(ctx, err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-tick.C:
		}
	}
}

// fail says in the log what went wrong, but for what passes by itself.
func (s *Sender) fail(ctx context.Context, err error) {
	if ctx.Err() == nil && !errors.Is(err, identity.ErrUnavailable) {
		s.log.Error("deliveries cannot be read or stored: it is tried again", "error", err)
	}
}

// line delivers what a target is owed by now.
func (s *Sender) line(ctx context.Context, target string) error {
	for ctx.Err() == nil {
		due, err := s.store.Due(ctx, target, lineBatch)
		if err != nil || len(due) == 0 {
			return err
		}
		var group errgroup.Group
		group.SetLimit(lineWidth)
		for _, d := range due {
			group.Go(func() error { return s.deliver(ctx, d) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// deliver makes one try and stores what came of it. Its error is the database's: then
// nothing was stored, and it is tried again.
func (s *Sender) deliver(ctx context.Context, d Delivery) error {
	if ctx.Err() != nil {
		return nil
	}
	r, err := s.try(ctx, d)
	if errors.Is(err, ErrNotWanted) {
		r, err = Result{Status: Dropped}, nil
	}
	switch {
	case ctx.Err() != nil && r.Status != Sent:
		return nil // a try that was cut off is none
	case errors.Is(err, identity.ErrUnavailable):
		return err
	case err != nil: // its turn comes again, later than that of others
		s.log.Error("a delivery cannot be made", "delivery", d.ID, "target", d.Target, "error", err)
		r = Result{Status: Waiting, Why: Internal}
	}
	if r.Status != Sent && r.Status != Dropped {
		s.log.Warn("a delivery failed", "delivery", d.ID, "target", d.Target, "kind", string(d.Kind), "attempt", d.Attempts+1, "result", r.String())
	}
	// What came through is stored even while the program stops, so that it is not sent
	// again when it starts.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return s.store.Settle(ctx, d, r)
}

func (s *Sender) try(ctx context.Context, d Delivery) (Result, error) {
	if d.Kind != Hook {
		if s.mail == nil {
			return Result{Status: Failed, Why: "no_mail"}, nil
		}
		l, err := s.store.Letter(ctx, d)
		if err != nil {
			return Result{}, err
		}
		return s.mail.Send(ctx, d, l), nil
	}
	w, err := s.store.Webhook(ctx, consent.Recipient(d.Target))
	if err != nil {
		return Result{}, err
	}
	body := d.Body
	if w.Text {
		if body, err = s.words.add(ctx, w.Recipient(), body); err != nil {
			return Result{}, err
		}
	}
	return s.post.post(ctx, w, d.ID, time.Now(), body), nil
}
