package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// accessible loads axe-core into every page and frame that is opened from now on.
func (p *page) accessible() {
	p.t.Helper()
	b, err := os.ReadFile("../../web/ui/node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("CI") != "" {
			p.t.Fatal(err)
		}
		p.t.Log("axe-core is not installed (npm ci in web/ui): accessibility is not tested")
		return
	}
	// A frame is empty before its page comes, and axe-core keeps the document it finds.
	source := `if (location.protocol !== "about:") {` + string(b) + `}`
	p.run(
		command(cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: source}),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{still}}),
	)
}

// still asks pages not to move: a sentence that is still fading in, or a colour that is
// still changing, has no contrast to speak of.
var still = &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"}

// audit runs axe-core's rules of WCAG A and AA on what the widget shows.
func (p *page) audit(what string) {
	p.t.Helper()
	const run = `(async () => {
	  const frame = document.querySelector("candor-chat").shadowRoot.querySelector("iframe").contentWindow;
	  if (!frame.axe) return "";
	  // The accent follows light and dark as the page is drawn next.
	  for (let n = 0; n < 2; n++) await new Promise((drawn) => frame.requestAnimationFrame(drawn));
	  const { violations } = await frame.axe.run(frame.document, {
	    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"], elementRef: false,
	  });
	  return violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => "  " + n.html + "\n    " + n.any.concat(n.all).map(c => c.message).join("; ")).join("\n")).join("\n");
	})()`
	found, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	if found != "" {
		p.t.Errorf("%s is not accessible:\n%s", what, found)
	}
}

// audits runs the audit in light and dark.
func (p *page) audits(what string) {
	p.t.Helper()
	p.look(true, true)
	p.audit(what + " (dark)")
	p.shot("20-" + what + "-dark")
	p.width(320)
	if wide := p.eval(`(e => e.scrollWidth - e.clientWidth)(` + inWidget(".panel-body, .log") + `)`); wide != "0" {
		p.t.Errorf("%s is %s pixels wider than 320", what, wide)
	}
	p.shot("20-" + what + "-320")
	p.look(false, true)
	p.audit(what)
	p.shot("20-" + what)
}

// press sends a key to the element that has the focus.
func (p *page) press(key string) {
	p.t.Helper()
	p.run(chromedp.KeyEvent(key))
}

// saved waits for a file that the page has saved, and returns its content.
func saved(t *testing.T, dir, pattern string) []byte {
	t.Helper()
	for range 100 {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
			if b, err := os.ReadFile(found[0]); err == nil && len(b) > 0 {
				return b
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no %s was saved", pattern)
	return nil
}

// TestBrowserPrivacy walks through what customers can do about their data: give,
// look back, correct, take along, stop, and have everything deleted.
func TestBrowserPrivacy(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	files := t.TempDir()
	shop := &page{t, ctx}
	panel, section := inWidget(".panel"), inWidget("[role=tabpanel]")
	test := func(id string) string { return inWidget(fmt.Sprintf("[data-testid=%q]", id)) }
	inside := func(selector string) string { return inWidget(".panel " + selector) }
	shop.run(command(cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: files,
	}))
	shop.accessible()
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.look(false, true)

	// The offer: three answers that differ in their words only.
	shop.click(onPage(`[data-testid=step-1]`))
	shop.see(test("offer"), "your orders")
	var looks []string
	for _, id := range []string{"offer-conversation", "offer-standing", "offer-not-now"} {
		looks = append(looks, shop.eval(fmt.Sprintf(`(e => {
		  const s = getComputedStyle(e), r = e.getBoundingClientRect();
		  return [Math.round(r.width), Math.round(r.height), s.color, s.backgroundColor, s.borderColor, s.fontWeight, s.fontSize].join(" ");
		})(%s)`, test(id))))
	}
	if looks[0] != looks[1] || looks[1] != looks[2] {
		t.Errorf("the answers to an offer do not look the same:\n%s", strings.Join(looks, "\n"))
	}
	shop.audits("offer")
	shop.click(test("offer-not-now"))
	shop.see(test("offer-outcome"), "not asked again until")

	// Choices: given and stopped with one click each, and nothing preselected.
	shop.click(test("your-data"))
	shop.see(test("switch-orders"), "")
	on := func(id string) string { return shop.eval(test(id) + `.getAttribute("aria-checked")`) }
	if n := shop.eval(`[...` + panel + `.querySelectorAll("[role=switch][aria-checked=true]")].length`); n != "0" {
		t.Errorf("%s choices are switched on that nobody made", n)
	}
	shop.see(test("standing-orders"), "Not now; not asked again until")
	shop.click(test("switch-orders"))
	shop.see(test("standing-orders"), "Allowed since")
	shop.see(section, "Only Fernhill Outdoor's own AI will see them.")
	// What was allowed elsewhere, and for other purposes, is found here too.
	maya := customer(t, info, "maya")
	maya.consent(change("agent_assist", "billing", "human_agents", true))
	shop.see(test("standing-agent_assist-billing-human_agents"), "Allowed since")
	shop.audits("choices")
	shop.click(test("switch-agent_assist-billing-human_agents"))
	shop.see(test("standing-agent_assist-billing-human_agents"), "You stopped it on")
	shop.click(test("stop-keep"))
	shop.click(test("view-detailed"))
	shop.see(test("standing-answers-orders-brand_ai"), "Allowed since")
	shop.see(test("standing-answers-orders-ai_provider:openai"), "Not allowed")
	shop.audits("every choice")

	// The sections are tabs for the keyboard too.
	shop.eval(test("tab-choices") + `.focus()`)
	shop.press(kb.ArrowRight)
	shop.see(test("section-history"), "Allowed: Orders")
	shop.see(section, "Stopped: Invoices and payments")
	if focused := shop.eval(test("tab-history") + ` === ` + inWidget("[role=tab]") + `.ownerDocument.activeElement`); focused != "true" {
		t.Error("the tab that the arrow key leads to does not have the focus")
	}
	shop.see(section, "Not now: Orders")
	shop.audits("history")
	shop.click(`[...` + section + `.querySelectorAll("[data-testid=event]")].find(e => e.innerText.includes("Allowed: Orders")).querySelector("[data-testid=save]")`)
	var out strings.Builder
	err := Run(t.Context(), []string{"receipt", "verify", "-"}, Stdio{
		In: bytes.NewReader(saved(t, files, "*")), Out: &out, Err: &out, Env: func(string) (string, bool) { return "", false },
	})
	if err != nil || !strings.Contains(out.String(), "dpv:ConsentGiven") {
		t.Errorf("the saved receipt: %v\n%s", err, out.String())
	}

	// What is held: read, said to be wrong, remembered, removed.
	shop.click(test("tab-held"))
	order := `[...` + section + `.querySelectorAll("[data-testid=record]")].find(e => e.innerText.includes("Order FH-20871"))`
	shop.see(order, "This is wrong")
	shop.audits("records")
	shop.click(`(` + order + `).querySelector("[data-testid=dispute]")`)
	shop.write(inside(`[data-testid=dispute-form] textarea`), "It has arrived already.")
	shop.shot("20-dispute")
	shop.click(test("dispute-form-send"))
	shop.see(order, "You said that this is wrong")
	shop.click(test("remember"))
	shop.write(inside(`[data-testid=remember-form] textarea`), "I prefer parcels in the evening.")
	shop.audits("remember")
	shop.click(test("remember-form-send"))
	mine := `[...` + section + `.querySelectorAll("[data-testid=record]")].find(e => e.innerText.includes("in the evening"))`
	shop.see(mine, "from you")
	shop.click(`(` + mine + `).querySelector("[data-testid=remove]")`)
	shop.gone(mine)

	// Rights: the archive, a complaint.
	shop.click(test("tab-rights"))
	shop.see(section, "Correction")
	shop.click(test("export"))
	shop.see(test("export-done"), "Your file is ready")
	archive := saved(t, files, "*.zip")
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Open("records.json"); err != nil {
		t.Error(err)
	}
	shop.click(test("complaint"))
	shop.write(inside(`[data-testid=complaint-form] textarea`), "Nobody called me back.")
	shop.click(test("complaint-form-send"))
	shop.see(inside(`[data-testid=request][data-status=open]`), "answer due by")
	shop.see(section, "Nobody called me back.")
	shop.audits("rights")

	// Uses: what was allowed is used, and shows.
	shop.click(inWidget(`[data-testid=panel-close]`))
	shop.write(test("composer"), "Which orders do I have?")
	shop.click(test("send"))
	shop.see(`[...(`+inWidget("body")+`?.querySelectorAll("[data-testid=answer][data-status=answered]") ?? [])].at(-1)`, "")
	shop.click(test("your-data"))
	shop.click(test("tab-uses"))
	shop.see(section, "Used for an answer in this chat")
	shop.see(section, "You downloaded your data")
	shop.audits("uses")

	// Stop is one click, like giving; deleting is offered and says where.
	shop.click(test("tab-choices"))
	shop.click(test("switch-orders"))
	shop.see(test("stopped"), "Also delete your orders here?")
	if on("switch-orders") != "false" {
		t.Error("a choice that was stopped shows as given")
	}
	shop.audits("stopped")
	shop.click(test("stop-delete"))
	shop.see(section, "Deleted here.")
	shop.click(test("tab-history"))
	shop.see(section, "Stopped and deleted here: Orders")
	shop.click(test("tab-held"))
	shop.see(section, "What is stored here")
	shop.gone(order)

	// Everything: what goes is said before, and what went after.
	shop.click(test("tab-rights"))
	shop.click(test("erase-open"))
	shop.see(test("erase"), "This cannot be undone.")
	shop.see(test("erase-kept"), "Proof")
	if yes, no := shop.eval(test("erase-yes")+`.offsetWidth`), shop.eval(test("erase-no")+`.offsetWidth`); yes != no {
		t.Errorf("the button that deletes is %s wide, the one that keeps %s", yes, no)
	}
	shop.audits("erase")
	shop.click(test("erase-no"))
	shop.gone(test("erase"))
	shop.click(test("erase-open"))
	shop.see(test("erase"), "")
	shop.press(kb.Escape)
	shop.gone(test("erase"))
	shop.see(test("section-rights"), "Delete everything")
	shop.click(test("erase-open"))
	shop.click(test("erase-yes"))
	shop.see(test("erased-all"), "What was deleted")
	shop.see(test("erased-all"), "1 conversation")
	shop.audits("erased")
	shop.click(test("erased-close"))
	shop.click(inWidget(`[data-testid=panel-close]`))
	shop.see(test("erased"), "You are now chatting as a new visitor.")
	if said := shop.eval(inWidget(".log") + `.innerText`); strings.Contains(said, "orders do I have") {
		t.Errorf("the chat still shows what was said before the erasure: %s", said)
	}
	shop.click(test("your-data"))
	shop.see(panel, "You are not signed in")
	if status, _ := maya.do("GET", "/api/me/records", nil); status != 401 {
		t.Errorf("a session of somebody who was erased gets %d, want 401", status)
	}
}

// TestBrowserPrivacySignal: the browser's signal masks companies outside, and the
// panel says so beside the choice.
func TestBrowserPrivacySignal(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.click(onPage(`[data-testid=guide-close]`))
	shop.see(onPage(`[data-testid=customer]`), "")
	shop.eval(`(e => { e.value = "olena"; e.dispatchEvent(new Event("change", { bubbles: true })) })(` + onPage(`[data-testid=customer]`) + `)`)
	shop.eval(`window.Candor.open()`)
	shop.see(inWidget(`[data-testid=composer]`), "")
	shop.click(inWidget(`[data-testid=your-data]`))
	shop.see(inWidget(`[data-testid=gpc]`), "Global Privacy Control")
	shop.click(inWidget(`[data-testid=view-detailed]`))
	shop.see(inWidget(`[data-testid="standing-answers-orders-ai_provider:openai"]`), "Not used in this session")
	shop.see(inWidget(`[data-testid="standing-answers-orders-brand_ai"]`), "Allowed since")
	shop.shot("21-signal")
}

// TestBrowserPrivacyPaused: a choice whose notice has changed is renewed or stopped,
// with two buttons that look the same.
func TestBrowserPrivacyPaused(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.click(onPage(`[data-testid=guide-close]`))
	shop.look(false, true)
	shop.eval(`window.Candor.open()`)
	shop.see(inWidget(`[data-testid=composer]`), "")
	// The server says of two choices, until they are answered, that their notice has changed.
	shop.eval(`(frame => {
	  const real = frame.fetch;
	  frame.pausedChoices = 2;
	  frame.fetch = async (path, options) => {
	    const answer = await real(path, options);
	    if (options?.method === "PUT") frame.pausedChoices--;
	    if (!String(path).startsWith("/api/me/consents?")) return answer;
	    const body = await answer.json();
	    for (const c of body.choices ?? []) {
	      const place = ["orders", "billing"].indexOf(c.category);
	      if (c.purpose !== "answers" || c.recipient !== "brand_ai" || place < 0 || place < 2 - frame.pausedChoices) continue;
	      Object.assign(c, { state: "invalidated", reason: "notice_changed", since: "2026-11-01T00:00:00Z" });
	    }
	    return new frame.Response(JSON.stringify(body), { status: answer.status, headers: answer.headers });
	  };
	})(document.querySelector("candor-chat").shadowRoot.querySelector("iframe").contentWindow)`)
	shop.click(inWidget(`[data-testid=your-data]`))
	shop.see(inWidget(`[data-testid=standing-orders]`), "Paused: the notice has changed")
	if shop.eval(inWidget(`[data-testid=switch-orders]`)+` === null`) != "true" {
		t.Error("a paused choice has a switch, which shows it as on or off")
	}
	renew, stop := inWidget(`[data-testid=renew-orders]`), inWidget(`[data-testid=stop-orders]`)
	if a, b := shop.eval(renew+`.offsetWidth`), shop.eval(stop+`.offsetWidth`); a != b {
		t.Errorf("the button that renews is %s wide, the one that stops %s", a, b)
	}
	shop.shot("24-paused")
	shop.click(renew)
	shop.see(inWidget(`[data-testid=standing-orders]`), "Allowed since")
	shop.click(inWidget(`[data-testid=view-detailed]`))
	shop.see(inWidget(`[data-testid=standing-answers-billing-brand_ai]`), "Paused")
	shop.click(inWidget(`[data-testid=stop-answers-billing-brand_ai]`))
	shop.see(inWidget(`[data-testid=stopped]`), "Also delete your invoices and payments here?")
	shop.see(inWidget(`[data-testid=standing-answers-billing-brand_ai]`), "You said no on")
}

// TestBrowserPrivacyMinor: what is not for the customer's age cannot be switched on,
// and says why.
func TestBrowserPrivacyMinor(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.click(onPage(`[data-testid=guide-close]`))
	shop.eval(`window.Candor.identify(async () => (await (await fetch("/demo/identity?customer=kit&age_band=child")).json()).identity)`)
	shop.eval(`window.Candor.open()`)
	shop.see(inWidget(`[data-testid=composer]`), "")
	shop.click(inWidget(`[data-testid=your-data]`))
	shop.see(inWidget(`[data-testid=standing-orders]`), "Not available for your age.")
	if shop.eval(inWidget(`[data-testid=switch-orders]`)+`.disabled`) != "true" {
		t.Error("a child can switch on what only a guardian may")
	}
	shop.shot("25-minor")
}

// TestBrowserPrivacyLanguages: the panel speaks the page's language, whole.
func TestBrowserPrivacyLanguages(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	for language, words := range map[string][]string{
		"pt-BR": {"Escolhas", "Baixar meus dados"}, "es": {"Opciones", "Descargar mis datos"},
		"uk": {"Дозволи", "Завантажити мої дані"}, "ru": {"Разрешения", "Скачать мои данные"},
	} {
		shop.run(chromedp.Navigate(info.URL + "/demo"))
		shop.click(onPage(`[data-testid=guide-close]`))
		shop.eval(`document.getElementById("candor").dataset.language = "` + language + `"`)
		shop.eval(`window.Candor.open()`)
		shop.see(inWidget(`[data-testid=composer]`), "")
		shop.click(inWidget(`[data-testid=your-data]`))
		shop.see(inWidget(`[data-testid=tab-choices]`), words[0])
		for _, tab := range []string{"choices", "history", "uses", "held", "rights"} {
			shop.click(inWidget(`[data-testid=tab-` + tab + `]`))
			shop.see(inWidget(`[data-testid=section-`+tab+`]`), "")
			if text := shop.eval(inWidget(".panel") + `.innerText`); strings.Contains(text, "undefined") || strings.Contains(text, "{") {
				t.Errorf("%s, %s: a text is not filled in: %s", language, tab, text)
			}
			shop.shot("22-" + language + "-" + tab)
		}
		shop.see(inWidget(`[data-testid=section-rights]`), words[1])
	}
}

// TestBrowserPrivacyAway: where the panel cannot be loaded, or a section of it, it
// says so, and comes when the line is good again.
func TestBrowserPrivacyAway(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	lb := startBalancer(t, info)
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(lb.url + "/demo"))
	shop.click(onPage(`[data-testid=guide-close]`))
	shop.eval(`window.Candor.open()`)
	shop.see(inWidget(`[data-testid=composer]`), "")
	lb.set(cut)
	shop.click(inWidget(`[data-testid=your-data]`))
	shop.see(inWidget(`[data-testid=panel-failed]`), "This could not be loaded.")
	shop.shot("23-cut")
	lb.set(fine)
	shop.see(inWidget(`[data-testid=tab-choices]`), "Choices")
	lb.set(away)
	shop.click(inWidget(`[data-testid=tab-uses]`))
	shop.see(inWidget(`[data-testid=section-uses]`), "This could not be loaded. We can't reach our records right now.")
	shop.shot("23-away")
	shop.click(inWidget(`[data-testid=tab-rights]`))
	shop.click(inWidget(`[data-testid=erase-open]`))
	shop.see(inWidget(`.panel .panel [role=alert]`), "What would be deleted could not be read.")
	shop.click(inWidget(`.panel .panel [data-testid=panel-close]`))
	lb.set(fine)
	shop.click(inWidget(`[data-testid=tab-uses]`))
	shop.see(inWidget(`[data-testid=section-uses]`), "None of your data has been used.")
}

// TestBrowserPrivacyUpdated: a chat that was opened before an update does not load
// parts of the next edition, and says how to go on.
func TestBrowserPrivacyUpdated(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	target, err := url.Parse(info.URL)
	if err != nil {
		t.Fatal(err)
	}
	var updated atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.URL.Path != "/assets/privacy.js" || !updated.Load() {
			return nil
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		b = regexp.MustCompile(`"[0-9a-f]{16}"`).ReplaceAll(b, []byte(`"00000000000000ff"`))
		r.Body = io.NopCloser(bytes.NewReader(b))
		r.Header.Del("ETag") // another text has another
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(server.URL + "/demo"))
	shop.click(onPage(`[data-testid=guide-close]`))
	shop.eval(`window.Candor.open()`)
	shop.see(inWidget(`[data-testid=composer]`), "")
	updated.Store(true)
	shop.click(inWidget(`[data-testid=your-data]`))
	shop.see(inWidget(`[data-testid=panel-failed]`), "The chat has been updated.")
	updated.Store(false)
	shop.click(inWidget(`[data-testid=panel-failed] button`))
	shop.gone(inWidget(`.panel`))
	shop.see(inWidget(`[data-testid=composer]`), "")
	shop.click(inWidget(`[data-testid=your-data]`))
	shop.see(inWidget(`[data-testid=switch-orders]`), "")
}
