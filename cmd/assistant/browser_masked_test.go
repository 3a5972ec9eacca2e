package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserMasked: who types a card's number sees it hidden, and is told so once, by the
// message.
func TestBrowserMasked(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	shop.accessible()
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.click(onPage(`[data-testid=step-1]`)) // opens the chat
	shop.write(inWidget(`[data-testid=composer]`), "How do I return a tent? I paid with 4242 4242 4242 4242, cvv 123")
	shop.click(inWidget(`[data-testid=send]`))
	const told = "We hid a card number and a card's security code before your message was stored."
	shop.see(inWidget(`[data-testid=hid]`), told)
	shop.see(inWidget(`body`), "[card number ending 4242], cvv [card code]")
	if words := shop.eval(inWidget(`[role=log]`) + ".innerText"); strings.Contains(words, "4242 4242") || strings.Count(words, told) != 1 {
		t.Errorf("the chat shows %s", words)
	}
	shop.shot("50-hidden")
	shop.audits("hidden")
	shop.look(true, true)
	shop.shot("50-hidden-phone-dark")
}
