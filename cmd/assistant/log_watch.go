package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"candor/citation"
	"candor/citation/witness"
	"candor/identity"
	"candor/store"
)

// keepLog adds to the public log, and has others remember how it stood. One replica at a
// time does it.
func (a *app) keepLog(ctx context.Context) error {
	witnesses, err := witness.Parse(a.config.LogWitness)
	if err != nil {
		return err
	}
	defer a.logWatch.forget() // another replica may have the log now
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.sequence(ctx) })
	group.Go(func() error {
		return witness.NewCosigner(newest{a.store.Transparency()}, witnesses, a.logWatch.witnessed).Run(ctx)
	})
	if a.config.LogCopy != "" {
		group.Go(func() error {
			newLogCopier(newest{a.store.Transparency()}, a.config.LogCopy, a.logWatch.copied).run(ctx)
			return nil
		})
	}
	return group.Wait()
}

// newest is the log as it stands, for whoever remembers it: they see every checkpoint
// before witnesses have signed it.
type newest struct{ *store.Transparency }

func (n newest) Checkpoint(ctx context.Context) ([]byte, error) { return n.Newest(ctx) }

// logWatch says whether the log is still what others remember of it.
type logWatch struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[string]bool // who has trouble with it; true: they remember another log
}

func newLogWatch(log *slog.Logger) *logWatch {
	return &logWatch{log: log, told: make(map[string]bool)}
}

// integrated takes how adding to the log ended: well, or because it was altered.
func (w *logWatch) integrated(err error) { w.tell("its last checkpoint", err, err != nil) }

// witnessed takes how a request to a witness ended.
func (w *logWatch) witnessed(name string, err error) {
	w.tell("witness "+name, err, errors.Is(err, witness.ErrInconsistent))
}

// copied takes how keeping a copy of the checkpoint ended.
func (w *logWatch) copied(err error) {
	var inconsistent *citation.InconsistentError
	w.tell("log_copy", err, errors.As(err, &inconsistent) || errors.Is(err, citation.ErrNotCheckpoint))
}

// tell logs what has changed: a log that was rewritten is told once, and not every
// minute. That whoever noticed it cannot be reached any more does not mend it.
func (w *logWatch) tell(who string, err error, inconsistent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known, troubled := w.told[who]
	switch {
	case err == nil && troubled:
		w.log.Info("the public log is again what is remembered of it", "by", who)
		delete(w.told, who)
	case err == nil, known, troubled && !inconsistent:
	case inconsistent:
		w.told[who] = true
		w.log.Error("THE PUBLIC LOG IS NOT WHAT IT WAS: entries were changed or taken away, or an older copy of the database was restored. Run assistant log verify",
			"by", who, "error", err)
	case !errors.Is(err, identity.ErrUnavailable): // that the database is away is told elsewhere
		w.told[who] = false
		w.log.Warn("the public log is not remembered outside", "by", who, "error", err)
	}
}

// forget forgets who had trouble with it.
func (w *logWatch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.told)
}

// inconsistent reports whether somebody remembers another log.
func (w *logWatch) inconsistent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, another := range w.told {
		if another {
			return true
		}
	}
	return false
}

func newLogMetrics(w *logWatch) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "candor_log_inconsistent", Help: "1 if a witness or the copy of the checkpoint says that entries of the public log were changed or taken away.",
	}, func() float64 {
		if w.inconsistent() {
			return 1
		}
		return 0
	})
}

const (
	// copyInterval is how often the checkpoint is copied at most.
	copyInterval = time.Minute
	// copyLook is how often it is looked whether it has changed.
	copyLook = time.Second
	// copyPatience bounds one copy, and copyLast the one at the end.
	copyPatience = 10 * time.Second
	copyLast     = 1500 * time.Millisecond
)

// copyClient follows no redirects: they would end where nobody chose to send it.
var copyClient = &http.Client{Timeout: copyPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
