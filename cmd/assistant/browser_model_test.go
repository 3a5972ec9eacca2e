package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestBrowserMadeUp walks through the demo's switch: a model that makes things up writes
// the answers, and what it made up is not in them, but told under them.
func TestBrowserMadeUp(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	shop.accessible()
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	answers := `[...(document.querySelector("candor-chat")?.shadowRoot.querySelector("iframe")?.contentDocument?.querySelectorAll("[data-testid=answer]") ?? [])]`
	answer := answers + ".at(-1)"
	in := func(selector string) string { return fmt.Sprintf("(%s)?.querySelector(%q)", answer, selector) }
	on := onPage(`[data-testid=made-up]`)
	turned := func(want string) {
		t.Helper()
		shop.see(fmt.Sprintf(`((%s)?.getAttribute("aria-checked") === %q ? document.body : null)`, on, want), "")
	}

	// The switch says what it does, and the keyboard reaches and turns it.
	shop.see(onPage("#made-up-what"), "Answers are then written by a model that lies.")
	turned("false")
	for i := 0; shop.eval(`document.activeElement?.dataset.testid`) != "made-up"; i++ {
		if i > 20 {
			t.Fatal("the keyboard does not reach the switch")
		}
		shop.press(kb.Tab)
	}
	shop.press(" ")
	turned("true")
	shop.see(onPage("#made-up-what"), "Answers are now written by a model that lies.")
	shop.shot("40-made-up-shop")

	shop.look(true, true)
	shop.shot("40-made-up-shop-phone-dark")
	shop.look(false, false)
	// The tour asks something.
	shop.click(`[...document.querySelectorAll(".step-title")].find(e => e.innerText.includes("Have an AI lie"))`)
	shop.shot("40-made-up-tour")
	shop.click(onPage(`[data-testid=step-5]`))
	shop.see(in(`[data-testid=left-out] summary`), "that the sources did not support")
	shop.shot("41-left-out-closed")
	shop.eval(in(`[data-testid=left-out] summary`) + ".focus()")
	shop.press(kb.Enter)
	shop.see(in(`[data-testid=left-out] li`), ".")
	if deco := shop.eval(`getComputedStyle(` + in(`[data-testid=left-out] del`) + `).textDecorationLine`); deco != "line-through" {
		t.Errorf("a sentence that was removed is shown with %q", deco)
	}
	said := shop.eval(`[...(` + answer + `).querySelectorAll("[data-testid=sentence]")].map(e => e.innerText).join("\n")`)
	removed := strings.Split(shop.eval(`[...(`+answer+`).querySelectorAll("del")].map(e => e.innerText).join("\n")`), "\n")
	for _, s := range removed {
		if s == "" || strings.Contains(said, s) {
			t.Errorf("%q was removed, and is in the answer: %s", s, said)
		}
	}
	if said == "" {
		t.Error("nothing true is left of the answer")
	}
	shop.shot("42-left-out")
	shop.audits("left-out")
	shop.look(false, false)
	shop.auditPage("the shop")
	shop.click(in(`[data-testid=used] summary`))
	shop.see(in(`[data-testid=used]`), "run by Fernhill Outdoor")
	shop.shot("43-written-by")

	// The switch is the server's: a page that is loaded again knows it, and turns it off.
	shop.look(true, true)
	shop.shot("44-made-up-phone-dark")
	shop.look(false, true)
	shop.shot("44-made-up-phone")
	shop.look(false, false)
	shop.run(chromedp.Reload())
	turned("true")
	shop.eval(`window.Candor.open()`)
	shop.see(in(`[data-testid=left-out]`), "Left out")
	shop.click(on)
	turned("false")
	shop.eval(`window.Candor.ask("Can I return a tent after 30 days?")`)
	shop.see(`(`+answers+`.length === 2 ? `+in(`[data-testid=used] summary`)+` : null)`, "help article")
	if left := shop.eval(in(`[data-testid=left-out]`) + ` === null`); left != "true" {
		t.Error("an answer that was quoted tells of removed sentences")
	}
	shop.click(in(`[data-testid=used] summary`))
	shop.see(in(`[data-testid=used]`), "No language model wrote this.")

	tab, cancel := chromedp.NewContext(ctx)
	defer cancel()
	admin := &page{t, tab}
	admin.run(chromedp.Navigate(info.URL + "/admin"))
	admin.signIn("admin@fernhill.example", "demo-admin-pass")
	admin.see(onPage(`[data-testid=entry]`), "")
	admin.choose(onPage(`[data-testid=reason]`), "incident")
	admin.see(onPage(`[data-testid=entry]`), "tent")
	admin.click(`[...document.querySelectorAll("[data-testid=entry]")].at(-1)`) // the first that was asked
	admin.see(onPage(`[data-testid=removed]`), removed[0])
	admin.eval(onPage(`[data-testid=removed]`) + ".scrollIntoView()")
	admin.shot("45-admin-removed")
	admin.look(true, false)
	admin.shot("45-admin-removed-dark")
	admin.look(false, true)
	admin.shot("45-admin-removed-phone")
}
