package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"candor/citation"
)

const (
	// look is how often the log is looked at for a newer checkpoint.
	look = time.Second
	// rest is how long a witness is left in peace once it has cosigned.
	rest = 5 * time.Second
	// maxBackoff is the longest wait for a witness that fails.
	maxBackoff = time.Minute
)

// Log is what is cosigned.
type Log interface {
	Checkpoint(ctx context.Context) ([]byte, error)
	Tile(ctx context.Context, level int, n int64, width int) ([]byte, error)
	Verifier() string
	// Cosigned keeps the checkpoint of a size with the signatures of witnesses.
	Cosigned(ctx context.Context, size int64, signed []byte) error
}

// Cosigner keeps the newest checkpoint of a log cosigned.
type Cosigner struct {
	log       Log
	witnesses []*asked
	// report is told how each request ended.
	report func(witness string, err error)
	now    func() time.Time

	checkpoint citation.Checkpoint // that is being cosigned
	signed     []byte              // by the log alone
}

// asked is a witness, and how it stands with it.
type asked struct {
	*Witness
	line     string // its cosignature of the checkpoint; empty: not yet
	next     time.Time
	failures int
}

// NewCosigner returns a cosigner that is not running. Report is called with how each
// request to a witness ended, from one goroutine.
func NewCosigner(log Log, witnesses []*Witness, report func(witness string, err error)) *Cosigner {
	c := &Cosigner{log: log, report: report, now: time.Now}
	for _, w := range witnesses {
		c.witnesses = append(c.witnesses, &asked{Witness: w})
	}
	return c
}

// Run cosigns until ctx ends. One replica at a time does so: witnesses would refuse the
// slower of two.
func (c *Cosigner) Run(ctx context.Context) error {
	if len(c.witnesses) == 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		c.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// round asks whoever is to be asked now. What fails is tried again.
func (c *Cosigner) round(ctx context.Context) {
	if !c.due() {
		return
	}
	if !c.read(ctx) || c.checkpoint.Size == 0 {
		return
	}
	read := func(level int, n int64, width int) ([]byte, error) { return c.log.Tile(ctx, level, n, width) }
	results := make([]error, len(c.witnesses))
	var wait sync.WaitGroup
	var asking []int
	for i, w := range c.witnesses {
		if w.line != "" || c.now().Before(w.next) {
			continue
		}
		asking = append(asking, i)
		wait.Go(func() { w.line, results[i] = w.Cosign(ctx, c.checkpoint, c.signed, read) })
	}
	wait.Wait()
	if ctx.Err() != nil {
		return
	}
	cosigned := bytes.Clone(c.signed)
	added := false
	for _, w := range c.witnesses {
		cosigned = append(cosigned, w.line...)
	}
	for _, i := range asking {
		w := c.witnesses[i]
		w.settle(c.now(), results[i])
		c.report(w.Name(), results[i])
		added = added || results[i] == nil
	}
	// Where it cannot be kept now the next round asks again.
	if added && c.log.Cosigned(ctx, c.checkpoint.Size, cosigned) != nil {
		c.forget()
	}
}

// due reports whether some witness may be asked now.
func (c *Cosigner) due() bool {
	for _, w := range c.witnesses {
		if !c.now().Before(w.next) {
			return true
		}
	}
	return false
}

// read reads the newest checkpoint, which nobody has cosigned if it is another.
func (c *Cosigner) read(ctx context.Context) bool {
	signed, err := c.log.Checkpoint(ctx)
	if err != nil {
		return false
	}
	newest, err := citation.OpenCheckpoint(signed, c.log.Verifier())
	if err == nil {
		signed, err = bare(signed, c.log.Verifier())
	}
	if err != nil {
		for _, w := range c.witnesses {
			c.report(w.Name(), err)
		}
		return false
	}
	if newest != c.checkpoint {
		c.checkpoint = newest
		c.signed = signed
		c.forget()
	}
	return true
}

// bare is a checkpoint with the signature of its log alone.
func bare(signed []byte, key string) ([]byte, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s\n\u2014 %s %s\n", n.Text, n.Sigs[0].Name, n.Sigs[0].Base64), nil
}

func (c *Cosigner) forget() {
	for _, w := range c.witnesses {
		w.line = ""
	}
}

// settle says when the witness is asked next.
func (w *asked) settle(now time.Time, err error) {
	wait := rest
	if err != nil {
		wait = min(time.Second<<min(w.failures, 10), maxBackoff)
		w.failures++
		if errors.Is(err, ErrInconsistent) {
			wait = maxBackoff // nothing heals it soon
		}
	} else {
		w.failures = 0
	}
	w.next = now.Add(wait)
}
