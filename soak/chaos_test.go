//go:build unix

package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"
)

// trouble is something that happens to a process, and is over when do returns.
type trouble struct {
	name   string
	target string // no two troubles of a round have the same
	do     func(ctx context.Context, r *run, rng *rand.Rand) error
}

// troubles are all that may happen.
func (c *cluster) troubles() []trouble {
	var out []trouble
	for i, p := range c.replicas {
		kill := trouble{"kill " + p.name, p.name, func(ctx context.Context, r *run, rng *rand.Rand) error {
			r.wounded(ctx, i)
			p.kill()
			pause(ctx, upTo(rng, time.Second))
			return p.start()
		}}
		out = append(out,
			kill, kill, // what this is for
			trouble{"restart " + p.name, p.name, func(_ context.Context, _ *run, _ *rand.Rand) error {
				if err := p.stop(); err != nil {
					return err
				}
				return p.start()
			}},
			trouble{"pause " + p.name, p.name, func(ctx context.Context, _ *run, rng *rand.Rand) error {
				p.signal(syscall.SIGSTOP)
				pause(ctx, 3*time.Second+upTo(rng, 3*time.Second))
				p.signal(syscall.SIGCONT)
				return nil
			}},
		)
	}
	return append(out,
		trouble{"kill the stream's leader", "nats", func(ctx context.Context, r *run, rng *rand.Rand) error {
			p, err := r.cluster.leader(ctx)
			if err != nil {
				return err
			}
			p.kill()
			pause(ctx, 500*time.Millisecond+upTo(rng, time.Second))
			return p.start()
		}},
		trouble{"kill PostgreSQL", "postgres", func(ctx context.Context, r *run, rng *rand.Rand) error {
			r.cluster.postgres.Kill()
			pause(ctx, upTo(rng, time.Second))
			return r.cluster.postgres.Restart()
		}},
	)
}

func upTo(rng *rand.Rand, d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }

// round makes trouble once, and waits until everything is ready again. It
// returns what the trouble was.
func (r *run) round(ctx context.Context, rng *rand.Rand) (string, error) {
	all := slices.DeleteFunc(r.cluster.troubles(), func(t trouble) bool { return !r.only.MatchString(t.name) })
	if len(all) == 0 {
		return "", fmt.Errorf("no trouble has a name that matches %q", r.only)
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	chosen := all[:1]
	if rng.IntN(3) == 0 {
		for _, t := range all[1:] {
			if t.target != chosen[0].target {
				chosen = []trouble{chosen[0], t}
				break
			}
		}
	}
	var names []string
	done := make(chan error, len(chosen))
	for _, t := range chosen {
		names = append(names, t.name)
		// Each has its own luck, so that the order in which they run changes none.
		own := rand.New(rand.NewPCG(rng.Uint64(), 0))
		go func() {
			pause(ctx, upTo(own, time.Second))
			err := t.do(ctx, r, own)
			if err != nil {
				err = fmt.Errorf("%s: %w", t.name, err)
			}
			done <- err
		}()
	}
	name := strings.Join(names, " and ")
	var failed error
	for range chosen {
		if err := <-done; err != nil {
			failed = err
		}
	}
	if failed != nil {
		return name, failed
	}
	if len(chosen) == 1 && strings.HasPrefix(name, "kill replica") {
		r.healed(ctx)
	}
	if err := r.cluster.ready(ctx); err != nil {
		return name, fmt.Errorf("after %s: %w", name, err)
	}
	pause(ctx, 300*time.Millisecond)
	return name, nil
}
