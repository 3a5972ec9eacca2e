package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestDeskKeysInBrowser: who works with the keyboard finds the chosen conversation in
// view, and is where they were, or in the conversation, after all that they do. What
// people write has the direction of its letters, and names as long as somebody likes
// keep to their place.
func TestDeskKeysInBrowser(t *testing.T) {
	const words, arabic = "Can you look at this once more?", "أين طلبي رقم FH-20871."
	ctx := browser(t)
	info := startDemo(t)
	boss := staff(t, info, "admin@fernhill.example")
	const long = "Returns and exchanges of what was bought for the season that is over now"
	boss.must("PUT", "/api/admin/queues/returns", object{"title": long, "order": 50, "takes": object{"languages": []string{"uk"}}, "reserve": "0s"})
	boss.must("PUT", "/api/admin/queues/support", object{"title": "Support", "reserve": "0s"})
	var last *client
	for range 8 {
		last = customer(t, info, "")
		last.must("POST", "/api/conversations/"+last.conversation+"/handoff", nil)
	}
	at := "/api/desk/conversations/" + last.conversation
	boss.must("POST", at+"/claim", nil)
	boss.must("POST", at+"/transfer", object{"queue": "returns"})
	boss.must("POST", at+"/claim", nil)
	last.must("POST", "/api/conversations/"+last.conversation+"/messages", object{"text": arabic})
	boss.must("POST", at+"/release", nil)

	desk := &page{t, ctx}
	desk.accessible()
	desk.run(chromedp.Navigate(info.URL + "/desk"))
	desk.signIn("agent@fernhill.example", "demo-agent-pass")
	desk.see(onPage(`[data-testid=ticket] .tag[title="`+long+`"]`), "Returns")
	if wide := desk.eval(`(e => e.scrollWidth - e.clientWidth)(document.querySelector(".queue"))`); wide != "0" {
		t.Errorf("a queue with a long name makes the list %s pixels wider than its place", wide)
	}
	if tag := desk.eval(`document.querySelector("[data-testid=ticket] .tag").innerText`); tag != "English" {
		t.Errorf("the row names the language %q", tag)
	}
	held := func(by string) {
		t.Helper()
		desk.see(fmt.Sprintf(`[document.activeElement].find(e => e.matches(%q))`, by), "")
	}

	// To the last of the list and back.
	tickets := `[...document.querySelectorAll("[data-testid=ticket]")]`
	for n := range 8 {
		desk.press("j")
		desk.see(fmt.Sprintf(`[%s.findIndex(e => e.ariaCurrent)].find(n => n === %d) + 1 && document.querySelector(".title")`, tickets, n), "")
		held("main:has(.title)")
		if n == 6 || n == 7 {
			desk.see(`[document.querySelector("[aria-current]")].find(e => e.getBoundingClientRect().bottom <= innerHeight)`, "")
		}
	}
	desk.shot("desk-k-last")
	desk.see(onPage(`[data-testid=message][data-from=customer] .text[dir=auto]`), "FH-20871")
	if side := desk.eval(`getComputedStyle(document.querySelector("[data-from=customer] .text")).direction`); side != "rtl" {
		t.Errorf("words in Arabic go %s", side)
	}
	if hints := desk.eval(`getComputedStyle(document.querySelector("[data-testid=note]"), "::placeholder").color === getComputedStyle(document.querySelector(".quiet")).color`); hints != "true" {
		t.Error("the hint in an empty field is not as readable as other quiet words")
	}
	desk.press("t")
	desk.see(onPage(`[data-testid=reply]`), "")
	held("main")

	// An edit that is given up, and a search.
	desk.press("r")
	held("#reply")
	desk.write(onPage(`[data-testid=reply]`), words)
	desk.eval(`document.querySelector("[data-testid=reply-send]").focus()`)
	desk.press(kb.Enter)
	desk.see(onPage(`[data-testid=edit-message]`), "")
	held("#reply")
	desk.eval(`document.querySelector("[data-testid=edit-message]").focus()`)
	desk.press(kb.Enter)
	held("[data-testid=edit-text]")
	desk.press(kb.Escape)
	held("[data-testid=edit-message]")
	desk.eval(`document.querySelector("[data-testid=knowledge]").focus()`)
	desk.press(kb.Enter)
	held("[data-testid=knowledge-search]")
	desk.write(onPage(`[data-testid=knowledge-search]`), "jacket")
	desk.press(kb.Escape)
	desk.gone(onPage(`[data-testid=knowledge-drawer]`))
	held("[data-testid=knowledge]")

	// The tools stay in a row beside what keeps the answer from being sent.
	desk.write(onPage(`[data-testid=reply]`), "{{customer}}")
	desk.see(onPage(`#reply-hint`), "Fill in {{customer}} first")
	for _, wide := range []int64{1440, 1024, 768} {
		desk.width(wide)
		if rows := desk.eval(`new Set([...document.querySelectorAll(".tools .button")].map(e => e.offsetTop)).size`); rows != "1" {
			t.Errorf("on %d pixels the tools are in %s rows", wide, rows)
		}
		desk.shot(fmt.Sprintf("desk-k-hint-%d", wide))
	}
	desk.look(false, false)

	// The newest stays in view while ready replies open above the box, and on a narrow page.
	for range 8 {
		last.must("POST", "/api/conversations/"+last.conversation+"/messages", object{"text": strings.Repeat(words+" ", 4)})
	}
	end := `[document.querySelector(".log")].find(e => e.scrollTop > 0 && e.scrollHeight - e.scrollTop - e.clientHeight < 2)`
	desk.see(`[...document.querySelectorAll("[data-from=customer]")][8]`, words)
	desk.see(end, "")
	desk.click(onPage(`[data-testid=canned]`))
	desk.see(onPage(`[data-testid=canned-option]`), "")
	desk.see(end, "")
	desk.look(false, true)
	desk.see(end, "")
	desk.look(false, false)
	desk.press(kb.Escape)

	// What they were typing has come; and what they have read stays read, though a look
	// that began before comes after.
	last.must("POST", "/api/conversations/"+last.conversation+"/typing", nil)
	desk.see(onPage(`[data-testid=typing]`), "is typing")
	last.must("POST", "/api/conversations/"+last.conversation+"/messages", object{"text": "That was it."})
	desk.see(`[...document.querySelectorAll("[data-from=customer]")][9]`, "That was it.")
	if still := desk.eval(`document.querySelector("[data-testid=typing]").innerText`); still != "" {
		t.Errorf("below what has come is %q", still)
	}
	sam := staff(t, info, "agent@fernhill.example")
	sam.must("POST", at+"/messages", object{"text": "Thank you."})
	const thanks = `[...document.querySelectorAll("[data-from=agent]")][1]`
	desk.see(thanks, "Thank you.")
	desk.eval(`(() => {
	  const ask = window.fetch;
	  window.late = [];
	  window.fetch = async (...of) => {
	    const answer = await ask(...of);
	    if (/conversations\/[^/]+$/.test(of[0])) await new Promise((go) => late.push(go));
	    return answer;
	  };
	  dispatchEvent(new Event("offline"));
	  dispatchEvent(new Event("online"));
	})()`)
	desk.see(`[document.querySelector("main")].find(() => late.length === 1)`, "")
	last.must("POST", "/api/conversations/"+last.conversation+"/read", object{"seq": 1000})
	desk.see(thanks, "Read")
	desk.eval(`late.pop()()`)
	desk.gone(onPage(`[data-testid=unchecked]`))
	desk.see(thanks, "Read")
	// An edit further up opens in view, all of it, wherever it was.
	for _, above := range []int{0, 20, 40, 60} {
		desk.eval(fmt.Sprintf(`(e => { e.scrollIntoView({block: "end"}); e.closest(".log").scrollBy(0, %d); e.focus({preventScroll: true}) })(document.querySelector("[data-testid=edit-message]"))`, above))
		desk.press(kb.Enter)
		held("[data-testid=edit-text]")
		desk.see(`[document.querySelector("[data-testid=edit-save]")].find(e => e.getBoundingClientRect().bottom <= document.querySelector(".log").getBoundingClientRect().bottom)`, "")
		desk.press(kb.Escape)
		held("[data-testid=edit-message]")
	}

	// What is done with it takes the buttons away.
	desk.run(chromedp.Reload())
	desk.see(onPage(`[data-testid=snooze]`), "")
	desk.eval(`document.querySelector("[data-testid=snooze]").focus()`)
	desk.press(kb.Enter)
	held(".menu button")
	desk.press(kb.Enter)
	desk.see(onPage(`[data-testid=claim]`), "Take it up again")
	held("main")
	desk.eval(`document.querySelector("[data-testid=claim]").focus()`)
	desk.press(kb.Enter)
	desk.see(onPage(`[data-testid=resolve]:enabled`), "")
	held("main")
	desk.eval(`document.querySelector("[data-testid=transfer]").focus()`)
	desk.press(kb.Enter)
	held("[data-testid=transfer-to]")
	desk.choose(onPage(`[data-testid=transfer-to]`), "queue:support")
	desk.eval(`document.querySelector("[data-testid=transfer-send]").focus()`)
	desk.press(kb.Enter)
	desk.see(onPage(`[data-testid=done]`), "Transferred to Support")
	held("main")
	desk.press("t")
	desk.see(onPage(`[data-testid=resolve]:enabled`), "")
	held("main")
	desk.eval(`document.querySelector("[data-testid=resolve]").focus()`)
	desk.press(kb.Enter)
	desk.see(onPage(`.conversation-head`), "Resolved")
	held("main")
	for _, look := range []struct{ dark, phone bool }{{false, false}, {true, false}, {true, true}} {
		desk.look(look.dark, look.phone)
		desk.auditPage("the desk")
	}
}
