//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrNotInstalled means that this machine has no PostgreSQL.
var ErrNotInstalled = errors.New("PostgreSQL is not installed")

// startTimeout bounds how long a server takes until it answers; after a crash
// it replays its log first.
const startTimeout = time.Minute

// Server is a PostgreSQL server on loopback.
type Server struct {
	bin, dir string
	port     int
	settings []string
	account  *syscall.Credential // nil: who runs the test

	cmd  *exec.Cmd
	gone chan struct{} // closed when cmd has ended
}

// Start makes a cluster in dir and serves it on a free port of loopback, to the
// user "postgres" and without a password. Settings are those of
// postgresql.conf, such as "fsync=off"; without any, what is committed outlives
// a crash. PostgreSQL refuses to run as root, for whom it runs as the system's
// user "postgres", who then owns dir.
func Start(dir string, settings ...string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	port, err := Port()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, port: port, settings: settings}
	if os.Geteuid() == 0 {
		if err := s.stepDown(); err != nil {
			return nil, err
		}
	}
	initdb := s.command("initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, s.Restart()
}

// URL returns the address of a database of the server. The server starts with
// one, "postgres".
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// Create makes an empty database.
func (s *Server) Create(ctx context.Context, database string) error {
	return execute(ctx, s.URL("postgres"), "CREATE DATABASE "+database+" TEMPLATE template0")
}

// Restart starts the server again, at the same address, after Kill or Stop, and
// returns when it answers.
func (s *Server) Restart() error {
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open PostgreSQL's log: %w", err)
	}
	defer log.Close()
	args := []string{"-D", s.data()}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=", "max_connections=200",
	}, s.settings...) {
		args = append(args, "-c", setting)
	}
	deadline := time.Now().Add(startTimeout)
	for {
		s.cmd, s.gone = s.command("postgres", args...), make(chan struct{})
		s.cmd.Stdout, s.cmd.Stderr = log, log
		if err := s.cmd.Start(); err != nil {
			return fmt.Errorf("start PostgreSQL: %w", err)
		}
		go func(cmd *exec.Cmd, gone chan struct{}) {
			_ = cmd.Wait() // why it ended is in the log
			close(gone)
		}(s.cmd, s.gone)
		err := s.wait(deadline)
		// Processes of the one before may hold its memory a little longer.
		if err == nil || !errors.Is(err, errEnded) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

var errEnded = errors.New("PostgreSQL has ended")

// wait returns when the server answers.
func (s *Server) wait(deadline time.Time) error {
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		err := execute(ctx, s.URL("postgres"), "SELECT 1")
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-s.gone:
			return fmt.Errorf("%w: see %s", errEnded, s.Log())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("PostgreSQL does not answer: %w", err), s.Stop())
		}
	}
}

// Kill ends the server and all of its processes at once, as a power cut would,
// but that the system's buffers survive.
func (s *Server) Kill() {
	pid := s.cmd.Process.Pid
	// Stopped first, it makes no process while they are counted.
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	for _, child := range children(pid) {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	_ = s.cmd.Process.Kill()
	<-s.gone
}

// Stop ends the server in order: connections are closed, what is committed is
// written.
func (s *Server) Stop() error {
	_ = s.cmd.Process.Signal(os.Interrupt) // it may have ended already
	select {
	case <-s.gone:
		return nil
	case <-time.After(startTimeout):
		s.Kill()
		return errors.New("PostgreSQL did not stop in time")
	}
}

// Log returns the path of the server's log.
func (s *Server) Log() string { return filepath.Join(s.dir, "postgres.log") }

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:noctx // Kill and Stop end it
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	return cmd
}

// stepDown gives the folder to the system's user postgres.
func (s *Server) stepDown() error {
	account, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(s.dir, int(uid), int(gid)); err != nil {
		return err
	}
	// The folders that a test gets are closed to others, who must pass through.
	within := os.TempDir() + string(filepath.Separator)
	for up := filepath.Dir(s.dir); strings.HasPrefix(up, within); up = filepath.Dir(up) {
		info, err := os.Stat(up)
		if err == nil && info.Mode()&0o001 == 0 {
			err = os.Chmod(up, info.Mode().Perm()|0o001)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// binaries returns the folder of PostgreSQL's programs: that of PATH, else the
// newest of the folders in which systems keep several versions.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		// It looks for the others beside the file that is meant.
		path, err := filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return "", ErrNotInstalled
	}
	version := func(bin string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
		return n
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

// children returns the processes that a process has made. Where the system does
// not list them there are none; PostgreSQL's end themselves soon after it.
func children(of int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []int
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// The name, in parentheses, may hold anything.
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(of) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// given are the ports that Port has returned: they are not in use yet.
var given sync.Map

// Port returns a free port of loopback, each once. It lies below those that
// systems give to outgoing connections, so that a server that is killed gets it
// back.
func Port() (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		if _, twice := given.LoadOrStore(port, true); twice {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // it is instant
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no port of loopback is free")
}
