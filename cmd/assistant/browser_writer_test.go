package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"candor/answer"
	"candor/answer/openai"
	"candor/answer/openai/openaitest"
	"candor/consent"
)

// scripted is a language model that writes what the test says.
type scripted struct {
	name      string
	recipient consent.Recipient
	write     func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error
}

var _ answer.Answerer = scripted{}

func (s scripted) Model() answer.Model { return answer.Model{Name: s.name, Recipient: s.recipient} }

func (s scripted) Answer(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
	return s.write(ctx, r, yield)
}

// quoted is the first sentence of the best hit, word for word.
func quoted(r answer.Request) answer.Sentence {
	h := r.Hits[0]
	q := strings.TrimSpace(h.Record.Text[:strings.Index(h.Record.Text, ".")+1])
	return answer.Sentence{Text: answer.Display(q), Citations: []answer.Citation{{RecordID: h.RecordID, PassageID: h.PassageID, Quote: q}}}
}

// demoWith runs the demo with language models.
func demoWith(t *testing.T, models ...answer.Answerer) demoInfo {
	t.Helper()
	c := defaults()
	c.DataDir = t.TempDir()
	info, _ := serveDemo(t, c, t.Output(), func(a *app) { a.engine.Models = models })
	return info
}

// chat is the widget on the demo's page, with its answers.
type chat struct{ *page }

const answersIn = `[...(document.querySelector("candor-chat")?.shadowRoot.querySelector("iframe")?.contentDocument?.querySelectorAll("[data-testid=answer]") ?? [])]`

// answered is a part of the n-th answer, once it is whole.
func (chat) answered(n int, selector string) string {
	return fmt.Sprintf(`(e => e?.querySelector("[data-testid=used]") ? e.querySelector(%q) : null)(%s[%d])`, selector, answersIn, n-1)
}

// visit opens the shop, and waits until it knows who is there.
func (c chat) visit(info demoInfo) {
	c.t.Helper()
	c.run(chromedp.Navigate(info.URL + "/demo"))
	c.see(onPage("[data-testid=step-1]"), "Where is my order?")
}

func (c chat) ask(question string) {
	c.t.Helper()
	c.eval(fmt.Sprintf("window.Candor.ask(%q)", question))
}

// TestBrowserOutsideModel: the page says which records an outside model was not given,
// who was given the others, and who wrote the answer.
func TestBrowserOutsideModel(t *testing.T) {
	ctx := browser(t)
	info := demoWith(t, scripted{"gpt-test", "ai_provider:openai", func(_ context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		for _, h := range r.Hits {
			if h.Record.Category != consent.Knowledge {
				t.Errorf("the outside model is given a record of %s", h.Record.Category)
			}
		}
		return yield(quoted(r))
	}})
	customer(t, info, "maya").consent(
		change("answers", "conversation", "ai_provider:openai", true), change("answers", "orders", "brand_ai", true))
	shop := chat{&page{t, ctx}}
	shop.visit(info)
	shop.ask("Where is my order?")
	used := func(n int) string { return shop.answered(n, "[data-testid=used]") }
	shop.see(used(1), "Used: your orders (with your permission) · Not given to the outside AI: your orders · Not looked at:")
	shop.click(shop.answered(1, "[data-testid=used] summary"))
	shop.see(used(1), "(your orders · Fernhill Outdoor's own AI)")
	shop.see(used(1), "No language model wrote this.")
	if strings.Contains(shop.eval(used(1)+".innerText"), "not allowed for this recipient") && strings.Contains(shop.eval(used(1)+".innerText"), "Orders: not allowed") {
		t.Error("orders that were looked at are said not to have been")
	}
	shop.shot("46-not-given")
	shop.click(shop.answered(1, "[data-testid=chip].personal"))
	shop.see(inWidget("[data-testid=source]"), "Fernhill Outdoor's own AI")
	shop.shot("46-not-given-source")
	shop.look(true, true)
	shop.shot("46-not-given-phone-dark")
	shop.look(false, false)

	shop.ask("How long does delivery take?")
	shop.click(shop.answered(2, "[data-testid=used] summary"))
	shop.see(used(2), "(Help article · OpenAI, an outside AI company)")
	shop.see(used(2), "Written by gpt-test of OpenAI, an outside AI company")
	shop.shot("47-written-outside")
}

// TestBrowserModelBreaksOff: what a model had said before it failed is taken back, and
// the customer reads of no change of theirs.
func TestBrowserModelBreaksOff(t *testing.T) {
	ctx := browser(t)
	goOn := make(chan struct{})
	info := demoWith(t, scripted{"stutterer", consent.BrandAI, func(ctx context.Context, r answer.Request, yield func(answer.Sentence) error) error {
		if err := yield(quoted(r)); err != nil {
			return err
		}
		select {
		case <-goOn:
		case <-ctx.Done():
		}
		return fmt.Errorf("%w: it broke off", answer.ErrModel)
	}})
	shop := chat{&page{t, ctx}}
	shop.visit(info)
	shop.ask("How long does delivery take?")
	shop.see(inWidget("[data-testid=sentence]"), ".")
	close(goOn)
	shop.see(shop.answered(1, "[data-testid=used]"), "Used: ")
	shop.shot("48-broke-off")
	for _, alarm := range []string{"You changed", "writing this answer again", "stopped writing"} {
		if all := shop.eval(answersIn + `[0].innerText`); strings.Contains(all, alarm) {
			t.Errorf("the answer says %q: %s", alarm, all)
		}
	}
}

// TestBrowserClarify: a question back reads like any answer, and offers nothing beside it.
func TestBrowserClarify(t *testing.T) {
	ctx := browser(t)
	shop := chat{&page{t, ctx}}
	shop.visit(startDemo(t))
	shop.ask("It doesn't work")
	shop.see(shop.answered(1, "[data-testid=sentence]"), answer.Say(answer.SayClarify, "en"))
	shop.see(shop.answered(1, "[data-testid=used]"), "Used none of your data")
	if status := shop.eval(answersIn + `[0].dataset.status`); status != "clarify" {
		t.Errorf("the answer is %s", status)
	}
	if beside := shop.eval(answersIn + `[0].querySelectorAll("button, .note, .problem").length`); beside != "0" {
		t.Errorf("a question back has %s notes and buttons", beside)
	}
	shop.shot("50-clarify")
}

// TestBrowserLeaves: a model stops when its customer closes the page, and
// the answer is there, quoted, when they come back.
func TestBrowserLeaves(t *testing.T) {
	ctx := browser(t)
	asked := make(chan struct{}, 2)
	server := openaitest.New(t, func(w http.ResponseWriter, r *http.Request, _ openaitest.Prompt) {
		stream := openaitest.Begin(w, r)
		stream.Say("Let me ")
		asked <- struct{}{}
		stream.Wait(time.Minute)
	})
	model, err := openai.New(openai.Options{URL: server.URL, Model: "dawdler", Recipient: consent.BrandAI, Idle: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	info := demoWith(t, model)
	tab, leave := chromedp.NewContext(ctx)
	shop := chat{&page{t, tab}}
	shop.visit(info)
	shop.ask("How long does delivery take?")
	select {
	case <-asked:
	case <-time.After(20 * time.Second):
		t.Fatal("the model is not asked")
	}
	gone := time.Now()
	leave()
	select {
	case <-server.Left():
		// The browser takes its time on a busy machine; the web package's TestLeft has
		// no browser, and is exact.
		if d := time.Since(gone); d > 3*time.Second {
			t.Errorf("the model's server saw its client leave %v after the customer", d)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the model goes on for nobody")
	}
	back := chat{&page{t, ctx}}
	back.visit(info)
	back.eval(`window.Candor.open()`)
	back.see(back.answered(1, "[data-testid=sentence]"), "working days")
	if status := back.eval(answersIn + `[0].dataset.status`); status != "answered" {
		t.Errorf("the answer is %s", status)
	}
	back.shot("49-back")
}
