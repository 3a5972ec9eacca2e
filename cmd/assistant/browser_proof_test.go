package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"candor/citation"
)

// ofLastAnswer is what belongs to the last answer in the widget, once it is finished.
func ofLastAnswer(selector string) string {
	return fmt.Sprintf(`%s?.closest("[data-testid=message]")?.querySelector(%q)`, lastAnswer, selector)
}

var lastAnswer = fmt.Sprintf(`[...(%s?.querySelectorAll("[data-testid=answer]") ?? [])].at(-1)`, inWidget("body"))

// focused is an element that has the focus.
func focused(element string) string {
	return fmt.Sprintf(`(e => e && e.ownerDocument.activeElement === e ? e : null)(%s)`, element)
}

// answering is a way to the server that says what its test wants of the calls that it
// names.
const answering = `(frame => {
  const real = frame.fetch;
  frame.says = {};
  frame.fetch = (path, options) => {
    const end = Object.keys(frame.says).find((e) => String(path).endsWith(e));
    const says = end && frame.says[end].shift();
    if (!says) return real(path, options);
    if (says.cut) return Promise.reject(new TypeError("cut"));
    return Promise.resolve(new frame.Response(JSON.stringify(says.body), { status: says.status, headers: says.headers }));
  };
})(` + widgetFrame + `)`

const widgetFrame = `document.querySelector("candor-chat").shadowRoot.querySelector("iframe").contentWindow`

// says lets the next calls of paths that end so be answered by these, in order.
func (p *page) says(end string, answers ...string) {
	p.t.Helper()
	p.eval(fmt.Sprintf("(%s.says[%q] = [%s])", widgetFrame, end, strings.Join(answers, ",")))
}

// TestBrowserProof: a customer reads what they can prove of an answer, and keeps a file
// that proves it to anybody; once the details are deleted, it says so.
func TestBrowserProof(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	files := t.TempDir()
	shop := &page{t, ctx}
	test := func(id string) string { return inWidget(fmt.Sprintf("[data-testid=%q]", id)) }
	proof, shown := ofLastAnswer("[data-testid=proof]"), test("proof-shown")
	shop.run(command(cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: files,
	}))
	shop.accessible()
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.look(false, true)
	shop.click(onPage(`[data-testid=step-1]`))
	shop.click(test("offer-standing"))
	shop.see(lastAnswer, "FH-20871")
	shop.see(proof, "Proof")
	shop.audits("answer")

	shop.eval(proof + `.focus()`)
	shop.press(kb.Enter)
	shop.see(shown, "of the public log")
	shop.see(shown, "by the log candor-log-")
	shop.see(shown, "your orders (with your permission) · Fernhill Outdoor's own AI")
	shop.audits("proof")
	shop.click(inWidget(".panel summary"))
	shop.see(shown, "assistant log verify receipt-ans_")
	shop.audits("proof, how to check it")
	shop.click(test("proof-save"))
	file := saved(t, files, "receipt-ans_*.json")
	_, _, published := newClient(t, info.URL).raw("GET", citation.LogKeyPath, "", nil)
	key := strings.TrimSpace(string(published))
	var out strings.Builder
	err := Run(t.Context(), []string{"log", "verify", "-", "--key", key}, Stdio{
		In: bytes.NewReader(file), Out: &out, Err: &out, Env: func(string) (string, bool) { return "", false },
	})
	if err != nil || !strings.Contains(out.String(), "FH-20871") {
		t.Errorf("the saved receipt: %v\n%s", err, out.String())
	}
	v, err := citation.VerifyReceipt(file, key)
	if err != nil {
		t.Error(err)
	}
	if text := shop.eval(shown + ".innerText"); !strings.Contains(text, fmt.Sprintf("entry %d of", v.Index+1)) {
		t.Errorf("the panel does not name entry %d: %s", v.Index+1, text)
	}
	if _, err := citation.VerifyReceipt(bytes.Replace(file, []byte("FH-20871"), []byte("FH-20872"), 1), key); err == nil {
		t.Error("a receipt that was changed is still one")
	}
	shop.press(kb.Escape)
	shop.gone(shown)
	shop.see(focused(proof), "Proof") // back to what was pressed

	// An answer of this moment has no place yet; a line that breaks comes back.
	shop.eval(answering)
	const pending = `{ status: 202, headers: { "Retry-After": "1" }, body: { status: "pending" } }`
	shop.says("/receipt", pending, pending)
	start := time.Now()
	shop.click(proof)
	shop.see(test("proof-waits"), "being recorded")
	shop.shot("50-waits")
	shop.see(shown, "of the public log")
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("it asked twice within %v, and was told to wait a second each time", took)
	}
	shop.click(test("panel-close"))
	shop.says("/receipt", `{ cut: true }`, `{ cut: true }`)
	shop.click(proof)
	shop.see(test("proof-waits"), "I cannot reach Fernhill Outdoor right now.")
	shop.audits("no proof for now")
	shop.see(shown, "of the public log") // by itself
	shop.click(test("panel-close"))
	const altered = "The record of this answer is not what the public log says of it."
	shop.says("/receipt", fmt.Sprintf(`{ status: 500, headers: { "Content-Type": "application/problem+json" }, body: { detail: %q } }`, altered))
	shop.click(proof)
	shop.see(test("proof-waits"), altered)
	shop.click(test("panel-close"))

	// Stopped and deleted: the file can be made no more, and the panel says why.
	shop.click(inWidget(`[data-testid=chip].personal`))
	shop.click(test("stop-orders"))
	shop.click(test("stop-delete"))
	shop.see(test("source"), "Deleted here.")
	shop.click(proof)
	shop.see(test("proof-gone"), "What stays is its entry in the public log")
	shop.audits("proof, gone")
}

// TestBrowserComplaint: what is wrong with an answer is said in a few clicks, with
// nothing chosen beforehand and a person as near; what becomes of it is found again.
func TestBrowserComplaint(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	test := func(id string) string { return inWidget(fmt.Sprintf("[data-testid=%q]", id)) }
	wrong := ofLastAnswer("[data-testid=wrong]")
	shop.accessible()
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.look(false, true)
	shop.click(onPage(`[data-testid=step-1]`))
	shop.click(test("offer-standing"))
	shop.see(lastAnswer, "FH-20871")
	shop.click(wrong)
	shop.see(test("wrong-panel"), "FH-20871") // which answer it is about
	if n := shop.eval(inWidget(".panel") + `.querySelectorAll("input:checked").length`); n != "0" {
		t.Errorf("%s kinds are chosen that nobody chose", n)
	}
	send := test("wrong-form-send")
	if shop.eval(send+".disabled") != "true" {
		t.Error("a complaint about nothing can be sent")
	}
	if a, b := shop.eval(send+".offsetWidth"), shop.eval(inWidget(".panel .form .choices button:last-child")+".offsetWidth"); a != b {
		t.Errorf("the button that sends is %s wide, the one that does not %s", a, b)
	}
	shop.see(test("wrong-person"), "Talk to a person")
	shop.audits("complaint")

	// The line breaks after the server has it: it is sent again, and is one.
	shop.eval(answering)
	shop.eval(test("wrong-wrong") + ".focus()")
	shop.press(kb.ArrowDown) // to the next, as in every group of radio buttons
	if shop.eval(test("wrong-wrong_source")+".checked") != "true" {
		t.Error("the arrow keys do not choose")
	}
	shop.write(inWidget(".panel textarea"), "It is not what the carrier told me.")
	shop.audits("complaint, written")
	shop.says("/complaint", `{ cut: true }`)
	shop.click(send)
	shop.see(inWidget(".panel [role=alert]"), "I cannot reach Fernhill Outdoor right now.")
	shop.click(`(e => e && !e.disabled ? e : null)(` + send + `)`)
	shop.see(focused(test("wrong-outcome")), "You get an answer by")
	shop.audits("complaint, sent")
	shop.click(test("wrong-see"))
	shop.see(inWidget("[data-testid=request][data-status=open]"), "Complaint about an answer")
	shop.see(inWidget("[data-testid=request][data-status=open]"), "It comes from the wrong source")
	shop.see(inWidget("[data-testid=request][data-status=open]"), "answer due by")
	shop.see(inWidget("[data-testid=request][data-status=open]"), "what the carrier told me")
	shop.audits("complaint, in the list")
	shop.click(test("panel-close"))

	// Once more: it is known, or the server knows.
	shop.click(wrong)
	shop.see(test("wrong-outcome"), "already complained")
	shop.gone(test("wrong-form"))
	shop.audits("complaint, once more")
	shop.click(test("panel-close"))
	shop.says("limit=200", `{ status: 503, body: {} }`)
	shop.click(wrong)
	shop.click(test("wrong-tone"))
	shop.click(send)
	shop.see(test("wrong-outcome"), "already complained")
	shop.click(test("wrong-person"))
	shop.click(test("handoff-without"))
	shop.see(inWidget("body"), "You are number 1 in line.")
	shop.click(wrong)
	shop.see(test("wrong-outcome"), "already complained")
	shop.gone(test("wrong-person")) // one is coming

	maya := customer(t, info, "maya")
	items := list(maya.must("GET", "/api/me/requests", nil), "items")
	if len(items) != 1 || items[0]["kind"] != "complaint" || items[0]["answer_id"] == nil {
		t.Errorf("the requests are %v", items)
	}
}

// TestBrowserProofLanguages: the panels about an answer speak the page's language,
// whole.
func TestBrowserProofLanguages(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	for language, words := range map[string][]string{ // each with somebody who has no answer yet
		"pt-BR": {"carla", "livro público", "O que está errado?"}, "es": {"omar", "registro público", "¿Qué está mal?"},
		"uk": {"olena", "відкритого журналу", "Що не так?"}, "ru": {"maya", "открытого журнала", "Что не так?"},
	} {
		shop.run(chromedp.Navigate(info.URL + "/demo"))
		shop.click(onPage(`[data-testid=guide-close]`))
		shop.look(false, true)
		shop.see(onPage(`[data-testid=customer]`), "")
		shop.eval(`(e => { e.value = "` + words[0] + `"; e.dispatchEvent(new Event("change", { bubbles: true })) })(` + onPage(`[data-testid=customer]`) + `)`)
		shop.eval(`document.getElementById("candor").dataset.language = "` + language + `"`)
		shop.eval(`window.Candor.open()`)
		shop.write(inWidget(`[data-testid=composer]`), "How long do I have to return a jacket?")
		shop.click(inWidget(`[data-testid=send]`))
		for _, panel := range []string{"proof", "wrong"} {
			shop.click(ofLastAnswer(fmt.Sprintf("[data-testid=%s]", panel)))
			shop.see(inWidget(fmt.Sprintf(`[data-testid=%s]`, map[string]string{"proof": "proof-shown", "wrong": "wrong-panel"}[panel])), "")
			shop.eval(inWidget(".panel details") + `?.setAttribute("open", "")`)
			if text := shop.eval(inWidget(".panel") + ".innerText"); strings.Contains(text, "undefined") || strings.ContainsAny(text, "{}") {
				t.Errorf("%s, %s: a text is not filled in: %s", language, panel, text)
			}
			shop.see(inWidget(".panel"), words[map[string]int{"proof": 1, "wrong": 2}[panel]])
			shop.width(320)
			if wide := shop.eval(`(e => e.scrollWidth - e.clientWidth)(` + inWidget(".panel-body") + `)`); wide != "0" {
				t.Errorf("%s, %s: the panel is %s pixels wider than 320", language, panel, wide)
			}
			shop.shot("52-" + language + "-" + panel)
			shop.look(false, true)
			shop.click(inWidget(`[data-testid=panel-close]`))
		}
	}
}

// TestBrowserFlag: an agent says what is wrong with an answer of the assistant; it
// shows at the desk and in the log, and nowhere else.
func TestBrowserFlag(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	maya := customer(t, info, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	answer := maya.ask("Where is my order?")
	maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", nil)

	desk := &page{t, ctx}
	desk.accessible()
	desk.run(chromedp.Navigate(info.URL + "/desk"))
	desk.signIn("agent@fernhill.example", "demo-agent-pass")
	desk.click(onPage(`[data-testid=ticket]`))
	desk.click(onPage(`[data-testid=claim]`))
	desk.see(onPage(`[data-testid=flag]`), "Flag this answer")
	desk.eval(onPage(`[data-testid=flag]`) + ".focus()")
	desk.press(kb.Enter)
	desk.see(onPage(`[data-testid=flag-form]`), "What is wrong with it?")
	if desk.eval(onPage(`[data-testid=flag-send]`)+".disabled") != "true" {
		t.Error("a flag that says nothing can be sent")
	}
	desk.press(kb.Escape)
	desk.gone(onPage(`[data-testid=flag-form]`))
	desk.click(onPage(`[data-testid=flag]`))
	desk.see(onPage(`[data-testid=flag-form]`), "")
	desk.eval(`(e => { e.value = "wrong_source"; e.dispatchEvent(new Event("change", { bubbles: true })) })(` + onPage(`[data-testid=flag-kind]`) + `)`)
	desk.write(onPage(`[data-testid=flag-note]`), "The carrier's page says another day.")
	for _, look := range []struct {
		name        string
		dark, phone bool
	}{{"53-flag", false, false}, {"53-flag-dark", true, false}, {"53-flag-phone", false, true}} {
		desk.look(look.dark, look.phone)
		desk.auditPage(look.name)
		desk.shot(look.name)
		if wide := desk.eval(`document.documentElement.scrollWidth - innerWidth`); wide != "0" {
			t.Errorf("%s: the page is %s pixels too wide", look.name, wide)
		}
	}
	desk.look(false, false)
	desk.click(onPage(`[data-testid=flag-send]`))
	desk.see(onPage(`[data-testid=flagged]`), "Flagged: the wrong source")
	desk.auditPage("flagged")
	desk.shot("54-flagged")
	desk.run(chromedp.Reload())
	desk.see(onPage(`[data-testid=flagged]`), "Flagged: the wrong source")

	robin := staff(t, info, "admin@fernhill.example")
	detail := robin.must("GET", fmt.Sprintf("/api/admin/citations/%s?reason=complaint", answer["id"]), nil)
	if flags := list(detail, "flags"); len(flags) != 1 || flags[0]["kind"] != "wrong_source" || flags[0]["note"] != "The carrier's page says another day." {
		t.Errorf("the log has the flags %v", flags)
	}
	if chat := text(maya.must("GET", "/api/conversations/"+maya.conversation, nil)); strings.Contains(chat, "carrier's page") || strings.Contains(chat, "flag") {
		t.Errorf("the customer is shown the flag: %s", chat)
	}
}
