package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"candor/agents"
	"candor/agents/natsdesk"
	"candor/answer"
	"candor/answer/extractive"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/retrieval/analysis"
	"candor/retrieval/embedded"
	"candor/store"
	"candor/web"
)

// openStore opens the database and the keys of a configuration.
func openStore(ctx context.Context, c Config) (*store.Store, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.databasePath()), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	keys, err := openKeyring(ctx, c)
	if err != nil {
		return nil, err
	}
	s, err := store.OpenSQLite(ctx, c.databasePath(), keys)
	if err != nil {
		return nil, errors.Join(err, keys.Close())
	}
	return s, nil
}

func loadPolicy(c Config) (*consent.Policy, error) {
	if c.Policy == "" {
		return consent.DefaultPolicy(), nil
	}
	f, err := os.Open(c.Policy)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	defer f.Close()
	return consent.LoadPolicy(f)
}

// app is one process of Candor, wired.
type app struct {
	config        Config
	log           *slog.Logger
	store         *store.Store
	gate          *consent.Gate
	index         *embedded.Index
	importer      *ingest.Importer
	engine        *answer.Engine
	conversations *conversation.Service
	desk          *agents.Service
	bus           *natsdesk.Bus
	server        *web.Server
	unlock        func() error
	stopTurns     context.CancelFunc
}

// newApp opens everything that a configuration names. The demo is nil but in
// demo mode; newApp fills in nothing of it.
func newApp(ctx context.Context, c Config, demo *web.Demo, log *slog.Logger) (a *app, err error) {
	a = &app{config: c, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	policy, err := loadPolicy(c)
	if err != nil {
		return a, err
	}
	if a.unlock, err = lock(c); err != nil {
		return a, err
	}
	if a.store, err = openStore(ctx, c); err != nil {
		return a, err
	}
	before, err := a.store.PolicyVersion(ctx)
	if err != nil {
		return a, err
	}
	if err := a.store.InstallPolicy(ctx, policy); err != nil {
		return a, err
	}
	a.gate = consent.NewGate(a.store, policy)
	if before != policy.Version {
		if err := a.reindex(ctx); err != nil {
			return a, err
		}
	}
	a.index = embedded.New(a.store, embedded.Options{})
	a.gate.OnChange(a.index.Forget)
	a.importer = &ingest.Importer{Store: a.store, Policy: a.gate.Policy, Now: time.Now}
	a.bus, err = natsdesk.Open(ctx, natsdesk.Options{
		URL: c.Messages, Dir: c.path("jetstream"), Listen: c.NATSListen, ListenToken: c.NATSToken, Logger: log,
	})
	if err != nil {
		return a, err
	}
	a.engine = &answer.Engine{
		Gate: a.gate, Search: retrieval.NewSearcher(a.index, a.store), Log: a.store.Citations(),
		Journal: a.store, Answerer: extractive.Answerer{}, Logger: log,
	}
	turns, stop := context.WithCancel(context.Background())
	a.stopTurns = stop
	a.conversations = conversation.NewService(turns, a.store, responder{a}, log)
	a.desk = agents.NewService(a.store, a.gate, notices{a.gate}, a.conversations.TakenOver)
	register, metrics := a.metrics()
	a.server = web.New(web.Options{
		Directory: a.store, Gate: a.gate, Conversations: a.conversations, Answers: a.store, Records: records{a},
		Citations: a.store.Citations(), Desk: a.desk, Feed: a.store, Presence: a.bus, Memory: memory{a.store},
		Language: analysis.DetectLanguage, Ready: a.store.Ready, Register: register, Metrics: metrics,
		Logger:    log,
		CursorKey: a.store.CursorKey(), Secure: strings.HasPrefix(c.PublicURL, "https:"), AsyncAPI: natsdesk.AsyncAPI, Proxies: c.proxies(),
		Demo: demo,
	})
	if err := a.recover(ctx, time.Now()); err != nil {
		return a, err
	}
	sites, err := a.store.Sites(ctx)
	if err != nil {
		return a, err
	}
	for _, s := range sites {
		if err := a.index.Load(ctx, s.ID); err != nil {
			return a, fmt.Errorf("load the knowledge of %s: %w", s.ID, err)
		}
	}
	for _, part := range []struct{ name, engine string }{
		{"database", c.Database}, {"index", c.Index}, {"messages", c.Messages}, {"answering", c.Answering},
	} {
		log.Info("engine", "part", part.name, "is", redactURL(part.engine))
	}
	return a, nil
}

// reindex removes what is indexed under grants that a new policy suspends.
func (a *app) reindex(ctx context.Context) error {
	customers, err := a.store.Indexed(ctx)
	if err != nil {
		return fmt.Errorf("find what is indexed: %w", err)
	}
	for _, c := range customers {
		keep, stamp, err := a.gate.Indexable(ctx, c)
		if err == nil {
			err = a.store.KeepIndexed(ctx, stamp, keep)
		}
		if err != nil {
			return fmt.Errorf("follow the new policy: %w", err)
		}
	}
	return nil
}

// redactURL leaves credentials out of a URL.
func redactURL(u string) string {
	scheme, rest, _ := strings.Cut(u, ":")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "//" + rest[at+1:]
	}
	return scheme + ":" + rest
}

const (
	// sweepInterval is how often what has run out is looked for. A grant that
	// has run out is refused at once; this is when its index entries go.
	sweepInterval = 5 * time.Second
	// retentionInterval is how often records whose time has run out are removed.
	// They are not read meanwhile.
	retentionInterval = time.Hour
	// patience is after which an answer that nobody here is writing counts as
	// left.
	patience = 15 * time.Second
	// drainTimeout bounds an orderly end.
	drainTimeout = 15 * time.Second
)

// run serves on the listener until ctx ends, and then ends in order: streams
// and requests, answers being written, messages, the database.
func (a *app) run(ctx context.Context, l net.Listener) error {
	background, stop := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error { return a.bus.PublishOutbox(background, a.store) })
	group.Go(func() error { return a.bus.Follow(background, a.wake) })
	group.Go(func() error {
		return a.bus.ServeDesk(background, a.desk, func(ctx context.Context, token string) (identity.Principal, error) {
			m, err := a.store.StaffByAPIToken(ctx, token)
			return identity.Principal{Kind: identity.Staff, Staff: m.ID, Name: m.Name, Roles: m.Roles}, err
		})
	})
	group.Go(func() error { a.sweep(background); return nil })
	served := make(chan error, 1)
	go func() { served <- a.server.Serve(l) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err = errors.Join(err, a.server.Shutdown(drain))
	a.stopTurns()
	a.conversations.Wait()
	stop()
	if e := group.Wait(); !errors.Is(e, context.Canceled) {
		err = errors.Join(err, e)
	}
	return errors.Join(err, a.close())
}

// close closes what is open, in the order of who uses whom.
func (a *app) close() error {
	var errs []error
	if a.stopTurns != nil {
		a.stopTurns()
	}
	if a.bus != nil {
		errs = append(errs, a.bus.Close())
	}
	if a.index != nil {
		a.index.Close()
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.unlock != nil {
		errs = append(errs, a.unlock())
	}
	return errors.Join(errs...)
}

// recover ends the answers that were asked for before a time and left half-way:
// by an earlier process, or when the database was away. What fails is tried
// again at the next sweep.
func (a *app) recover(ctx context.Context, before time.Time) error {
	turns, err := a.store.Unfinished(ctx, before)
	if err != nil {
		return fmt.Errorf("find unfinished answers: %w", err)
	}
	ended := 0
	for _, t := range turns {
		if a.conversations.Answering(t.Conversation) {
			continue
		}
		if err := a.engine.Recover(ctx, t.AnswerID, t.Who); err != nil {
			a.log.Error("an unfinished answer cannot be ended", "answer", t.AnswerID, "error", err)
			continue
		}
		ended++
	}
	if ended > 0 {
		a.log.Info("ended answers that were left half-way", "answers", ended)
	}
	return nil
}

// wake wakes the streams here for what was committed elsewhere.
func (a *app) wake(subject string, _ []byte) {
	if id, ok := strings.CutPrefix(subject, "candor.conversation."); ok {
		a.store.Wake(conversation.Topic(id))
	}
	a.store.WakeDesk()
}

// sweep removes what has run out. A failure is tried again at the next tick.
func (a *app) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	var retained time.Time
	for {
		if time.Since(retained) > retentionInterval {
			retained = time.Now()
			n, err := a.store.RemoveExpired(ctx, a.gate.Policy().Categories)
			if err != nil && ctx.Err() == nil {
				a.log.Error("removing what has expired failed", "error", err)
			}
			if n > 0 {
				a.log.Info("removed records whose retention has ended", "records", n)
			}
		}
		_, expired := a.gate.Expire(ctx, 100)
		unfinished := a.recover(ctx, time.Now().Add(-patience))
		if err := errors.Join(expired, unfinished, a.store.WakeSnoozed(ctx), a.store.Sweep(ctx)); err != nil && ctx.Err() == nil {
			a.log.Error("sweeping failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *app) turn(ctx context.Context, t conversation.Turn) answer.Turn {
	// Without its name the site is "us"; the answer goes on.
	brand := ""
	if site, err := a.store.Site(ctx, t.Who.Site); err == nil {
		brand = site.Name
	}
	return answer.Turn{
		AnswerID: t.AnswerID, Conversation: t.Conversation, Who: t.Who, Brand: brand, Text: t.Question,
		Language: t.Language, Supersedes: t.Supersedes, Asked: t.Asked,
	}
}
