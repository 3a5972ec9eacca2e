package histories

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // how an operator looks at the rows
	_ "modernc.org/sqlite"

	"candor/agents"
	"candor/answer"
	"candor/consent"
	"candor/conversation"
	"candor/identity"
	"candor/retrieval"
	"candor/retrieval/embedded"
	"candor/store"
)

const shop identity.SiteID = "shop"

var (
	master = store.MasterKey{7, 7, 7}
	agent  = identity.Principal{
		Kind: identity.Staff, Staff: "stf_hana", Name: "Hana", Site: shop, Roles: []identity.Role{identity.RoleAgent},
	}
)

// world is a database with two replicas over it, in which histories happen one
// after another.
type world struct {
	tb       testing.TB
	server   bool // the database has a clock of its own
	replicas [2]*replica
	operator *sql.DB
	history  atomic.Pointer[history]

	installs chan struct{} // holds one while a policy is installed
	policy   document      // in force
	version  string
	editions int

	moves sync.Mutex // of the server's clock
	// ahead is how far the server's clock is before this process's: at most, and
	// at least.
	ahead, reached atomic.Int64
}

// replica is what one process has.
type replica struct {
	*store.Store
	w       *world
	gate    *consent.Gate
	indexes map[bool]*embedded.Index // by whether texts are embedded outside the house
	engines [len(lineups)]*answer.Engine
	talk    *conversation.Service
	desk    *agents.Service
	other   *replica
}

// maxEditions bounds the policies of a world: each is read with those before it.
const maxEditions = 24

func newWorld(tb testing.TB, data, keys string) *world {
	tb.Helper()
	w := &world{tb: tb, server: !strings.HasPrefix(data, "sqlite:"), policy: firstPolicy(), installs: make(chan struct{}, 1)}
	w.version = w.policy["version"].(string)
	policy, err := w.policy.load()
	w.must(err)
	ctx, stop := context.WithCancel(background(tb))
	log := slog.New(&witness{w: w})
	for i := range w.replicas {
		k, err := store.OpenKeyring(ctx, keys, master)
		w.must(err)
		s, err := store.Open(ctx, data, k)
		w.must(err)
		r := &replica{Store: s, w: w, indexes: make(map[bool]*embedded.Index)}
		w.replicas[i] = r
		if i == 0 {
			w.must(s.InstallPolicy(ctx, policy))
			w.must(s.AddSite(ctx, identity.Site{ID: shop, Name: "Shop", Secret: []byte("s")}, "key"))
			w.must(s.AddStaff(ctx, identity.StaffMember{ID: agent.Staff, Email: "hana@shop.example", Name: agent.Name, Roles: agent.Roles, Password: "x"}))
		}
		r.gate = consent.NewGate(ledger{s, w}, policy)
		for _, outside := range []bool{false, true} {
			r.indexes[outside] = embedded.New(s, embedded.Options{Space: spaceOf(outside)})
		}
		for l := range r.engines {
			outside := lineup(l).outside()
			e := &answer.Engine{
				Gate: r.gate, Log: citations{s.Citations(), w}, Journal: journal{r}, Extractive: witnessed{quoter, w}, Logger: log,
				Search: retrieval.NewSearcher(search{r.indexes[outside], w}, passages{s, w}).ByMeaning(embedder{r, outside}, accesses{s, w}),
			}
			for _, a := range lineups[l] {
				e.Models = append(e.Models, witnessed{a, w})
			}
			r.engines[l] = e
		}
		r.gate.OnChange(func(c identity.CustomerID) {
			for _, x := range r.indexes {
				x.Forget(c)
			}
		})
		r.talk = conversation.NewService(ctx, patient{s, w}, responder{r}, log)
		r.desk = agents.NewService(slow{s, w}, r.gate, notices{}, r.talk.TakenOver)
	}
	w.replicas[0].other, w.replicas[1].other = w.replicas[1], w.replicas[0]
	w.operator = operator(tb, data)
	tb.Cleanup(func() {
		stop()
		for _, r := range w.replicas {
			r.talk.Wait()
			for _, x := range r.indexes {
				x.Close()
			}
			if err := r.Close(); err != nil {
				tb.Error(err)
			}
		}
		if err := w.operator.Close(); err != nil {
			tb.Error(err)
		}
	})
	return w
}

func operator(tb testing.TB, rawURL string) *sql.DB {
	tb.Helper()
	driver, name := "pgx", rawURL
	if file, ok := strings.CutPrefix(rawURL, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+file+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

// rest waits. In a bubble the clock of the database is that of this process; on a
// server it is moved.
func (w *world) rest(p pause) {
	d := [...]time.Duration{0, time.Millisecond, 2 * time.Millisecond, 9 * time.Millisecond, 12 * time.Hour, 24 * time.Hour}[p]
	if !w.server || d < time.Hour {
		time.Sleep(d)
		return
	}
	w.moves.Lock()
	defer w.moves.Unlock()
	ahead := w.ahead.Add(d.Microseconds())
	_, err := w.operator.ExecContext(context.Background(), fmt.Sprintf(`CREATE OR REPLACE FUNCTION now_micros() RETURNS BIGINT LANGUAGE sql STABLE AS
		$$ SELECT (EXTRACT(EPOCH FROM statement_timestamp()) * 1000000)::BIGINT + %d $$`, ahead))
	w.reached.Store(ahead)
	if err != nil {
		w.tb.Error(err)
	}
}

// clock returns what the database's clock is at most, and at least.
func (w *world) clock() window {
	now := time.Now().UnixMicro()
	return window{now + w.reached.Load(), now + w.ahead.Load()}
}

// install puts the next policy in force. It reports whether there was one.
func (w *world) install(ctx context.Context, r *replica, edition edition, starts func()) (bool, error) {
	w.installs <- struct{}{} // who waits for a mutex keeps a bubble's time from passing
	defer func() { <-w.installs }()
	if w.editions == maxEditions {
		return false, nil
	}
	w.editions++
	d := w.policy.clone()
	version := fmt.Sprint("h", w.editions)
	d["version"] = version
	delete(d, "changes")
	edition.edit(d, w.version, version, w.editions)
	p, err := d.load()
	if err != nil {
		return false, err
	}
	starts()
	if err := r.InstallPolicy(ctx, p); err != nil {
		return false, err
	}
	w.policy, w.version = d, version
	return true, nil
}

// slow is a store in which things happen between the parts of a view.
type slow struct {
	*store.Store
	w *world
}

func (x slow) Permitted(ctx context.Context, scope consent.Scope, limit int) ([]retrieval.Record, error) {
	x.w.rest(twoTicks)
	return x.Store.Permitted(ctx, scope, limit)
}

// patient is a store that does not look every second of a bubble's days whether it
// is an answer's turn.
type patient struct {
	*store.Store
	w *world
}

func (p patient) AwaitTurn(ctx context.Context, conv, id string) error {
	for !p.w.server {
		soon, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := p.Store.AwaitTurn(soon, conv, id)
		cancel()
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		time.Sleep(time.Hour)
	}
	return p.Store.AwaitTurn(ctx, conv, id)
}

// notices are the phrases of people coming and going.
type notices struct{}

func (notices) Joined(language, name string) string {
	return answer.Say(answer.SayAgentJoined, language, "name", name)
}

func (notices) Returned(language, brand string) string {
	return answer.Say(answer.SayReturnedToAI, language, "brand", brand)
}

func (notices) Resolved(language string) string { return answer.Say(answer.SayResolved, language) }

func (notices) Gone(language string) string { return answer.Say(answer.SayAgentGone, language) }

func (notices) NotShared(string, []consent.Category) string { return "[not shared]" }

// expected are the errors of a desk for what somebody else has done meanwhile.
func expected(err error) bool {
	for _, e := range []error{
		conversation.ErrNotFound, conversation.ErrIllegalTransition, agents.ErrNotOwner, agents.ErrOwned, consent.ErrStale,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
