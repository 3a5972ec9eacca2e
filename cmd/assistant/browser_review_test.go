package main

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"candor/identity"
)

// choose picks a value of a select.
func (p *page) choose(element, value string) {
	p.t.Helper()
	p.see(element, "")
	p.eval(fmt.Sprintf(`(e => { e.value = %q; e.dispatchEvent(new Event("change", {bubbles: true})) })(%s)`, value, element))
}

// follow goes where a link leads.
func (p *page) follow(link string) {
	p.t.Helper()
	p.see(link, "")
	p.run(chromedp.Navigate(p.eval("(" + link + ").href")))
}

// narrow makes the page as narrow as WCAG 1.4.10 asks a page to bear, and checks that it does.
func (p *page) narrow(what string) {
	p.t.Helper()
	p.run(command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 320, Height: 844, DeviceScaleFactor: 1, Mobile: true}))
	p.auditPage(what + " at 320")
	wide := p.eval(`[document.documentElement, ...document.querySelectorAll("main, aside")].filter(e => e.scrollWidth > e.clientWidth).map(e => e.tagName + " by " + (e.scrollWidth - e.clientWidth)).join()`)
	if wide != "" {
		p.t.Errorf("%s does not fit into 320 pixels: %s", what, wide)
	}
	p.shot(what + "-320")
	p.look(false, false)
}

// looks audits the page in light, dark, and 320 pixels, and takes pictures.
func (p *page) looks(what string) {
	p.t.Helper()
	p.auditPage(what)
	p.shot(what)
	p.look(true, false)
	p.auditPage(what + " in the dark")
	p.shot(what + "-dark")
	p.look(false, false)
	p.narrow(what)
}

// reviewedDemo is a demo in which two customers have asked: one of them lets answers be
// measured, and complains.
type reviewedDemo struct {
	info            demoInfo
	maya, tomas     *client
	order, delivery string // ids of answers, of both
	complaint       string
}

func newReviewedDemo(t *testing.T) reviewedDemo {
	t.Helper()
	d := reviewedDemo{info: startDemo(t)}
	d.maya, d.tomas = customer(t, d.info, "maya"), customer(t, d.info, "tomas")
	d.maya.consent(change("answers", "orders", "brand_ai", true), change("improvement", "conversation", "brand_ai", true))
	a := d.maya.ask("Where is my order?")
	if !strings.Contains(text(a), "FH-20871") {
		t.Fatalf("the answer is %v", a["text"])
	}
	d.order = a["id"].(string)
	d.delivery = d.tomas.ask("How long do I have to return a jacket?")["id"].(string)
	d.complaint = d.maya.must("POST", "/api/answers/"+d.order+"/complaint", object{"kind": "wrong", "text": "It has not come."})["request_id"].(string)
	d.maya.must("POST", "/api/conversations/"+d.maya.conversation+"/handoff", nil)
	sam := staff(t, d.info, "agent@fernhill.example")
	sam.must("POST", "/api/desk/conversations/"+d.maya.conversation+"/claim", nil)
	sam.must("POST", "/api/desk/conversations/"+d.maya.conversation+"/flag", object{"answer_id": d.order, "kind": "wrong_source", "note": "The carrier says otherwise."})
	return d
}

// admin opens a page of the admin's, signed in.
func (d reviewedDemo) admin(t *testing.T) *page {
	t.Helper()
	p := &page{t, browser(t)}
	p.accessible()
	p.run(chromedp.Navigate(d.info.URL + "/admin"))
	p.signIn("admin@fernhill.example", "demo-admin-pass")
	p.see(onPage(`[data-testid=entry]`), "")
	return p
}

func row(answer string) string { return onPage(fmt.Sprintf(`[data-row=%q]`, answer)) }

func rowLink(answer string) string { return onPage(fmt.Sprintf(`[data-row=%q] a`, answer)) }

// TestBrowserReview: nothing sealed is on the page before there is a reason; with one an
// answer is read with its sources, consents and proof, and gets a verdict.
func TestBrowserReview(t *testing.T) {
	d := newReviewedDemo(t)
	admin := d.admin(t)
	sealed := func(when string) {
		t.Helper()
		kept := admin.eval(`document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`)
		for _, s := range []string{"Where is my order", "return a jacket", "FH-20871"} {
			if strings.Contains(kept, s) {
				t.Errorf("%s: the page holds %q", when, s)
			}
		}
	}
	admin.see(row(d.order), "Sealed")
	admin.see(row(d.order), "Complaint")
	admin.see(row(d.order), "Flagged")
	admin.see(row(d.order), "Not reviewed")
	sealed("the list without a reason")
	admin.looks("51-log-sealed")
	admin.eval(rowLink(d.order) + `.focus()`)
	admin.eval(rowLink(d.order) + `.click()`)
	admin.see(onPage(`[data-testid=closed-text]`), "Open them for")
	admin.see(onPage(`[data-testid=complaint]`), "due")
	sealed("an answer without a reason")
	if focus := admin.eval(`document.activeElement.tagName`); focus != "H2" {
		t.Errorf("the focus is on %s", focus)
	}
	admin.looks("52-answer-sealed")
	if s := text(d.maya.must("GET", "/api/me/usage", nil)); strings.Contains(s, `"reason":"`) {
		t.Errorf("a look is recorded, and nothing was opened: %s", s)
	}

	// The reason is asked once, for the list too, and is not in the address.
	admin.choose(onPage(`[data-testid=reason-here]`), "complaint")
	admin.see(onPage(`[data-testid=detail] h2`), "Where is my order?")
	admin.see(row(d.delivery), "return a jacket")
	if at := admin.eval(`location.href`); strings.Contains(at, "complaint") {
		t.Errorf("the address is %s", at)
	}
	if s := text(d.maya.must("GET", "/api/me/usage", nil)); !strings.Contains(s, `"reason":"complaint"`) {
		t.Errorf("the customer does not see why it was opened: %s", s)
	}

	// The source as it was, and as it is; what the customer read before the yes.
	admin.click(onPage(`[data-testid=chip].personal`))
	admin.see(onPage(`[data-testid=quote-then] mark`), "FH-20871")
	admin.see(onPage(`[data-testid=quote-now]`), "Says the same")
	admin.see(onPage(`[data-testid=grant]`), "The answer relied on this")
	admin.eval(onPage(`[data-testid=notice]`) + `.click()`)
	admin.see(onPage(`details.notice[open]`), "Fernhill Outdoor")
	admin.see(onPage(`[data-testid=flag]`), "The carrier says otherwise.")
	admin.see(onPage(`[data-testid=spent]`), "no language model")
	admin.looks("53-answer")

	// The proof.
	admin.see(onPage(`[data-testid=proof]`), "signed checkpoint")
	files := t.TempDir()
	admin.run(command(cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: files,
	}))
	admin.click(onPage(`[data-testid=proof-save]`))
	b := saved(t, files, "receipt-"+d.order+".json")
	if !strings.Contains(string(b), "candor.answer-receipt/1") {
		t.Errorf("the file of the proof is %.200s", b)
	}
	// People count its entries from 1, the proof from 0.
	_, after, _ := strings.Cut(string(b), `\nindex `)
	index, _, _ := strings.Cut(after, `\n`)
	n, err := strconv.Atoi(index)
	if shown := admin.eval(onPage(`[data-testid=leaf-index]`) + `.innerText`); err != nil || shown != strconv.Itoa(n+1) {
		t.Errorf("its place in the log is %q, of the index %q: %v", shown, index, err)
	}
	admin.see(onPage(`[data-testid=proof]`), "--key")

	// A verdict, with a note, and who is to look again.
	admin.write(onPage(`[data-testid=review-note]`), "The carrier lost it.")
	admin.click(onPage(`[data-testid=verdict-unsupported]`))
	admin.see(onPage(`[data-testid=review-given]`), "Not supported")
	admin.see(onPage(`[data-testid=review-line]`), "The carrier lost it.")
	admin.see(row(d.order), "Not supported")
	if left := admin.eval(onPage(`[data-testid=review-note]`) + `.value`); left != "" {
		t.Errorf("the note that was taken is still there: %q", left)
	}
	admin.see(onPage(`[data-testid=assign]`), "Robin (me)")
	me := admin.eval(`[...` + onPage(`[data-testid=assign]`) + `.options].find(o => o.text.includes("(me)")).value`)
	admin.choose(onPage(`[data-testid=assign]`), me)
	admin.see(row(d.order), "Robin")
	admin.run(chromedp.Reload())
	admin.see(onPage(`[data-testid=review-line]`), "The carrier lost it.") // the tab remembers the reason
	admin.see(row(d.order), "Robin")

	// The keyboard leaves it, and the filters find it.
	admin.eval(onPage(`[data-testid=detail]`) + `.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}))`)
	if focus := admin.eval(`document.activeElement.closest("[data-row]")?.dataset.row`); focus != d.order {
		t.Errorf("the focus is on %q", focus)
	}
	rows := func(filter, value string, want ...string) {
		t.Helper()
		admin.choose(onPage(fmt.Sprintf(`[data-testid=filter-%s]`, filter)), value)
		admin.see(onPage(fmt.Sprintf(`[data-testid=active-%s]`, filter)), "")
		found := fmt.Sprintf(`[...document.querySelectorAll("[data-row]")].map(e => e.dataset.row).join() === %q`, strings.Join(want, ","))
		if _, err := chromedp.Run(admin.ctx, chromedp.Poll[bool](found, chromedp.WithPollingTimeout(10*time.Second))); err != nil {
			t.Errorf("%s=%s: the list has %s", filter, value, admin.eval(`[...document.querySelectorAll("[data-row]")].map(e => e.dataset.row).join()`))
		}
		admin.click(onPage(fmt.Sprintf(`[data-testid=active-%s]`, filter)))
		admin.gone(onPage(fmt.Sprintf(`[data-testid=active-%s]`, filter)))
	}
	rows("verdict", "unsupported", d.order)
	rows("reviewed", "false", d.delivery)
	admin.click(onPage(`[data-testid=more-filters]`))
	admin.shot("54-filters")
	rows("complaint", "true", d.order)
	rows("flagged", "false", d.delivery)
	rows("assigned", me, d.order)
	rows("assigned", "none", d.delivery)
	rows("category", "orders", d.order)

	// The file has what the filters leave, opened for the same reason.
	admin.choose(onPage(`[data-testid=filter-verdict]`), "unsupported")
	admin.see(onPage(`[data-testid=active-verdict]`), "Not supported")
	admin.click(onPage(`[data-testid=export-menu]`))
	admin.shot("54-export")
	admin.auditPage("the export")
	admin.click(onPage(`[data-testid=export-csv]`))
	lines, err := csv.NewReader(strings.NewReader(string(saved(t, files, "*.csv")))).ReadAll()
	if err != nil || len(lines) != 2 || !strings.Contains(strings.Join(lines[1], "|"), "Where is my order?") {
		t.Errorf("the file is %v, %v", lines, err)
	}

	// Sealed again, nothing of it stays.
	admin.choose(onPage(`[data-testid=reason]`), "")
	admin.see(row(d.order), "Sealed")
	sealed("sealed again")

	// Who looked is in the access log.
	admin.run(chromedp.Navigate(d.info.URL + "/admin/access-log?reason=complaint"))
	admin.see(onPage(`[data-testid=access]`), "Robin")
	admin.see(onPage(`[data-testid=access]`), "A complaint")
	admin.looks("55-access-log")
	admin.run(chromedp.Navigate(d.info.URL + "/admin/access-log?customer=cus_nobody"))
	admin.see(onPage(`[data-testid=list-empty]`), "No looks match.")

	// What was found is counted, and the complaint leads to its answer.
	admin.run(chromedp.Navigate(d.info.URL + "/admin/quality"))
	admin.see(onPage(`[data-testid=quality-total]`), "1 review of 1 answer")
	admin.looks("56-quality")
	admin.run(chromedp.Navigate(d.info.URL + "/admin/requests#" + d.complaint))
	admin.see(onPage(`[data-testid=request-detail]`), "It has not come.")
	admin.follow(onPage(`[data-testid=request-answer]`))
	admin.see(onPage(`[data-testid=detail]`), "Question and answer are sealed")
}

// TestBrowserSample: a sample is only of customers who let answers be measured, and is gone
// through with the keyboard.
func TestBrowserSample(t *testing.T) {
	d := newReviewedDemo(t)
	second := d.maya.must("POST", "/api/conversations", nil)["id"].(string)
	d.maya.conversation = second
	later := d.maya.ask("Do you ship to Portugal?")["id"].(string)
	d.maya.ask("How long do I have to return a jacket?")
	admin := d.admin(t)
	admin.click(onPage(`[data-testid=sample-menu]`))
	admin.click(onPage(`[data-testid=sample-complaint]`))
	admin.click(onPage(`[data-testid=sample-take]`))
	admin.see(onPage(`[data-testid=sample-place]`), "1 of 1")
	admin.see(onPage(`[data-testid=detail] h2`), "Where is my order?")
	if s := text(d.tomas.must("GET", "/api/me/usage", nil)); strings.Contains(s, `"reason":"`) {
		t.Errorf("what is not in the sample was opened: %s", s)
	}
	admin.choose(onPage(`[data-testid=reason]`), "")
	admin.click(onPage(`[data-testid=sample-leave]`))
	admin.see(row(d.delivery), "Sealed")

	admin.click(onPage(`[data-testid=sample-menu]`))
	admin.shot("57-sample-menu")
	admin.auditPage("the menu of samples")
	admin.click(onPage(`[data-testid=sample-low_score]`))
	admin.click(onPage(`[data-testid=sample-take]`))
	admin.see(onPage(`[data-testid=sample-place]`), "1 of 2")
	if found := admin.eval(`[...document.querySelectorAll("[data-row]")].map(e => e.dataset.row).sort().join()`); strings.Contains(found, d.delivery) || !strings.Contains(found, later) {
		t.Errorf("the sample has %s", found)
	}
	admin.see(onPage(`[data-testid=detail] [data-testid=sentence], [data-testid=detail] .answer-text`), ".")
	first := admin.eval(`location.hash`)
	admin.looks("57-sample")
	admin.click(onPage(`[data-testid=verdict-correct]`))
	admin.see(onPage(`[data-testid=review-given]`), "Correct")
	admin.see(focused(onPage(`[data-testid=sample-next]`)), "") // what comes next
	admin.see(onPage(`[data-testid=sample-count]`), "1 reviewed")
	alt := func(key string) {
		admin.eval(fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: %q, altKey: true, bubbles: true}))`, key))
	}
	alt("ArrowDown")
	admin.see(onPage(`[data-testid=sample-place]`), "2 of 2")
	alt("ArrowUp")
	admin.see(onPage(`[data-testid=sample-place]`), "1 of 2")
	if now := admin.eval(`location.hash`); now != first {
		t.Errorf("back is %s, and was %s", now, first)
	}
	admin.click(onPage(`[data-testid=sample-leave]`))
	admin.see(row(d.delivery), "Stays sealed") // they have not allowed it
	admin.click(rowLink(d.delivery))
	admin.see(onPage(`[data-testid=closed-text]`), "has not agreed")
	admin.shot("58-sample-sealed")
}

// TestBrowserFollowUp: a source is hidden and shown again, its readers are told what is
// right, and an incident is recorded.
func TestBrowserFollowUp(t *testing.T) {
	d := newReviewedDemo(t)
	admin := d.admin(t)
	admin.choose(onPage(`[data-testid=reason]`), "incident")
	admin.click(rowLink(d.delivery))
	admin.see(onPage(`[data-testid=detail] h2`), "return a jacket")
	admin.click(onPage(`[data-testid=hide-source]`))
	admin.see(onPage(`[data-testid=uses]`), "1 answer")
	admin.write(onPage(`[data-testid=hide-note]`), "Out of date since October.")
	admin.eval(onPage(`[data-testid=hide-form]`) + `.scrollIntoView({block: "center"})`)
	admin.looks("61-hide")
	admin.click(onPage(`[data-testid=hide-confirm]`))
	admin.see(onPage(`[data-testid=follow-up]`), "Hidden")
	admin.click(onPage(`[data-testid=chip]`))
	admin.see(onPage(`[data-testid=quote-now]`), "Is hidden from answers")
	if a := customer(t, d.info, "olena").ask("How long do I have to return a jacket?"); a["status"] == "answered" && strings.Contains(text(a["used"]), "Returns") {
		t.Errorf("it is hidden, and used: %s", text(a["used"]))
	}

	// A correction: first who gets it, then it is sent.
	admin.click(onPage(`[data-testid=correct]`))
	admin.click(onPage(`[data-testid=correction-record]`))
	admin.write(onPage(`[data-testid=correction-text]`), "It is 14 days, not 30.")
	// The count fails once.
	admin.eval(`(window.fetch = (real => (path, options) => {
	  if (!String(path).endsWith("/uses")) return real(path, options);
	  window.fetch = real;
	  return Promise.reject(new TypeError("no line"));
	})(window.fetch), true)`)
	admin.click(onPage(`[data-testid=correction-next]:enabled`))
	admin.see(onPage(`[data-testid=correction-count]`), "not known")
	admin.see(onPage(`[data-testid=correction-refused]`), "")
	admin.write(onPage(`[data-testid=correction-text]`), " Sorry.")
	admin.click(onPage(`[data-testid=correction-next]:enabled`))
	admin.see(onPage(`[data-testid=correction-count]`), "1 conversation")
	admin.eval(onPage(`[data-testid=correction-form]`) + `.scrollIntoView({block: "center"})`)
	admin.looks("62-correction")
	admin.click(onPage(`[data-testid=correction-send]:enabled`))
	admin.see(onPage(`[data-testid=correction-sent]`), "is in 1 conversation")
	messages := list(d.tomas.must("GET", "/api/conversations/"+d.tomas.conversation, nil), "messages")
	if last := messages[len(messages)-1]; last["from"] != "system" || !strings.Contains(last["text"].(string), "It is 14 days, not 30.") {
		t.Errorf("the customer reads %v", last)
	}

	// An incident, from the answer.
	admin.follow(onPage(`[data-testid=record-incident]`))
	admin.see(onPage(`[data-testid=new-notes]`), d.delivery)
	admin.write(onPage(`[data-testid=new-title]`), "A wrong period was told")
	admin.choose(onPage(`[data-testid=new-kind]`), "wrong_answer")
	admin.looks("63-incident-new")
	admin.click(onPage(`[data-testid=new-save]`))
	admin.see(onPage(`[data-testid=clock-gdpr]`), "Tell the authority by")
	admin.see(onPage(`[data-testid=clock-anpd]`), "the customers by")
	admin.looks("64-incident")
	admin.write(onPage(`[data-testid=incident-note]`), "Filed, number 77.")
	admin.click(onPage(`[data-testid=told-authority-choice]`))
	admin.click(onPage(`[data-testid=incident-told]:enabled`))
	admin.see(onPage(`[data-testid=clock-gdpr]`), "Told")
	admin.see(onPage(`[data-testid=clock-anpd]`), "Tell the authority and the customers")
	admin.see(onPage(`[data-testid=incident-event]:last-child`), "Filed, number 77.")
	admin.click(onPage(`[data-testid=incident-close]`))
	admin.see(onPage(`[data-testid=incident-detail]`), "Closed")
	admin.click(onPage(`[data-testid=incident-detail-close]`))
	admin.see(onPage(`[data-testid=incident]`), "A wrong period was told")
	admin.looks("65-incidents")

	// What is hidden is listed, with who hid it and why, until it is shown again.
	admin.run(chromedp.Navigate(d.info.URL + "/admin/sources"))
	admin.see(onPage(`[data-testid=hidden-source]`), "Out of date since October.")
	admin.see(onPage(`[data-testid=hidden-source]`), "Robin")
	admin.looks("66-sources")
	admin.click(onPage(`[data-testid=show-source]`))
	admin.click(onPage(`[data-testid=hide-confirm]`))
	admin.see(onPage(`[data-testid=list-empty]`), "No source is hidden")
	if a := customer(t, d.info, "olena").ask("How long do I have to return a jacket?"); !strings.Contains(text(a), "30 days") {
		t.Errorf("it is shown again, and the answer is %v", a["text"])
	}
}

// TestBrowserReviewTrouble: while the server is away the page says so, and reads the list
// once it is back.
func TestBrowserReviewTrouble(t *testing.T) {
	d := newReviewedDemo(t)
	lb := startBalancer(t, d.info)
	d.info.URL = lb.url
	admin := d.admin(t)
	for _, path := range []string{"", "/access-log", "/incidents", "/sources", "/quality"} {
		admin.run(chromedp.Navigate(lb.url + "/admin" + path))
		admin.see(onPage(`nav`), "")
		lb.set(away)
		admin.run(chromedp.Reload())
		admin.see(onPage(`[data-testid=banner]`), "Live updates are delayed")
		lb.set(fine)
		admin.gone(onPage(`[data-testid=banner]`))
		admin.see(onPage(`tbody tr, [data-testid=list-empty]`), "")
	}
	admin.run(chromedp.Navigate(lb.url + "/admin#ans_unknown"))
	admin.run(chromedp.Reload())
	admin.see(onPage(`[data-testid=detail] .problem`), "no such answer")
	admin.shot("67-unknown")
}

// TestBrowserReviewRoles: each role has the pages and the buttons that are for it.
func TestBrowserReviewRoles(t *testing.T) {
	ctx := browser(t)
	r := newReplicas(t, t.Output())
	a := r.start("a")
	password, err := identity.HashPassword("a-long-password")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []identity.Role{identity.RoleReviewer, identity.RolePrivacy, identity.RoleAuditor, identity.RoleAnalyst} {
		err := a.store.AddStaff(t.Context(), identity.StaffMember{
			ID: identity.StaffID("stf_" + role), Email: string(role) + "@fernhill.example", Name: string(role), Roles: []identity.Role{role}, Password: password,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	asked := customer(t, demoInfo{URL: a.url, Site: string(demoSite)}, "tomas").ask("How long do I have to return a jacket?")["id"].(string)
	admin := &page{t, ctx}
	for _, tt := range []struct {
		role, pages, does string // by their test ids, in the order of the page
	}{
		{"reviewer", "Citation log|Quality|Sources|Incidents", "assign verdict-correct hide-source correct"},
		{"privacy", "Citation log|Quality|Requests|Sources|Incidents|Access log", "record-incident"},
		{"auditor", "Desk|Citation log|Quality|Requests|Sources|Incidents|Access log", ""},
		{"analyst", "", ""},
	} {
		admin.run(chromedp.Navigate(a.url + "/admin"))
		admin.signIn(tt.role+"@fernhill.example", "a-long-password")
		if tt.role == "analyst" { // numbers only, to which they are led
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				at, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.pathname"))
				if err == nil && at == "/admin/quality" {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("an analyst is on %s: %v", at, err)
				}
			}
			admin.see(onPage(`[data-testid=list-empty]`), "Nothing was reviewed")
			continue
		}
		admin.see(onPage(`[data-testid=entry]`), "Sealed")
		if got := admin.eval(`[...document.querySelectorAll("nav .page-link")].map(e => e.innerText).join("|")`); got != tt.pages {
			t.Errorf("%s has the pages %s, not %s", tt.role, got, tt.pages)
		}
		admin.choose(onPage(`[data-testid=reason]`), "legal")
		admin.see(row(asked), "return a jacket")
		admin.click(rowLink(asked))
		admin.see(onPage(`[data-testid=detail] h2`), "return a jacket")
		const buttons = `["assign", "verdict-correct", "hide-source", "correct", "record-incident"].filter(id => document.querySelector("[data-testid=" + id + "]")).join(" ")`
		if got := admin.eval(buttons); got != tt.does {
			t.Errorf("%s may do %q, not %q", tt.role, got, tt.does)
		}
		admin.shot("68-" + tt.role)
		admin.click(`[...document.querySelectorAll("button")].find(e => e.innerText === "Sign out")`)
		admin.see(onPage(`[data-testid=login-email]`), "")
		// Nobody who signs in next finds what was opened, or that it was.
		if kept := admin.eval(`document.documentElement.outerHTML + JSON.stringify(sessionStorage)`); strings.Contains(kept, "jacket") || strings.Contains(kept, "legal") {
			t.Errorf("after %s has signed out the page holds what was opened", tt.role)
		}
	}
}
