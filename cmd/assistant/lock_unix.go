//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock makes sure that one process at a time serves a data folder: the
// embedded parts are not made for two.
func lock(c Config) (unlock func() error, err error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(c.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("the data folder %s is in use by another assistant", c.DataDir), f.Close())
	}
	return f.Close, nil // closing the file gives the lock back
}
