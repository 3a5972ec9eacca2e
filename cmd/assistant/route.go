package main

import (
	"context"
	"errors"
	"time"

	"candor/agents"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/web"
)

const (
	// routeInterval is how often tickets are given out where nothing wakes it before.
	routeInterval = time.Second
	// routePause is between two looks that are woken: a busy desk wakes at every message.
	routePause = 50 * time.Millisecond
)

// routing is what the web asks about who serves what.
type routing struct{ *app }

var _ web.Routing = routing{}

func (r routing) Agent(ctx context.Context, staff identity.StaffID) (agents.Agent, error) {
	return r.store.Agent(ctx, staff)
}

func (r routing) Agents(ctx context.Context) ([]agents.Agent, error) { return r.store.Agents(ctx) }

func (r routing) Queues(ctx context.Context) ([]agents.Queue, error) { return r.store.Queues(ctx) }

func (r routing) Reservations(ctx context.Context, staff identity.StaffID) ([]agents.Reservation, error) {
	return r.store.Reservations(ctx, staff)
}

// Heard is written twice in the time after which somebody counts as gone.
func (r routing) Heard(ctx context.Context, staff identity.StaffID, says agents.Status) (agents.Status, error) {
	return r.store.Heard(ctx, staff, says, r.gone/2)
}

func (r routing) Pass(ctx context.Context, who identity.Principal, id string) error {
	return r.desk.Pass(ctx, who, id)
}

func (r routing) Assign(ctx context.Context, who identity.Principal, id string, staff identity.StaffID) error {
	return r.desk.Assign(ctx, who, id, staff)
}

func (r routing) Attendance() agents.Attendance { return r.bus.Attendance() }

// route gives out the tickets that wait, and takes back those of agents who have
// disappeared. One replica at a time does it. A failure is tried again at the next tick.
func (a *app) route(ctx context.Context) error {
	wake, stop := a.store.WatchDesk()
	defer stop()
	tick := time.NewTicker(routeInterval)
	defer tick.Stop()
	// steady is since when every look at the database was answered. Whoever could not be
	// heard of meanwhile has not disappeared.
	steady := time.Now()
	last := steady
	for {
		err := errors.Join(a.store.Lapse(ctx), a.giveOut(ctx))
		if time.Since(steady) >= a.gone {
			err = errors.Join(err, a.takeBack(ctx))
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, identity.ErrUnavailable) {
			a.log.Error("routing failed", "error", err)
		}
		// A process that was stopped for a while has not listened either.
		if now := time.Now(); err != nil || now.Sub(last) > max(a.gone/4, 5*routeInterval) {
			steady, last = now, now
		} else {
			last = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(routePause):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-tick.C:
		}
	}
}

// giveOut reserves the tickets that wait for those who are able. While it is not known who
// is there nothing is given out, and everybody may take what waits.
func (a *app) giveOut(ctx context.Context) error {
	there := a.bus.Attendance()
	if there.Since.IsZero() {
		return nil
	}
	staff, err := a.store.Agents(ctx)
	if err != nil {
		return err
	}
	present := make(map[identity.StaffID]agents.Status)
	now, room := time.Now(), 0
	for _, x := range staff {
		present[x.Staff] = there.Status(x.Staff, now)
		if x.Status(present[x.Staff]) == agents.Online {
			room += max(x.Capacity-x.Load, 0)
		}
	}
	if room == 0 {
		return nil
	}
	tickets, at, err := a.store.Queued(ctx, room)
	if err != nil {
		return err
	}
	for _, r := range agents.Route(tickets, staff, present, at) {
		if err := a.store.Reserve(ctx, r); err != nil && !errors.Is(err, conversation.ErrNotFound) && !errors.Is(err, consent.ErrUnknownCustomer) {
			return err
		}
	}
	return nil
}

// takeBack puts the conversations of agents who have disappeared back into their queues:
// of those whom neither this process has heard of for as long, which listened all the
// while, nor any replica, as it says in the database.
func (a *app) takeBack(ctx context.Context) error {
	there := a.bus.Attendance()
	if there.Since.IsZero() || time.Since(there.Since) < a.gone {
		return nil
	}
	held, err := a.store.Silent(ctx, a.gone)
	if err != nil {
		return err
	}
	for _, h := range held {
		if !there.Missed(h.Staff, a.gone, time.Now()) {
			continue
		}
		taken, err := a.store.TakeBack(ctx, h, a.gone, a.desk.GoneNotice(h.Language))
		if err != nil && !errors.Is(err, conversation.ErrNotFound) && !errors.Is(err, consent.ErrUnknownCustomer) {
			return err
		}
		if !taken {
			continue // they came back meanwhile, or their customer was erased
		}
		a.log.Info("an agent has disappeared, and a conversation of theirs is back in its queue", "conversation", h.Conversation)
	}
	return nil
}
