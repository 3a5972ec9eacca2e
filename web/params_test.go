package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestAddresses: an address that is not escaped as addresses are is malformed; what only
// looks like another route once it is read is an id.
func TestAddresses(t *testing.T) {
	t.Parallel()
	r := newReplica(t, newDatabase())
	for address, want := range map[string]int{
		"/api/answers/100%":         http.StatusBadRequest,
		"/api/answers/%zz":          http.StatusBadRequest,
		"/api/answers/%c3%28":       http.StatusBadRequest,
		"/api/answers/ans_1":        http.StatusOK,
		"/api/answers/%61ns_1":      http.StatusOK,
		"/api/answers/a%2Freceipt":  http.StatusOK,
		"/api/answers/..%2Fnothing": http.StatusOK,
		"/api/answers/a/nothing":    http.StatusNotFound,
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", address, customerToken)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		if _ = res.Body.Close(); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", address, res.StatusCode, want)
		}
		_ = conn.Close()
	}
}
