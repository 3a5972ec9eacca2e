package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// fill writes a field anew.
func (p *page) fill(element, words string) {
	p.t.Helper()
	p.see(element, "")
	p.eval("(" + element + ").select()")
	p.write(element, words)
}

// TestBrowserAdminDesk sets a desk up as an administrator does, and watches it: queues,
// people, webhooks, ready replies, who waits, how it ended. Every page is judged in
// light, in the dark, and narrow.
func TestBrowserAdminDesk(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	heard := make(chan string, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		select {
		case heard <- r.Header.Get("Webhook-Signature") + string(b):
		default:
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer hook.Close()
	robin, sam := staff(t, info, "admin@fernhill.example"), staff(t, info, "agent@fernhill.example")
	admin := &page{t, ctx}
	admin.accessible()
	named := func(id string) string { return onPage("[data-testid=" + id + "]") }
	open := func(path string) { admin.run(chromedp.Navigate(info.URL + "/admin/" + path)) }
	escape := func() {
		admin.eval(`(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}))`)
	}

	open("queues")
	admin.signIn("admin@fernhill.example", "demo-admin-pass")
	admin.see(onPage(`[data-queue=support]`), "what no other takes")
	// The other pages are a step away, and of this part the nav has all.
	admin.see(named("other-part"), "Answers")
	if nav := admin.eval(`document.querySelector(".bar nav").innerText.split(/\s+/).join(" ").trim()`); nav != "Answers Live Report Queues Replies Team Webhooks" {
		t.Errorf("the header leads to %q", nav)
	}

	// A queue with hours. What is typed is not lost by one key, and what is refused stays.
	admin.eval(named("queue-new") + ".focus()")
	admin.click(named("queue-new"))
	admin.write(named("queue-name"), "Returns desk")
	if said := admin.eval(named("queue-name") + ".validationMessage"); !strings.Contains(said, "only small letters") {
		t.Errorf("of a wrong name is said %q", said)
	}
	admin.fill(named("queue-name"), "returns")
	admin.write(named("queue-title"), "Returns desk")
	escape()
	admin.see(named("unsaved"), "not saved")
	admin.write(named("queue-languages"), "pt")
	admin.click(named("queue-hours"))
	admin.fill(named("queue-zone"), "Mars/Olympus")
	admin.click(`[...document.querySelectorAll("[data-day=mon] button")].at(-1)`)
	admin.see(`[...document.querySelectorAll("[data-day=mon] input[type=time]")].at(2)`, "17:00")
	admin.click(`[...document.querySelectorAll("[data-day=fri] input")].at(0)`)
	admin.write(named("queue-first"), "15")
	admin.click(named("queue-save"))
	admin.see(named("queue-refused"), "no time zone")
	admin.fill(named("queue-zone"), "America/Sao_Paulo")
	admin.write(named("queue-holidays"), "2026-12-25 Christmas Day")
	admin.looks("71-queue")
	admin.click(named("queue-save"))
	admin.see(onPage(`[data-queue=returns]`), "15 min")
	admin.see(onPage(`[data-queue=returns]`), "Mon, Tue, Wed, Thu")
	admin.see(focused(named("queue-new")), "Add a queue") // where the form was opened
	q := list(robin.must("GET", "/api/admin/queues", nil), "items")[0]
	if s := text(q); !strings.Contains(s, `"mon":[["09:00","17:00"],["17:00","24:00"]]`) || !strings.Contains(s, `"fri":[]`) ||
		!strings.Contains(s, `"holidays":[{"date":"2026-12-25","name":"Christmas Day"}]`) || !strings.Contains(s, `"first_reply":"15m0s"`) {
		t.Errorf("the queue is %s", s)
	}

	// Somebody is invited, and a seat changed.
	open("team")
	admin.click(named("invite"))
	admin.write(named("invite-name"), "Ana")
	admin.write(named("invite-email"), "ana@fernhill.example")
	admin.click(named("role-supervisor"))
	admin.click(named("invite-send"))
	admin.see(named("link"), info.URL+"/staff/password#")
	admin.auditPage("an invitation")
	admin.shot("72-invited")
	admin.click(named("invite-done"))
	admin.see(onPage(`[data-email="ana@fernhill.example"]`), "Invited, until")
	admin.click(onPage(`[data-email="agent@fernhill.example"] button`))
	admin.click(named("seat-queue-returns"))
	admin.click(named("seat-queue-support"))
	admin.fill(named("seat-capacity"), "2")
	admin.looks("73-member")
	// Neither another row nor a link nor the page's end takes what is not saved.
	guarded := `String(!dispatchEvent(new Event("beforeunload", {cancelable: true})))`
	if admin.eval(guarded) != "true" {
		t.Error("the page may close over a changed form")
	}
	admin.click(onPage(`[data-email="admin@fernhill.example"] button`))
	admin.see(named("unsaved"), "not saved")
	admin.shot("73-unsaved")
	if left := admin.eval(named("seat-capacity") + ".value"); left != "2" {
		t.Errorf("after another row was pressed the form has %q", left)
	}
	admin.click(onPage(`[data-testid=unsaved] button`))
	admin.click(onPage(`nav [href="/admin/replies"]`))
	admin.see(named("unsaved"), "not saved")
	admin.click(onPage(`[data-testid=unsaved] button`))
	admin.click(onPage(`[data-email="admin@fernhill.example"] button`))
	admin.click(named("unsaved-leave"))
	admin.see(named("member-panel"), "Robin")
	if admin.eval(guarded) != "false" {
		t.Error("an unchanged form holds the page back")
	}
	admin.click(onPage(`[data-email="agent@fernhill.example"] button`))
	admin.click(named("seat-queue-returns"))
	admin.click(named("seat-queue-support"))
	admin.fill(named("seat-capacity"), "2")
	// That the server did not answer is over once it does.
	admin.eval(`window.answers = fetch, window.fetch = () => Promise.reject(new TypeError("away")), ""`)
	admin.click(named("member-save"))
	admin.see(named("member-refused"), "does not answer")
	admin.eval(`window.fetch = answers, ""`)
	admin.see(`{ value: String(document.querySelector("[data-testid=member-refused]") === null) }`, "true")
	admin.click(named("member-save"))
	admin.see(onPage(`[data-email="agent@fernhill.example"]`), "Returns desk, Support")
	admin.click(onPage(`[data-email="agent@fernhill.example"] button`))
	admin.see(named("member-history"), "Robin")

	// A webhook, whose secret is shown once, and a test of it.
	open("webhooks")
	admin.see(named("list-empty"), "Nothing is sent anywhere")
	admin.click(named("webhook-new"))
	admin.write(named("webhook-name"), "crm")
	admin.write(named("webhook-url"), hook.URL)
	admin.click(named("webhook-save"))
	admin.see(named("webhook-secret"), "whsec_")
	secret := admin.eval(named("webhook-secret") + ".innerText.trim()")
	admin.click(named("webhook-done"))
	admin.click(named("webhook-change"))
	admin.click(named("webhook-test"))
	admin.see(onPage(`[data-testid=delivery][data-status=sent]`), "Delivered")
	if got := <-heard; !strings.HasPrefix(got, "v1,") || !strings.Contains(got, "candor.webhook.test") {
		t.Errorf("the webhook was told %q", got)
	}
	admin.looks("74-webhook")
	if strings.Contains(admin.eval(`document.documentElement.outerHTML`), secret) {
		t.Error("the secret is shown again")
	}

	// A ready reply, with what is filled in.
	// A link that was held back leads on once nothing is to be kept; here no further than it must.
	admin.write(named("webhook-url"), "/more")
	admin.eval(`addEventListener("click", e => { window.went = e.defaultPrevented ? "nowhere" : e.target.pathname; e.preventDefault() }), ""`)
	admin.click(onPage(`nav [href="/admin/replies"]`))
	admin.click(named("unsaved-leave"))
	admin.see(`{ value: String(window.went) }`, "/admin/replies")
	open("replies")
	admin.see(onPage(`[data-reply=hello]`), "English")
	admin.click(named("reply-new"))
	admin.write(named("reply-title"), "We are on it")
	admin.write(named("reply-text"), "Thank you. I am ")
	admin.click(named("variable-agent"))
	admin.see(named("reply-sample"), "I am Sam")
	admin.choose(named("reply-queue"), "support")
	if seen := admin.eval(`String(` + named("reply-change") + `.offsetParent !== null)`); seen != "true" {
		t.Error("beside an open reply no other can be opened")
	}
	admin.looks("75-reply")
	admin.click(named("reply-save"))
	admin.see(onPage(`[data-reply=we-are-on-it]`), "Support")

	// Who waits shows by itself, and is given to an agent.
	open("desk")
	admin.see(named("live-nobody"), "Nobody is waiting")
	maya := customer(t, info, "maya")
	maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", nil)
	ticket := fmt.Sprintf(`[data-testid=live-ticket][data-conversation=%q]`, maya.conversation)
	admin.see(onPage(`[data-testid=live-waiting] `+ticket), "Asked for a person")
	admin.see(onPage(ticket), maya.conversation[len(maya.conversation)-6:])
	admin.looks("76-live")
	id := admin.eval(`[...` + onPage(ticket+` select`) + `.options].find(o => o.text.startsWith("Sam")).value`)
	admin.choose(onPage(ticket+` select`), id)
	admin.see(onPage(`[data-testid=live-agent]:has(`+ticket+`)`), "Sam")
	admin.see(onPage(ticket), "Listen in")
	admin.see(named("live-nobody"), "Nobody is waiting")
	admin.shot("76-live-given")

	// Who leads the desk looks on, and may give it away; nobody is offered conversations
	// because they looked.
	admin.follow(named("listen"))
	admin.see(named("listening"), "You are listening in")
	admin.see(named("transfer"), "Assign")
	admin.see(`{ value: `+named("presence")+`?.value }`, "away")
	me := robin.must("GET", "/api/desk/me", nil)
	if me["status"] == "online" {
		t.Errorf("who listens is %v", me["status"])
	}
	admin.choose(named("presence"), "busy")
	admin.run(chromedp.Reload())
	admin.see(`{ value: `+named("presence")+`?.value }`, "busy")
	open("desk")

	// It ends, and the report has it.
	at := "/api/desk/conversations/" + maya.conversation
	if ready := text(sam.must("GET", "/api/desk/canned?conversation="+maya.conversation, nil)); !strings.Contains(ready, "Thank you. I am Sam") {
		t.Errorf("the agent is offered %s", ready)
	}
	sam.must("POST", at+"/messages", object{"text": "Hello"})
	sam.must("POST", at+"/resolve", nil)
	admin.see(`document.body`, "0 of 2")
	open("report")
	admin.see(named("report-row"), "1")
	admin.choose(named("filter-by"), "queue")
	admin.see(onPage(`[data-testid=report-row][data-key=support]`), "Support")
	if came := admin.eval(onPage(`[data-key=support] td`) + ".innerText"); came != "1" {
		t.Errorf("the report counts %s", came)
	}
	admin.looks("77-report")
	csv := admin.eval(named("report-csv") + `.getAttribute("href")`)
	if _, _, b := robin.raw("GET", csv, "", nil); !strings.HasPrefix(string(b), "queue,tickets,") || !strings.Contains(string(b), "\nsupport,1,") {
		t.Errorf("the table for other programs, at %s, is %s", csv, b)
	}
}
