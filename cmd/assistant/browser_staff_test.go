package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPasswordInBrowser: who is invited chooses a password on the page of their link,
// which works once.
func TestPasswordInBrowser(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	admin := staff(t, info, "admin@fernhill.example")
	link, _ := admin.must("POST", "/api/admin/staff", object{"email": "lea@fernhill.example", "roles": []string{"agent"}})["link"].(string)
	p := &page{t, ctx}
	p.accessible()
	p.run(chromedp.Navigate(info.URL + link))
	again := func(how string) { // another address but for the fragment, so that the page is loaded anew
		p.run(chromedp.Navigate(info.URL + strings.Replace(link, "#", "?"+how+"#", 1)))
	}
	p.write(onPage(`[data-testid=new-password]`), "password1234")
	p.click(onPage(`[data-testid=password-submit]`))
	p.see(onPage(`[data-testid=password-problem]`), "guessed first")
	p.shot("staff-1-password")
	p.auditPage("a password that is refused")
	p.look(true, false)
	p.shot("staff-1-password-dark")
	p.auditPage("a password that is refused, in the dark")
	p.look(false, true)
	p.shot("staff-1-password-phone")
	p.look(false, false)
	again("a")
	p.write(onPage(`[data-testid=new-password]`), "three tall lamps")
	p.click(onPage(`[data-testid=password-submit]`))
	p.see(onPage("h1"), "Your password is set")
	p.shot("staff-2-set")

	again("b")
	p.write(onPage(`[data-testid=new-password]`), "four tall lamps")
	p.click(onPage(`[data-testid=password-submit]`))
	p.see(onPage(".problem"), "used before or is too old")
	p.write(onPage(`[data-testid=reset-email]`), "lea@fernhill.example")
	p.shot("staff-3-again")
	p.auditPage("a link that was used")
	p.click(onPage(`[data-testid=reset-submit]`))
	p.see(onPage("h1"), "Ask an administrator") // the demo sends no mail
	p.run(chromedp.Navigate(info.URL + "/desk"))
	p.signIn("lea@fernhill.example", "three tall lamps")
	p.see(onPage("h1"), "Desk")
}
