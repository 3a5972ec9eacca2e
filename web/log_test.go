package web

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"candor/citation"
	"candor/identity"
	"candor/internal/logtest"
)

// fetch makes a request without a credential, which undoes no encoding by itself.
func (r *replica) fetch(method, path string, header ...string) (int, http.Header, []byte) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.url+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b
}

// TestLogIsPublic: anybody can read the log, by the addresses and the headers of C2SP
// tlog-tiles, and all of it can be cached but its end.
func TestLogIsPublic(t *testing.T) {
	t.Parallel()
	const size = 600
	d := newDatabase()
	x := logtest.NewLog(t)
	x.Grow(t, "leaf", size)
	r := newReplica(t, d, func(o *Options) { o.Tree = x })

	const octets, text = "application/octet-stream", "text/plain; charset=utf-8"
	for _, tt := range []struct {
		path, media string
		bytes       int
		forever     bool
	}{
		{"/log/checkpoint", text, 0, false},
		{citation.LogKeyPath, text, 0, false},
		{"/log/tile/0/000", octets, 8192, true},
		{"/log/tile/0/001", octets, 8192, true},
		{"/log/tile/0/002.p/88", octets, 88 * 32, true},
		{"/log/tile/0/002.p/3", octets, 96, true},
		{"/log/tile/0/001.p/255", octets, 255 * 32, true}, // full by now
		{"/log/tile/1/000.p/2", octets, 64, true},
		{"/log/tile/entries/000", octets, 0, true},
		{"/log/tile/entries/002.p/88", octets, 0, true},
	} {
		status, h, b := r.fetch("GET", tt.path)
		if status != http.StatusOK || h.Get("Content-Type") != tt.media || tt.bytes > 0 && len(b) != tt.bytes || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d, %v, %d bytes", tt.path, status, h, len(b))
		}
		cache := h.Get("Cache-Control")
		if forever := strings.Contains(cache, "immutable"); forever != tt.forever || tt.path == "/log/checkpoint" && cache != "public, max-age=1" {
			t.Errorf("%s is cached as %q", tt.path, cache)
		}
		headed, hh, none := r.fetch("HEAD", tt.path)
		if headed != http.StatusOK || len(none) != 0 || hh.Get("Content-Length") != fmt.Sprint(len(b)) || hh.Get("Content-Type") != tt.media {
			t.Errorf("HEAD %s: %d, %v", tt.path, headed, hh)
		}
	}
	for _, path := range []string{
		"/log/tile/0/003", "/log/tile/0/002", "/log/tile/0/002.p/89", "/log/tile/1/000", "/log/tile/2/000.p/1", "/log/tile/entries/002", "/log/tile/entries/003.p/1",
		"/log/tile/0/0", "/log/tile/00/000", "/log/tile/0/x000/000", "/log/tile/0/000.p/0", "/log/tile/0/000.p/256", "/log/tile/data/000", "/log/tile/", "/log/tile",
		"/log", "/log/", "/log/checkpoint/", "/log/tile/0/%2e%2e/000",
	} {
		status, h, _ := r.fetch("GET", path)
		if status != http.StatusNotFound || h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %v", path, status, h)
		}
	}

	want, err := x.Entries(t.Context(), 1, citation.TileWidth)
	if err != nil {
		t.Fatal(err)
	}
	// The bundles hold the leaves, and are packed where that is accepted.
	for accept, packed := range map[string]bool{"gzip": true, "br, gzip;q=0.5": true, "*": true, "identity": false, "gzip;q=0": false, "": false} {
		_, h, b := r.fetch("GET", "/log/tile/entries/001", "Accept-Encoding", accept)
		if (h.Get("Content-Encoding") == "gzip") != packed || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: %v", accept, h)
		}
		if packed {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if b, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		var leaves []string
		for len(b) > 2 {
			n := int(binary.BigEndian.Uint16(b))
			leaves = append(leaves, string(b[2:2+n]))
			b = b[2+n:]
		}
		if len(b) != 0 || !slices.Equal(leaves, want) {
			t.Errorf("%q: %d leaves", accept, len(leaves))
		}
	}

	_, _, signed := r.fetch("GET", "/log/checkpoint")
	_, _, key := r.fetch("GET", citation.LogKeyPath)
	if c, err := citation.OpenCheckpoint(signed, strings.TrimSpace(string(key))); err != nil || c != x.Head() {
		t.Errorf("%+v, %v", c, err)
	}

	// While the database is away that is said, and not cached.
	x.Away(identity.ErrUnavailable)
	for _, path := range []string{"/log/checkpoint", "/log/tile/0/000", "/log/tile/entries/000"} {
		status, h, _ := r.fetch("GET", path, "Accept-Encoding", "gzip")
		if status != http.StatusServiceUnavailable || h.Get("Cache-Control") != "no-store" || h.Get("Content-Encoding") != "" {
			t.Errorf("%s while the database is away: %d, %v", path, status, h)
		}
	}
	if strings.Contains(r.log.String(), "leaf ") {
		t.Error("leaves are in the log of the server")
	}
}

// TestReceiptIsForItsCustomer: without the customer's own session there is none.
func TestReceiptIsForItsCustomer(t *testing.T) {
	t.Parallel()
	d := newDatabase()
	r := newReplica(t, d, func(o *Options) { o.Tree = logtest.NewLog(t) })
	for what, tt := range map[string]struct {
		path, token string
		status      int
	}{
		"nobody":         {"/api/answers/ans_1/receipt", "", http.StatusUnauthorized},
		"staff":          {"/api/answers/ans_1/receipt", staffToken, http.StatusUnauthorized},
		"nobody's proof": {"/api/admin/citations/ans_1/proof?reason=legal", "", http.StatusUnauthorized},
	} {
		status, _, _ := r.fetch("GET", tt.path, "Authorization", "Bearer "+tt.token)
		if status != tt.status {
			t.Errorf("%s: %d, want %d", what, status, tt.status)
		}
	}
}
