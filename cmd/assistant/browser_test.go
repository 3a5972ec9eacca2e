package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium. Without one the test is skipped, in CI
// it fails.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed: the pages are not tested")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 860),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// page drives one page, and the widget in it.
type page struct {
	t   *testing.T
	ctx context.Context
}

func (p *page) run(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) eval(expression string) string {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// inWidget is the element of the widget that a selector names: the widget is a
// frame in a shadow root, of the demo shop's own origin.
func inWidget(selector string) string {
	return fmt.Sprintf(`document.querySelector("candor-chat")?.shadowRoot.querySelector("iframe")?.contentDocument?.querySelector(%q)`, selector)
}

func onPage(selector string) string { return fmt.Sprintf("document.querySelector(%q)", selector) }

// see waits until the element's text holds want.
func (p *page) see(element, want string) {
	p.t.Helper()
	quoted, err := json.Marshal(want)
	if err != nil {
		p.t.Fatal(err)
	}
	_, err = chromedp.Run(p.ctx, chromedp.Poll[bool](
		fmt.Sprintf(`(() => { const e = %s; return !!e && (e.innerText || e.value || "").includes(%s) })()`, element, quoted),
		chromedp.WithPollingTimeout(15*time.Second), chromedp.WithPollingInterval(50*time.Millisecond)))
	if err != nil {
		p.shot("failed")
		p.t.Fatalf("%s: %q does not show, but: %s", element, want, p.eval(fmt.Sprintf(`(%s)?.innerText ?? "(not there)"`, element)))
	}
}

func (p *page) click(element string) {
	p.t.Helper()
	p.see(element, "")
	for p.eval(fmt.Sprintf("(e => { e?.click(); return !!e })(%s)", element)) == "false" {
		p.see(element, "") // it was drawn anew meanwhile
	}
}

// write types into a field.
func (p *page) write(element, words string) {
	p.t.Helper()
	p.see(element, "")
	p.eval(fmt.Sprintf("(%s).focus()", element))
	p.run(command(input.InsertText, input.InsertTextParams{Text: words}))
}

// command is an action of one command of the protocol, whatever it returns.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, c, params)
		return chromedp.Void{}, err
	}
}

// shot saves a picture where CANDOR_SCREENSHOTS names a folder.
func (p *page) shot(name string) {
	dir := os.Getenv("CANDOR_SCREENSHOTS")
	if dir == "" {
		return
	}
	time.Sleep(300 * time.Millisecond) // for what moves to arrive
	b, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), b, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) look(dark, phone bool) {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	width, height := int64(1280), int64(860)
	if phone {
		width, height = 390, 844
	}
	p.run(
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, still},
		}),
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: 1, Mobile: phone,
		}),
	)
}

// signIn signs staff in on the page.
func (p *page) signIn(email, password string) {
	p.t.Helper()
	p.write(onPage(`[data-testid=login-email]`), email)
	p.write(onPage(`[data-testid=login-password]`), password)
	p.click(onPage(`[data-testid=login-submit]`))
}

// TestBrowser walks the main job as people do: in the shop, at the desk, in
// the log.
func TestBrowser(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.shot("1-shop")
	shop.click(onPage(`[data-testid=step-1]`))
	answer := func(n int) string {
		return fmt.Sprintf(`[...(%s?.querySelectorAll("[data-testid=answer]") ?? [])].at(%d)`,
			`document.querySelector("candor-chat")?.shadowRoot.querySelector("iframe")?.contentDocument`, n)
	}
	shop.see(inWidget(`[data-testid=offer]`), "your orders")
	shop.shot("2-offer")
	shop.click(inWidget(`[data-testid=offer-standing]`))
	shop.see(answer(-1), "FH-20871")
	shop.see(answer(-1), "Used: your orders")
	shop.click(inWidget(`[data-testid=chip].personal`))
	shop.see(inWidget(`[data-testid=source]`), "FH-20871")
	shop.shot("3-source")
	shop.look(true, false)
	shop.shot("3-source-dark")
	shop.look(false, true)
	shop.shot("3-source-phone")
	shop.look(false, false)

	shop.click(inWidget(`[data-testid=your-data]`))
	shop.see(inWidget(`[data-testid=switch-orders]`), "")
	shop.shot("4-your-data")
	shop.click(inWidget(`[data-testid=switch-orders]`))
	shop.see(inWidget(`[data-testid=stopped]`), "")
	shop.shot("4-stopped")
	shop.click(inWidget(`[data-testid=panel-close]`))
	shop.write(inWidget(`[data-testid=composer]`), "Where is my order?")
	shop.click(inWidget(`[data-testid=send]`))
	shop.see(answer(-1), "your orders")

	shop.click(inWidget(`[data-testid=handoff-open]`))
	shop.shot("5-handoff")
	shop.click(inWidget(`[data-testid=handoff-without]`))
	shop.see(inWidget(`body`), "person")

	tab, cancel := chromedp.NewContext(ctx)
	defer cancel()
	desk := &page{t, tab}
	desk.run(chromedp.Navigate(info.URL + "/desk"))
	desk.signIn("agent@fernhill.example", "demo-agent-pass")
	desk.click(onPage(`[data-testid=ticket]`))
	desk.click(onPage(`[data-testid=claim]`))
	desk.see(onPage(`[data-testid=masked]`), "your orders")
	desk.shot("6-desk")
	desk.write(onPage(`[data-testid=reply]`), "Hello, Sam here. I will find your order.")
	desk.click(onPage(`[data-testid=reply-send]`))
	desk.look(true, false)
	desk.shot("6-desk-dark")
	desk.look(false, true)
	desk.shot("6-desk-phone")
	desk.look(false, false)
	shop.see(inWidget(`body`), "Sam here")
	shop.shot("7-agent")
	if strings.Contains(desk.eval(`document.body.innerText`), "FH-20871") {
		t.Errorf("the desk shows an order that was not shared")
	}
	desk.click(onPage(`[data-testid=return]`))

	admin := &page{t, tab}
	admin.run(chromedp.Navigate(info.URL + "/admin"))
	admin.signIn("admin@fernhill.example", "demo-admin-pass")
	admin.see(onPage(`[data-testid=entry]`), "")
	admin.choose(onPage(`[data-testid=reason]`), "request")
	admin.see(onPage(`[data-testid=entry]`), "order")
	admin.shot("8-log")
	admin.click(`[...document.querySelectorAll("[data-testid=entry]")].find(e => e.innerText.includes("nswered"))`)
	admin.see(onPage(`[data-testid=detail]`), "FH-20871")
	admin.shot("9-entry")
	admin.look(true, false)
	admin.shot("9-entry-dark")
	admin.look(false, true)
	admin.shot("9-entry-phone")
}
