package ingest

import "testing"

func TestWebAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"": true, "https://shop.example/orders/1": true, "http://shop.example": true,
		"javascript:alert(1)": false, "/orders/1": false, `/\evil.example`: false, "//evil.example": false, "https:": false, "data:text/html,x": false,
	} {
		if got := webAddress(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}
