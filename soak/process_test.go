//go:build unix

package soak

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// process is a program that can be killed and started again.
type process struct {
	name string
	path string
	args []string
	env  []string
	dir  string // its working folder, and its log's

	mu     sync.Mutex
	cmd    *exec.Cmd
	done   chan struct{}
	served bool // since it was started
}

func (p *process) log() string { return filepath.Join(p.dir, p.name+".log") }

func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd, done := exec.Command(p.path, p.args...), make(chan struct{})
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, append(os.Environ(), p.env...), log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(done)
	}()
	p.cmd, p.done, p.served = cmd, done, false
	return nil
}

// signal sends a signal, if the process runs.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s) // it may have ended
	}
}

// tend starts a process again that ended before it ever served: what it needs
// was away, and whoever runs it would do the same.
func (p *process) tend() error {
	if !p.wait(0) {
		return nil
	}
	if p.served {
		return fmt.Errorf("%s has ended by itself", p.name)
	}
	return p.start()
}

// kill ends the process as a power cut would, but that what it wrote survives.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	p.wait(forever)
}

// wait reports whether the process ended within a time.
func (p *process) wait(within time.Duration) bool {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	if done == nil {
		return true
	}
	select {
	case <-done:
		return true
	case <-time.After(within):
	}
	select { // both may be so
	case <-done:
		return true
	default:
		return false
	}
}

// stop asks the process to end, and says what was wrong with how it did.
func (p *process) stop() error {
	p.signal(syscall.SIGTERM)
	if !p.wait(stopTimeout) {
		p.kill()
		return fmt.Errorf("%s did not end within %s of SIGTERM", p.name, stopTimeout)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with %d on SIGTERM", p.name, code)
	}
	return nil
}

// stopTimeout is longer than a replica gives what it is doing.
const stopTimeout = 30 * time.Second
