package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	_ "modernc.org/sqlite"
)

// late makes a request of a stopped demo one that was asked some days ago.
func late(t *testing.T, dir, id string, days int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "candor.db"))
	if err != nil {
		t.Fatal(err)
	}
	ago := (time.Duration(days) * 24 * time.Hour).Microseconds()
	_, err = db.ExecContext(t.Context(), "UPDATE requests SET at = at - ?, due = due - ? WHERE id = ?", ago, ago, id)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestOverdue: what is late is counted, comes first, and is in the log, without a
// name.
func TestOverdue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	carla := customer(t, info, "carla")
	carla.must("POST", "/api/me/requests", object{"kind": "access"})
	id := carla.must("POST", "/api/me/requests", object{"kind": "complaint", "text": "Nobody answers."})["id"].(string)
	stop()
	late(t, dir, id, 40)
	var log syncBuffer
	info, _ = runDemo(t, &log, "--data-dir", dir)
	robin := staff(t, info, "admin@fernhill.example")
	items := list(robin.must("GET", "/api/admin/requests", nil), "items")
	if len(items) != 2 || items[0]["id"] != id || items[0]["overdue"] != true || items[1]["overdue"] != false {
		t.Errorf("the list is %v", items)
	}
	if items := list(robin.must("GET", "/api/admin/requests?overdue=true", nil), "items"); len(items) != 1 || items[0]["id"] != id {
		t.Errorf("late are %v", items)
	}
	_, _, metrics := newClient(t, info.URL).raw("GET", "/metrics", "", nil)
	if !strings.Contains(string(metrics), `candor_requests_overdue{kind="complaint"} 1`) {
		t.Error("the metrics do not count it")
	}
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "are overdue"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the log does not say so")
		}
	}
	if s := log.String(); !strings.Contains(s, "requests=1") || strings.Contains(s, id) || strings.Contains(s, carla.customer) || strings.Count(s, "are overdue") != 1 {
		t.Errorf("the log says %s", s)
	}
}

// auditPage runs axe-core's rules of WCAG A and AA on the page.
func (p *page) auditPage(what string) {
	p.t.Helper()
	const run = `(async () => {
	  if (!window.axe) return "";
	  for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame);
	  const { violations } = await axe.run(document, {
	    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"], elementRef: false,
	  });
	  return violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => "  " + n.html).join("\n")).join("\n");
	})()`
	found, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	if found != "" {
		p.t.Errorf("%s is not accessible:\n%s", what, found)
	}
}

// TestBrowserRequests walks through the requests as an administrator does.
func TestBrowserRequests(t *testing.T) {
	ctx := browser(t)
	dir := t.TempDir()
	info, stop := runDemo(t, t.Output(), "--data-dir", dir)
	backend(t, info).must("POST", "/api/records", []object{{"id": "ord-1", "customer": "carla", "category": "orders", "text": "Your tent was shipped."}})
	admin := &page{t, ctx}
	admin.accessible()
	admin.run(chromedp.Navigate(info.URL + "/admin/requests"))
	admin.signIn("admin@fernhill.example", "demo-admin-pass")
	admin.see(onPage(`[data-testid=list-empty]`), "Nobody has asked anything yet")
	admin.shot("40-requests-empty")
	carla, omar, visitor := customer(t, info, "carla"), customer(t, info, "omar"), customer(t, info, "")
	complaint := carla.must("POST", "/api/me/requests", object{"kind": "complaint", "text": "I have asked three times for somebody to call me back.\nNobody did."})["id"].(string)
	dispute := carla.must("POST", "/api/me/records/ord-1/dispute", object{"text": "It says that my tent was shipped. It was not."})["id"].(string)
	omar.must("POST", "/api/me/requests", object{"kind": "access"})
	visitor.must("POST", "/api/me/requests", object{"kind": "erasure", "text": "Please delete what I wrote, <b>all</b> of it."})
	stop()
	late(t, dir, complaint, 33)
	info, _ = runDemo(t, t.Output(), "--data-dir", dir)

	admin.run(chromedp.Navigate(info.URL + "/admin/requests"))
	if strings.Contains(admin.eval(`document.cookie`), "=") { // the address is another: its session too
		t.Error("the cookie can be read by scripts")
	}
	admin.see(onPage(`body`), "")
	admin.eval(`new Promise(r => setTimeout(r, 500))`)
	if admin.eval(`!!document.querySelector("[data-testid=login-email]")`) == "true" {
		admin.signIn("admin@fernhill.example", "demo-admin-pass")
	}
	rows := func(n int) {
		t.Helper()
		admin.see(onPage(`[data-testid=request]`), "")
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](fmt.Sprintf(`document.querySelectorAll("[data-testid=request]").length === %d`, n),
			chromedp.WithPollingTimeout(10*time.Second))); err != nil {
			t.Errorf("not %d requests: %v", n, err)
		}
	}
	rows(4)
	admin.see(onPage(`[data-testid=request]`), "days late") // the first
	admin.see(onPage(`[data-testid=request-counts]`), "4 open, 1 late")
	admin.shot("41-requests")
	admin.auditPage("the list")
	admin.look(true, false)
	admin.auditPage("the list in the dark")
	admin.shot("41-requests-dark")
	admin.look(false, true)
	admin.shot("41-requests-phone")
	if wide := admin.eval(`document.documentElement.scrollWidth - innerWidth`); wide != "0" {
		t.Errorf("on a phone the page is %s pixels too wide", wide)
	}
	admin.look(false, false)

	// The filters live in the address; Back undoes one.
	admin.eval(`(e => { e.value = "complaint"; e.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector("[data-testid=filter-kind]"))`)
	rows(1)
	admin.eval(`history.back()`)
	rows(4)
	admin.click(onPage(`[data-testid=filter-overdue]`))
	rows(1)
	admin.click(onPage(`[data-testid=filter-overdue]`))
	rows(4)

	// The keyboard reaches a request, and comes back to it.
	admin.eval(fmt.Sprintf(`document.querySelector("[data-row=%s] a").focus()`, dispute))
	admin.eval(fmt.Sprintf(`document.querySelector("[data-row=%s] a").click()`, dispute))
	admin.see(onPage(`[data-testid=request-detail]`), "It was not.")
	admin.see(onPage(`[data-testid=request-detail]`), "not searched")
	if focus := admin.eval(`document.activeElement.tagName`); focus != "H2" {
		t.Errorf("the focus is on %s", focus)
	}
	admin.click(onPage(`[data-testid=act-done]`))
	admin.see(onPage(`[data-testid=act-refused]`), "what became of the record")
	admin.shot("42-request")
	admin.auditPage("a request")
	admin.look(true, false)
	admin.auditPage("a request in the dark")
	admin.shot("42-request-dark")
	admin.look(false, true)
	admin.shot("42-request-phone")
	admin.look(false, false)
	admin.click(onPage(`[data-testid=act-start]`))
	admin.see(onPage(`[data-testid=request-detail]`), "In progress")
	admin.write(onPage(`[data-testid=act-note]`), "You are right: the carrier had lost it. We corrected the order.")
	admin.click(onPage(`[data-testid=act-told]`))
	admin.click(onPage(`[data-testid=outcome-corrected]`))
	admin.click(onPage(`[data-testid=act-done]`))
	admin.see(onPage(`[data-testid=request-detail]`), "Closed as done")
	admin.see(onPage(`[data-testid=request-event]:last-child`), "The record was corrected at its source.")
	admin.see(onPage(`[data-testid=request-event]:last-child`), "The customer reads this.")
	if left := admin.eval(`document.querySelector("[data-testid=act-note]").value`); left != "" {
		t.Errorf("the note that was taken is still there: %q", left)
	}
	admin.shot("43-request-done")
	admin.eval(`document.querySelector("[data-testid=request-detail]").dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}))`)
	if focus := admin.eval(`document.activeElement.closest("[data-row]")?.dataset.row`); focus != dispute {
		t.Errorf("the focus is on %q", focus)
	}
	admin.see(onPage(`[data-testid=request-counts]`), "3 open, 1 late")
	admin.run(chromedp.Navigate(info.URL + "/admin/requests#req_unknown"))
	admin.run(chromedp.Reload())
	admin.see(onPage(`[data-testid=request-detail]`), "There is no such request")
	admin.shot("44-request-unknown")
	admin.run(chromedp.Navigate(info.URL + "/admin"))
	admin.see(onPage(`nav`), "Requests")
	admin.shot("45-log")
}
