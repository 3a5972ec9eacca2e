package ingest

import "testing"

func TestHoldsCardNumber(t *testing.T) {
	for text, want := range map[string]bool{
		"Paid with 4111 1111 1111 1111.":   true,
		"5555-5555-5555-4444":              true,
		"378282246310005":                  true,
		"Paid with 4111 1111 1111 1112.":   false, // the check digit is wrong
		"Order 1234567890123456":           false, // of no scheme
		"Tracking RC48120937BR":            false,
		"Call +55 11 4002 8922":            false,
		"4111 1111":                        false,
		"IBAN DE89 3704 0044 0532 0130 00": false,
		"":                                 false,
	} {
		if got := holdsCardNumber(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

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
