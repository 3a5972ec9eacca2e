package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"candor/identity"
)

// crowd is a directory of which every token cst_N is a customer's.
type crowd struct{ directory }

func (c crowd) Session(ctx context.Context, token string) (identity.Session, error) {
	x, err := c.directory.Session(ctx, token)
	if n, ok := strings.CutPrefix(token, "cst_"); ok && token != customerToken {
		return identity.Session{ID: "ses_" + n, Kind: identity.Visitor, Site: brand, Customer: identity.CustomerID("cus_" + n)}, nil
	}
	return x, err
}

// TestTooManyMessages: of 200 messages in a minute those beyond the limit are refused,
// in words and with the time to wait, and only to whom the limit is.
func TestTooManyMessages(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	r := newReplica(t, d, func(o *Options) {
		o.Limits = Limits{Customer: 60, Address: 150, Site: 240}
		o.Proxies = []string{"127.0.0.1"}
		o.Directory = crowd{directory{database: d}}
	})
	send := func(token, address, path string) (int, http.Header, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/api/conversations/"+talk+path, bytes.NewReader([]byte(`{"text":"Hello?"}`)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", address)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header, string(b)
	}
	refused := func(status int, header http.Header, body, says string) {
		t.Helper()
		var p struct {
			Status int
			Detail string
		}
		after, err := strconv.Atoi(header.Get("Retry-After"))
		if status != http.StatusTooManyRequests || err != nil || after < 1 || after > 60 || header.Get("Content-Type") != "application/problem+json" ||
			json.Unmarshal([]byte(body), &p) != nil || p.Status != status || !strings.Contains(p.Detail, says) || !strings.Contains(p.Detail, fmt.Sprintf("%d s", after)) {
			t.Errorf("%d, Retry-After %q, %s", status, header.Get("Retry-After"), body)
		}
	}
	taken, began := 0, time.Now()
	for range 200 {
		switch status, header, body := send(customerToken, "192.0.2.1", "/messages"); status {
		case http.StatusAccepted:
			taken++
		default:
			refused(status, header, body, "You're sending a lot")
		}
	}
	if most := 60 + int(time.Since(began).Seconds()) + 1; taken < 60 || taken > most {
		t.Errorf("%d of 200 were taken, want 60 to %d", taken, most)
	}
	// Reading, and asking for a person, is not sending messages.
	if status, _, body := send(customerToken, "192.0.2.1", "/handoff"); status == http.StatusTooManyRequests {
		t.Errorf("a person is out of reach: %s", body)
	}
	// Others at the address are served until it has had enough, those elsewhere until
	// the site has. To them the conversation is not known.
	const from = 2
	n := from
	for ; n < from+200; n++ {
		if status, header, body := send(fmt.Sprintf("cst_%d", n), "192.0.2.1", "/messages"); status != http.StatusNotFound {
			refused(status, header, body, "your network")
			break
		}
	}
	if others := n - from; others < 150-taken-1 || others > 150-taken+30 {
		t.Errorf("%d others of the address were served after %d messages", others, taken)
	}
	for m := range 200 {
		status, header, body := send(fmt.Sprintf("cst_%d", n+1+m), fmt.Sprintf("198.51.100.%d", m), "/messages")
		if status == http.StatusNotFound {
			continue
		}
		refused(status, header, body, "We're getting a lot")
		if m < 80 {
			t.Errorf("the site is full after %d messages from elsewhere", m)
		}
		return
	}
	t.Error("a site takes any number of messages")
}

// TestAllowances: a token is taken from every bucket, or from none.
func TestAllowances(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		one, other := allowance{"one", 1, 3}, allowance{"other", .5, 1}
		if d, _ := l.reserve(true, one, other); d != 0 {
			t.Fatalf("the first waits %v", d)
		}
		for range 5 { // takes nothing from the first
			if d, scarce := l.reserve(true, one, other); d != 2*time.Second || scarce != 1 {
				t.Fatalf("it waits %v for bucket %d", d, scarce)
			}
		}
		for range 2 {
			if d, _ := l.reserve(true, one); d != 0 {
				t.Fatalf("what was refused was taken: it waits %v", d)
			}
		}
		if d := l.wait("one", 1, 3); d != time.Second {
			t.Errorf("an empty bucket waits %v", d)
		}
		time.Sleep(2 * time.Second)
		if d := l.peek("other", .5, 1); d != 0 {
			t.Errorf("after the wait it waits %v", d)
		}
		if d, _ := l.reserve(true); d != 0 {
			t.Errorf("without a limit it waits %v", d)
		}
		// What fills slowly is not forgotten before it is full.
		for range 3 {
			l.wait("slow", 1./600, 3)
		}
		for range 2 {
			time.Sleep(10*time.Minute + time.Second)
			l.wait("new", 1, 1)
			if d := l.wait("slow", 1./600, 3); d != 0 {
				t.Errorf("after ten minutes it waits %v", d)
			}
			if d := l.wait("slow", 1./600, 3); d == 0 {
				t.Error("after ten minutes it has more than one token")
			}
		}
		time.Sleep(30 * time.Minute)
		if l.wait("new", 1, 1); len(l.buckets) != 1 {
			t.Errorf("%d buckets are kept", len(l.buckets))
		}
	})
}
