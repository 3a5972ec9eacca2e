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
	"candor/delivery"
	"candor/export"
	"candor/identity"
	"candor/ingest"
	"candor/retrieval"
	"candor/retrieval/analysis"
	"candor/retrieval/qdrant"
	"candor/store"
	"candor/web"
)

// openStore opens the database and the keys of a configuration.
func openStore(ctx context.Context, c Config) (*store.Store, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	for _, url := range []string{c.databaseURL(), c.keysURL()} {
		if path := file(url); path != "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return nil, fmt.Errorf("make the folder of the database: %w", err)
			}
		}
	}
	if exists(c.restorePlan()) {
		return nil, errHalfRestored
	}
	keys, err := openKeyring(ctx, c)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, c.databaseURL(), keys)
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
	index         searchIndex
	outside       *qdrant.Index      // the index, where it is a server's
	embedder      retrieval.Embedder // nil: search is by words alone
	importer      *ingest.Importer
	engine        *answer.Engine
	liar          *answer.Engine // the demo's: its model makes things up
	conversations *conversation.Service
	desk          *agents.Service
	live          *conversation.Live
	exports       *export.Service
	mailer        *delivery.Mailer // nil: no mail is sent
	unreadAfter   time.Duration
	demo          bool
	bus           *natsdesk.Bus
	server        *web.Server
	logWatch      *logWatch
	unlock        func() error
	gone          time.Duration // after which an agent who is not heard of has disappeared
	stopTurns     context.CancelFunc
	leave         context.CancelFunc // ends this replica's presence
	left          <-chan struct{}
}

// newApp opens everything that a configuration names. The demo is nil but in
// demo mode; newApp fills in nothing of it.
func newApp(ctx context.Context, c Config, demo *web.Demo, log *slog.Logger) (a *app, err error) {
	a = &app{config: c, log: log, gone: agents.GoneAfter, logWatch: newLogWatch(log), unreadAfter: unreadAfter, demo: demo != nil}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	policy, err := loadPolicy(c)
	if err != nil {
		return a, err
	}
	if a.mailer, err = c.mailer(); err != nil {
		return a, err
	}
	if a.unlock, err = lock(c); err != nil {
		return a, err
	}
	if _, err := endRestore(c); err != nil {
		return a, err
	}
	if a.store, err = openStore(ctx, c); err != nil {
		return a, err
	}
	if policy, err = a.install(ctx, policy); err != nil {
		return a, err
	}
	a.gate = consent.NewGate(a.store, policy)
	if err := a.follow(ctx); err != nil {
		return a, err
	}
	search, err := a.openSearch(ctx)
	if err != nil {
		return a, err
	}
	a.gate.OnChange(a.index.Forget)
	a.importer = &ingest.Importer{Store: a.store, Policy: a.gate.Policy, Now: time.Now}
	desks, err := natsdesk.ParseDesks(c.NATSDesks)
	if err != nil {
		return a, fmt.Errorf("nats_desks: %w", err)
	}
	a.bus, err = natsdesk.Open(ctx, natsdesk.Options{
		URL: c.Messages, Dir: c.path("jetstream"), Listen: c.NATSListen, ListenToken: c.NATSToken, Desks: desks,
		Credentials: c.NATSCreds, CA: c.NATSCA, Cert: c.NATSCert, Key: c.NATSKey, Replicas: c.replicas(), Logger: log,
	})
	if err != nil {
		return a, err
	}
	models, err := openModels(c, policy)
	if err != nil {
		return a, err
	}
	quotes := extractive.New(a.embedder)
	verifier := answer.Verifier{}
	if a.embedder != nil && a.embedder.Recipient() == consent.BrandAI {
		verifier.Embedder = a.embedder
	}
	a.engine = &answer.Engine{
		Verifier: verifier,
		Models:   models, Budget: c.budget(a.store),
		Gate: a.gate, Search: search, Log: a.store.Citations(),
		Journal: a.store, Extractive: quotes, Judge: quotes, Logger: log,
	}
	turns, stop := context.WithCancel(context.Background())
	a.stopTurns = stop
	a.conversations = conversation.NewService(turns, a.store, responder{a}, log)
	a.desk = agents.NewService(a.store, a.gate, notices{a.gate}, a.conversations.TakenOver)
	a.desk.SetAssist(a.assist())
	a.live = conversation.NewLive()
	a.live.PassOn = func(m conversation.Moment) { a.bus.PassOn(a.store.ID, m) }
	receipts := consent.NewReceipts(a.store, a.store.ReceiptKey())
	a.exports = export.NewService(export.Options{
		Source: a.store, Shelf: a.store.Exports(), Accesses: a.store, Gate: a.gate, Logger: log,
		Receipt: receiptFile(receipts), Answered: a.answered,
	})
	register, metrics := a.metrics()
	a.engine.Meter = newModelMetrics(register)
	a.server = web.New(web.Options{
		Directory: a.store, Gate: a.gate, Receipts: receipts, Conversations: a.conversations, Answers: a.store, Records: records{a},
		OwnRecords: ownRecords{a}, Requests: requests{a.store, a.index.Forget}, Hiding: hiding{a.store, a.index.Forget}, Corrections: a.store, Incidents: a.store, Eraser: eraser{Store: a.store, outside: a.outside},
		Citations: a.store.Citations(), Tree: a.store.Transparency(), Reviews: a.store.Reviews(), Reports: a.store, OpenTickets: a.store, Sources: a.store, Accesses: a.store, Usage: a.store, Exports: a.exports, Desk: a.desk, Assist: a.desk, Feed: a.store, Presence: a.bus, Routing: routing{a}, Waits: agents.NewWaits(a.store, a.bus), Memory: memory{a.store},
		Language: analysis.DetectLanguage, Register: register, Metrics: metrics,
		Parts:     a.parts(),
		Logger:    log,
		CursorKey: a.store.CursorKey(), Secure: strings.HasPrefix(c.PublicURL, "https:"), AsyncAPI: natsdesk.AsyncAPI, QueueStore: a.store, Tickets: a.desk, Proxies: c.proxies(), Limits: c.limits(),
		Demo: demo, Linger: c.linger(),
		Contacts: a.store, Webhooks: a.store, Accounts: a.store, Seats: a.store, Mails: a.mailer != nil, PublicURL: c.PublicURL,
		Exchange: conversation.NewExchange(a.conversations, a.store, a.live), DeskExchange: agents.NewExchange(a.desk, a.store, a.live), Live: a.live,
	})
	present, leave := context.WithCancel(context.Background())
	a.leave = leave
	if a.left, err = a.store.Attend(present); err != nil {
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
		{"database", c.Database}, {"keys", c.Keys}, {"index", c.Index}, {"embedding", c.Embedding}, {"messages", c.Messages}, {"answering", c.Answering},
	} {
		log.Info("engine", "part", part.name, "is", redactURL(part.engine))
	}
	return a, nil
}

// openSearch makes the index and what searches it.
func (a *app) openSearch(ctx context.Context) (*retrieval.Searcher, error) {
	var err error
	if a.embedder, err = openEmbedder(a.config); err != nil {
		return nil, err
	}
	if a.embedder == nil {
		if err := a.openIndex(ctx, retrieval.Space{}); err != nil {
			return nil, err
		}
		return retrieval.NewSearcher(a.index, a.store), nil
	}
	if err := a.openIndex(ctx, a.embedder.Space()); err != nil {
		return nil, err
	}
	if err := enterSpace(ctx, a.store, a.embedder); err != nil { // once the index has taken it
		return nil, err
	}
	return retrieval.NewSearcher(a.index, a.store).ByMeaning(a.embedder, a.store), nil
}

// parts are what /readyz tells of. Only without the database nothing works.
func (a *app) parts() []web.Part {
	parts := []web.Part{
		{Name: "database", Essential: true, Check: a.store.Ready},
		{Name: "messages", Check: a.bus.Ready}, // answers go on without
	}
	if a.outside != nil {
		parts = append(parts, web.Part{Name: "index", Check: a.outside.Ready}) // people can be reached without
	}
	return parts
}

// install puts the policy of this process in force, unless it was replaced:
// then the one that replaced it stays, as other replicas follow it.
func (a *app) install(ctx context.Context, p *consent.Policy) (*consent.Policy, error) {
	err := a.store.InstallPolicy(ctx, p)
	if !errors.Is(err, consent.ErrReplaced) {
		return p, err
	}
	current, err := a.store.PolicyVersion(ctx)
	if err != nil {
		return nil, err
	}
	a.log.Warn("the policy here was replaced before: the one in force is used. To go back to it, give its file a new version",
		"here", p.Version, "in_force", current)
	text, err := a.store.PolicyText(ctx, current)
	if err != nil {
		return nil, err
	}
	return consent.ReadPolicy(text)
}

// follow removes what is indexed under grants that the policy in force suspends,
// once for each policy; what is cut off is left to the next sweep.
func (a *app) follow(ctx context.Context) error {
	version, err := a.store.Unfollowed(ctx)
	if err != nil || version == "" {
		return err
	}
	customers, err := a.store.Indexed(ctx)
	if err != nil {
		return fmt.Errorf("find what is indexed: %w", err)
	}
	for _, c := range customers {
		keep, stamp, err := a.gate.Indexable(ctx, c)
		if err == nil && stamp.PolicyVersion != version {
			return nil // another policy is in force by now
		}
		if err == nil {
			err = a.store.KeepIndexed(ctx, stamp, keep)
		}
		if errors.Is(err, consent.ErrStale) {
			return nil // they are choosing at this moment
		}
		if err != nil {
			return fmt.Errorf("follow the new policy: %w", err)
		}
	}
	return a.store.Followed(ctx, version)
}

// redactURL leaves credentials out of a URL, or of several with commas between.
func redactURL(u string) string {
	urls := strings.Split(u, ",")
	for i, one := range urls {
		one, _, _ = strings.Cut(one, "?") // a parameter may be the password
		scheme, rest, ok := strings.Cut(one, ":")
		if at := strings.LastIndex(rest, "@"); at >= 0 {
			rest = "//" + rest[at+1:]
		}
		if urls[i] = scheme; ok {
			urls[i] += ":" + rest
		}
	}
	return strings.Join(urls, ",")
}

const (
	// sweepInterval is how often what has run out is looked for. A grant that
	// has run out is refused at once; this is when its index entries go.
	sweepInterval = time.Second
	// tendInterval is how often a replica looks after its own answers.
	tendInterval = time.Second
	// grace is how long replicas have to say that they are there before what they
	// left behind is looked for.
	grace = 1500 * time.Millisecond
	// retentionInterval is how often records and conversations whose time has run out
	// are removed. Such records are not read meanwhile.
	retentionInterval = time.Hour
	// patience is after which an answer of this replica that nobody here is writing
	// counts as left.
	patience = 2 * time.Second
	// drainTimeout bounds an orderly end; a request takes at most 25 s.
	drainTimeout = 28 * time.Second
	// linger is how long a replica that ends still takes requests, so that the
	// balancer before it sees /readyz first.
	linger = 2 * time.Second
)

// run serves on the listener until ctx ends, and then ends in order: streams
// and requests, answers being written, messages, the database.
func (a *app) run(ctx context.Context, l net.Listener) error {
	background, stop := context.WithCancel(context.Background())
	defer stop()
	group, failed := errgroup.WithContext(background)
	group.Go(func() error {
		return a.store.Hold(background, "outbox", func(ctx context.Context) error { return a.bus.PublishOutbox(ctx, a.store) })
	})
	group.Go(func() error { a.nudge(background); return nil })
	group.Go(func() error { return a.bus.Nudged(background, a.store.WakeOutbox) })
	group.Go(func() error { return a.bus.Follow(background, a.wake) })
	group.Go(func() error { a.bus.KeepRoster(background); return nil })
	group.Go(func() error { return a.store.Hold(background, "routing", a.route) })
	group.Go(func() error { return a.bus.Moments(background, a.store.ID, a.live.Deliver) })
	group.Go(func() error {
		return a.bus.ServeDesk(background, a.desk, func(ctx context.Context, token string) (identity.Principal, error) {
			m, err := a.store.StaffByAPIToken(ctx, token)
			return m.Principal(), err
		}, a.store.QueueNames)
	})
	group.Go(func() error { return a.store.Hold(background, "sweep", a.sweep) })
	group.Go(func() error { return a.store.Hold(background, "corrections", a.sendCorrections) })
	group.Go(func() error { return a.store.Hold(background, "log", a.keepLog) })
	group.Go(func() error { return a.store.Hold(background, "clocks", a.keepClocks) })
	group.Go(func() error { return a.store.Hold(background, "deliveries", a.deliver) })
	if a.embedder != nil {
		group.Go(func() error {
			return a.store.Hold(background, "embedding/"+a.embedder.Space().String(), a.keepEmbedded)
		})
	}
	if a.outside != nil {
		group.Go(func() error { return a.store.Hold(background, "outside", a.sweepOutside) })
	}
	group.Go(func() error { a.tend(background); return nil })
	group.Go(func() error { a.forgetErased(background); return nil })
	if a.config.Policy != "" {
		group.Go(func() error { a.reloadOnHangup(background); return nil })
	}
	served := make(chan error, 1)
	go func() { served <- a.server.Serve(l) }()
	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
	case <-failed.Done(): // a part ended that must not: group.Wait says why
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	err = errors.Join(err, a.server.Shutdown(drain))
	a.finishTurns(drain)
	a.exports.Close(drain)
	stop()
	if e := group.Wait(); !errors.Is(e, context.Canceled) {
		err = errors.Join(err, e)
	}
	return errors.Join(err, a.close())
}

// finishTurns lets answers be finished that are being written, and ends those
// that take too long.
func (a *app) finishTurns(ctx context.Context) {
	stop := context.AfterFunc(ctx, a.stopTurns)
	defer stop()
	a.conversations.Wait()
}

// close closes what is open, in the order of who uses whom.
func (a *app) close() error {
	var errs []error
	if a.stopTurns != nil {
		a.stopTurns()
	}
	if a.desk != nil {
		a.desk.Stop()
	}
	if a.exports != nil {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		a.exports.Close(over)
	}
	if a.leave != nil {
		a.leave()
		if a.left != nil {
			<-a.left
		}
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

// recover ends the answers that find returns: half-way, and written by nobody.
// What fails is tried again at the next sweep.
func (a *app) recover(ctx context.Context, find func(context.Context) ([]conversation.Turn, error)) error {
	tried := make(map[string]bool)
	ended := 0
	for again := true; again; { // behind one that is ended the next is found
		again = false
		turns, err := find(ctx)
		if err != nil {
			return fmt.Errorf("find unfinished answers: %w", err)
		}
		for _, t := range turns {
			if tried[t.AnswerID] || a.conversations.Writing(t.Conversation, t.AnswerID) {
				continue
			}
			tried[t.AnswerID] = true
			if err := a.engine.Recover(ctx, t.AnswerID, t.Who); err != nil {
				a.log.Error("an unfinished answer cannot be ended", "answer", t.AnswerID, "error", err)
				continue
			}
			again = true
			ended++
		}
	}
	if ended > 0 {
		a.log.Info("ended answers that were left half-way", "answers", ended)
	}
	return nil
}

// nudge tells the replica that publishes the outbox what was committed here.
func (a *app) nudge(ctx context.Context) {
	wake, stop := a.store.WatchOwnOutbox()
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
			a.bus.Nudge()
		}
	}
}

// wake wakes the streams here for what was committed elsewhere.
func (a *app) wake(subject string, _ []byte) {
	if id, ok := strings.CutPrefix(subject, "candor.conversation."); ok {
		a.store.Wake(conversation.Topic(id))
		a.yield(id)
	}
	if strings.HasPrefix(subject, "candor.consent.") {
		a.store.WakeErased()
	}
	a.store.WakeDesk()
}

// yield ends the turns here of a conversation that a person has taken over
// elsewhere, or whose customer was erased. They could release nothing any more; this
// spares the model.
func (a *app) yield(id string) {
	if !a.conversations.Answering(id) {
		return
	}
	// The message may be old: how it stands now decides.
	c, err := a.conversations.At(context.Background(), id)
	if err == nil && c.State == conversation.Open || errors.Is(err, conversation.ErrNotFound) {
		a.conversations.TakenOver(id)
	}
}

// forgetErased drops what is remembered here of customers who were erased, on
// whichever replica: their keys, and what was indexed of them.
func (a *app) forgetErased(ctx context.Context) {
	wake, stop := a.store.WatchErased()
	defer stop()
	poll := time.NewTicker(sweepInterval) // a wake-up can be missed
	defer poll.Stop()
	for {
		// While the database is away it is tried again.
		if erased, err := a.store.ForgetErased(ctx); err == nil {
			for _, customer := range erased {
				a.index.Forget(customer)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-poll.C:
		}
	}
}

// sweep removes what has run out, and ends what replicas that are gone left
// behind. One replica at a time does it. A failure is tried again at the next tick.
func (a *app) sweep(ctx context.Context) error {
	since := time.Now()
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	var retained, warned time.Time
	for {
		var late error
		if time.Since(warned) > overdueInterval {
			if late = errors.Join(a.warnOverdue(ctx), a.warnIncidents(ctx)); late == nil {
				warned = time.Now()
			}
		}
		erased := a.endErasures(ctx)
		followed := a.follow(ctx)
		_, expired := a.gate.Expire(ctx, 100)
		var left error
		// When the database was away nobody could say that they are there.
		if time.Since(since) > grace {
			left = a.recover(ctx, a.store.LeftBehind)
		}
		if err := errors.Join(late, erased, followed, expired, left, a.store.WakeSnoozed(ctx), a.store.Sweep(ctx), a.store.SweepExports(ctx), a.store.SweepAttachments(ctx)); err != nil && ctx.Err() == nil && !errors.Is(err, identity.ErrUnavailable) {
			a.log.Error("sweeping failed", "error", err)
		}
		if time.Since(retained) > retentionInterval { // last: it may take long, and none of the above can wait
			retained = time.Now()
			a.retain(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// endErasures ends the erasures that were cut off, and destroys what legal holds
// kept that are over.
func (a *app) endErasures(ctx context.Context) error {
	customers, err := a.store.EndErasures(ctx)
	holds, err2 := a.store.EndLegalHolds(ctx)
	if customers > 0 || holds > 0 {
		a.log.Info("ended erasures that were cut off, and legal holds that are over", "customers", customers, "holds", holds)
	}
	return errors.Join(err, err2)
}

// retain removes what is kept no longer. What fails is tried again in an hour.
func (a *app) retain(ctx context.Context) {
	p := a.gate.Policy()
	records, err := a.store.RemoveExpired(ctx, p.Categories)
	conversations, err2 := a.store.RemoveConversations(ctx, p.ConversationRetention.Duration())
	bodies, err5 := a.store.RemoveBodies(ctx, p.SaidRetention().Duration())
	_, err3 := a.store.RemoveRequests(ctx, p.ProofRetention.Duration())
	_, err4 := a.store.RemoveProofs(ctx, p.ProofRetention.Duration())
	if err := errors.Join(err, err2, err3, err4, err5); err != nil && ctx.Err() == nil && !errors.Is(err, identity.ErrUnavailable) {
		a.log.Error("removing what has expired failed", "error", err)
	}
	if records > 0 || conversations > 0 || bodies > 0 {
		a.log.Info("removed what is kept no longer", "records", records, "conversations", conversations, "entries", bodies)
	}
}

// tend ends the answers of this replica that it gave up on, when the database
// was away, and says when it is.
func (a *app) tend(ctx context.Context) {
	away := false
	tick := time.NewTicker(tendInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := a.recover(ctx, func(ctx context.Context) ([]conversation.Turn, error) { return a.store.Unfinished(ctx, patience) })
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, identity.ErrUnavailable):
			if !away {
				a.log.Error("the database is away: nothing is answered until it is back", "error", err)
			}
			away = true
		case err != nil:
			a.log.Error("finding unfinished answers failed", "error", err)
		case away:
			a.log.Info("the database is back")
			away = false
		}
	}
}

func (a *app) turn(ctx context.Context, t conversation.Turn) answer.Turn {
	// Without its name the site is "us"; the answer goes on.
	brand := ""
	if site, err := a.store.Site(ctx, t.Who.Site); err == nil {
		brand = site.Name
	}
	// Without what was said before a question stands alone.
	before, err := a.store.Before(ctx, t.AnswerID, turnsBefore)
	if err != nil && ctx.Err() == nil {
		a.log.Warn("what was said before a question cannot be read", "answer", t.AnswerID, "error", err)
	}
	return answer.Turn{
		AnswerID: t.AnswerID, Conversation: t.Conversation, Who: t.Who, Brand: brand, Text: t.Question,
		Language: t.Language, Before: before, Supersedes: t.Supersedes, Asked: t.Asked, Left: t.Left,
	}
}

// turnsBefore is how many of the customer's earlier messages are looked at.
const turnsBefore = 10
