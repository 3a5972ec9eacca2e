//go:build unix

package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"candor/internal/pgtest"
)

const (
	site = "shop"
	// masterKey is base64 of 32 bytes.
	masterKey = "c29hayBzb2FrIHNvYWsgc29hayBzb2FrIHNvYWsgISE="
	// The streams; it is the leader of conversations that is killed.
	conversations = "CONVERSATIONS"
	handoffs      = "HANDOFFS"
	// readyTimeout is how long everything may take to serve again after a round.
	readyTimeout = 30 * time.Second
)

// cluster is Candor as a company runs it that has outgrown one machine: two
// replicas on PostgreSQL and three nodes of NATS, each a process.
type cluster struct {
	dir      string
	postgres *pgtest.Server
	nodes    []*process
	replicas []*process
	urls     []string // of the replicas
	conn     *nats.Conn
	stream   jetstream.JetStream

	assistant string // the program
	env       []string
	secret    []byte            // signs identity tokens
	tokens    map[string]string // API tokens, by address
}

// boot builds the programs and starts all of it, in dir.
func boot(ctx context.Context, dir string, canaries map[string]string) (c *cluster, err error) {
	c = &cluster{dir: dir, tokens: make(map[string]string), assistant: filepath.Join(dir, "assistant")}
	defer func() {
		if err != nil {
			c.end()
		}
	}()
	natsServer := filepath.Join(dir, "nats-server")
	var group errgroup.Group
	group.Go(func() error { return build(ctx, c.assistant, "candor/cmd/assistant", raceFlags...) })
	group.Go(func() error { return build(ctx, natsServer, "github.com/nats-io/nats-server/v2") })
	group.Go(func() (err error) {
		data := filepath.Join(dir, "postgres")
		if err := os.Mkdir(data, 0o700); err != nil {
			return err
		}
		if c.postgres, err = pgtest.Start(data); err != nil {
			return err
		}
		return errors.Join(c.postgres.Create(ctx, "candor"), c.postgres.Create(ctx, "candor_keys"))
	})
	if err := group.Wait(); err != nil {
		return c, err
	}
	addresses, err := c.startNodes(natsServer)
	if err != nil {
		return c, err
	}
	c.env = []string{
		"CANDOR_DATABASE=" + c.postgres.URL("candor"), "CANDOR_KEYS=" + c.postgres.URL("candor_keys"),
		"CANDOR_MESSAGES=" + addresses, "CANDOR_NATS_REPLICAS=3", "CANDOR_MASTER_KEY=" + masterKey,
		// Its customers are programs, and share one address.
		"CANDOR_LIMIT_CUSTOMER=0", "CANDOR_LIMIT_ADDRESS=0", "CANDOR_LIMIT_SITE=0",
	}
	group = errgroup.Group{}
	group.Go(func() (err error) {
		c.conn, err = nats.Connect(addresses, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
			nats.ReconnectWait(100*time.Millisecond), nats.Timeout(time.Second))
		if err == nil {
			c.stream, err = jetstream.New(c.conn)
		}
		return err
	})
	group.Go(func() error { return c.setUp(ctx, canaries) })
	if err := group.Wait(); err != nil {
		return c, err
	}
	for i := range 2 {
		port, err := pgtest.Port()
		if err != nil {
			return c, err
		}
		name := string(rune('a' + i))
		address := fmt.Sprintf("127.0.0.1:%d", port)
		c.urls = append(c.urls, "http://"+address)
		c.replicas = append(c.replicas, &process{
			name: "replica-" + name, path: c.assistant, args: []string{"serve"}, dir: filepath.Join(dir, name),
			env: append([]string{"CANDOR_ADDR=" + address, "CANDOR_DATA_DIR=" + filepath.Join(dir, name, "data")}, c.env...),
		})
		if err := c.replicas[i].start(); err != nil {
			return c, err
		}
	}
	return c, c.ready(ctx)
}

func build(ctx context.Context, to, pkg string, flags ...string) error {
	args := append(append([]string{"build"}, flags...), "-o", to, pkg)
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// startNodes starts the nodes of NATS and returns their addresses.
func (c *cluster) startNodes(path string) (string, error) {
	var addresses, routes []string
	for range 3 {
		port, err := pgtest.Port()
		if err != nil {
			return "", err
		}
		route, err := pgtest.Port()
		if err != nil {
			return "", err
		}
		addresses = append(addresses, fmt.Sprintf("nats://127.0.0.1:%d", port))
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", route))
	}
	for i := range addresses {
		name := fmt.Sprintf("n%d", i+1)
		node := &process{name: name, path: path, dir: filepath.Join(c.dir, name), args: []string{
			"--name", name, "--addr", "127.0.0.1", "--port", addresses[i][strings.LastIndex(addresses[i], ":")+1:],
			"--jetstream", "--store_dir", "jetstream", "--cluster_name", "soak", "--cluster", routes[i], "--routes", strings.Join(routes, ","),
		}}
		c.nodes = append(c.nodes, node)
		if err := node.start(); err != nil {
			return "", err
		}
	}
	return strings.Join(addresses, ","), nil
}

// setUp installs Candor with its command line: a site, its people, their data.
func (c *cluster) setUp(ctx context.Context, canaries map[string]string) error {
	if _, err := c.command(ctx, "init"); err != nil {
		return err
	}
	out, err := c.command(ctx, "site", "add", site, "--name", "Fernhill", "--origin", "https://shop.example")
	if err != nil {
		return err
	}
	c.secret = []byte(printed(out, "identity secret"))
	var group errgroup.Group
	var mu sync.Mutex
	for _, address := range append([]string{admin}, agentAddresses...) {
		role := "agent"
		if address == admin {
			role = "admin"
		}
		group.Go(func() error {
			if _, err := c.command(ctx, "staff", "add", address, "--role", role); err != nil {
				return err
			}
			out, err := c.command(ctx, "staff", "token", address)
			mu.Lock()
			defer mu.Unlock()
			c.tokens[address] = printed(out, "API token")
			return err
		})
	}
	group.Go(func() error { return c.load(ctx, "knowledge", articles()) })
	group.Go(func() error { return c.load(ctx, "records", orders(canaries)) })
	return group.Wait()
}

// command runs a command of the program and returns what it printed.
func (c *cluster) command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.assistant, args...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), append([]string{"CANDOR_DATA_DIR=" + filepath.Join(c.dir, "data")}, c.env...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("assistant %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return string(out), nil
}

// load imports lines of JSON.
func (c *cluster) load(ctx context.Context, kind string, lines []byte) error {
	path := filepath.Join(c.dir, kind+".jsonl")
	if err := os.WriteFile(path, lines, 0o600); err != nil {
		return err
	}
	_, err := c.command(ctx, "import", kind, path)
	return err
}

// printed returns what the program printed after a label.
func printed(out, label string) string {
	m := regexp.MustCompile(`(?m)^` + label + `\s+(\S+)$`).FindStringSubmatch(out)
	if m == nil {
		return ""
	}
	return m[1]
}

// ready waits until everything serves: the replicas, with them PostgreSQL, and a
// stream with a leader and all of its followers.
func (c *cluster) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		err := c.serves(ctx)
		if err == nil {
			return nil
		}
		for _, p := range c.replicas {
			if err := p.tend(); err != nil {
				return err
			}
		}
		for _, p := range c.nodes {
			if p.wait(0) {
				return fmt.Errorf("%s has ended by itself", p.name)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready after %s: %w", readyTimeout, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c *cluster) serves(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for i, url := range c.urls {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s is not ready: %s", url, res.Status)
		}
		c.replicas[i].served = true
	}
	info, err := c.streamInfo(ctx)
	if err != nil {
		return err
	}
	if info.Cluster == nil || info.Cluster.Leader == "" || len(info.Cluster.Replicas) != len(c.nodes)-1 {
		return errors.New("the stream has no leader, or not all of its followers")
	}
	for _, r := range info.Cluster.Replicas {
		if r.Offline || !r.Current {
			return fmt.Errorf("%s does not follow the stream", r.Name)
		}
	}
	return nil
}

func (c *cluster) streamInfo(ctx context.Context) (*jetstream.StreamInfo, error) {
	s, err := c.stream.Stream(ctx, conversations)
	if err != nil {
		return nil, err
	}
	return s.CachedInfo(), nil
}

// leader returns the node that leads the stream.
func (c *cluster) leader(ctx context.Context) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	info, err := c.streamInfo(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		if info.Cluster != nil && n.name == info.Cluster.Leader {
			return n, nil
		}
	}
	return nil, errors.New("the stream has no leader")
}

// lease is who may do what one replica does at a time, and until when.
type lease struct {
	holder string
	until  time.Time
}

// publishing returns who publishes the outbox; nobody where that cannot be said
// now.
func (c *cluster) publishing(ctx context.Context) lease {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.postgres.URL("candor"))
	if err != nil {
		return lease{}
	}
	defer conn.Close(ctx)
	var holder string
	var until int64
	if conn.QueryRow(ctx, "SELECT holder, until FROM leases WHERE name = 'outbox'").Scan(&holder, &until) != nil {
		return lease{}
	}
	return lease{holder, time.UnixMicro(until)}
}

// end ends every process.
func (c *cluster) end() {
	if c.conn != nil {
		c.conn.Close()
	}
	for _, p := range slices.Concat(c.replicas, c.nodes) {
		p.kill()
	}
	if c.postgres != nil {
		c.postgres.Kill()
	}
}
