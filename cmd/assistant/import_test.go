package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestImportProgress: where nobody watches, a line now and then says how far it has
// come.
func TestImportProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := progress{w: &out, file: strings.NewReader(strings.Repeat("x", 1000)), size: 1000, began: time.Now().Add(-20 * time.Second)}
	if _, err := p.Read(make([]byte, 250)); err != nil {
		t.Fatal(err)
	}
	p.show(50)
	p.show(51)
	if got := strings.TrimRight(out.String(), " \n"); got != "50 read, 2 a second, 25 %, 1m0s left" {
		t.Errorf("%q", got)
	}
}
