package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// reloadOnHangup puts the policy file in force again whenever the process is told
// to (SIGHUP), until ctx ends.
func (a *app) reloadOnHangup(ctx context.Context) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			a.reload(ctx)
		}
	}
}

// reload puts the policy file in force. What is wrong with it leaves the one that
// is; the next sweep removes what is indexed under grants that the new one suspends.
func (a *app) reload(ctx context.Context) {
	before := a.gate.Policy().Version
	p, err := loadPolicy(a.config)
	if err == nil {
		p, err = a.install(ctx, p)
	}
	switch {
	case err != nil:
		a.log.Error("the policy was not loaded: the one in force stays", "in_force", before, "error", err)
	case p.Version == before:
		a.log.Info("the policy is in force already", "version", before)
	default:
		a.log.Info("another policy is in force", "before", before, "now", p.Version)
	}
}
