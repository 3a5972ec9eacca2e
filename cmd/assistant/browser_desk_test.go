package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestDeskAsksInBrowser: an agent asks to see the orders, the customer says yes and
// later stops; the desk follows by itself, and nothing of the orders stays on its
// page.
func TestDeskAsksInBrowser(t *testing.T) {
	const canary = "FH-20871"
	ctx := browser(t)
	info := startDemo(t)
	maya := customer(t, info, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true))
	if answer := maya.ask("Where is my order?"); !strings.Contains(text(answer), canary) {
		t.Fatalf("the assistant does not quote the order: %v", answer["text"])
	}
	maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", nil)

	desk := &page{t, ctx}
	desk.run(chromedp.Navigate(info.URL + "/desk"))
	desk.signIn("agent@fernhill.example", "demo-agent-pass")
	desk.click(onPage(`[data-testid=ticket]`))
	desk.click(onPage(`[data-testid=claim]`))
	desk.see(onPage(`[data-testid=masked]`), "your orders")
	desk.see(onPage(`[data-testid=ask-orders]`), "Ask to see orders")
	looks := func(name string) {
		desk.shot(name)
		desk.look(true, false)
		desk.shot(name + "-dark")
		desk.look(false, true)
		desk.shot(name + "-phone")
		desk.look(false, false)
	}
	looks("desk-1-open")
	gone := func(when string) {
		t.Helper()
		// The whole document, what it keeps beside it, and the texts of its fields.
		kept := desk.eval(`document.documentElement.outerHTML + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) +
			[...document.querySelectorAll("textarea, input")].map((e) => e.value).join()`)
		if strings.Contains(kept, canary) {
			t.Errorf("%s: the desk's page holds the order", when)
		}
	}
	gone("before")

	desk.click(onPage(`[data-testid=ask-orders]`))
	desk.see(onPage(`[data-testid=asked-orders]`), "asked, waiting")
	desk.click(onPage(`[data-testid=ask-billing]:enabled`)) // once the first was confirmed
	desk.see(onPage(`[data-testid=asked-billing]`), "asked, waiting")
	offers := make(map[string]object)
	for _, m := range list(maya.must("GET", "/api/conversations/"+maya.conversation, nil), "messages") {
		if o, ok := m["offer"].(object); ok {
			offers[list(o, "changes")[0]["category"].(string)] = o
		}
	}
	reply := func(category string, granted bool) {
		t.Helper()
		maya.must("PUT", "/api/me/consents", object{
			"offer_id": offers[category]["id"], "notice": offers[category]["notice"],
			"changes": []object{change("agent_assist", category, "human_agents", granted)},
		})
	}
	reply("billing", false)
	desk.see(onPage(`[data-testid=asked-billing]`), "not now")
	gone("asked")
	reply("orders", true)
	desk.see(onPage(`[data-testid=record]`), canary)
	desk.see(onPage(`.log`), canary) // and what the assistant quoted of it
	looks("desk-2-shared")

	maya.consent(change("agent_assist", "orders", "human_agents", false))
	desk.see(onPage(`[data-testid=asked-orders]`), "stopped sharing")
	desk.see(onPage(`[data-testid=masked]`), "your orders")
	gone("after the customer stopped")
	looks("desk-3-stopped")

	// While nobody can tell the page that the customer has stopped, it shows nothing
	// of theirs.
	maya.consent(change("agent_assist", "orders", "human_agents", true))
	desk.see(onPage(`[data-testid=record]`), canary)
	desk.eval(`dispatchEvent(new Event("offline"))`)
	desk.see(onPage(`[data-testid=unchecked]`), "can't be checked")
	gone("without a line")
	desk.shot("desk-4-offline")
	desk.eval(`dispatchEvent(new Event("online"))`)
	desk.see(onPage(`[data-testid=record]`), canary)
}

// TestOfferOfAnAgentInBrowser: the customer's page shows an agent's question with
// the same three choices as the assistant's.
func TestOfferOfAnAgentInBrowser(t *testing.T) {
	ctx := browser(t)
	info := startDemo(t)
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(info.URL + "/demo"))
	shop.click(onPage(`[data-testid=step-1]`))
	shop.see(inWidget(`[data-testid=offer]`), "your orders")
	shop.click(inWidget(`[data-testid=offer-not-now]`))
	shop.click(inWidget(`[data-testid=handoff-open]`))
	shop.click(inWidget(`[data-testid=handoff-without]`))
	shop.see(inWidget(`body`), "person")

	sam := staff(t, info, "agent@fernhill.example")
	var ticket string
	for deadline := time.Now().Add(10 * time.Second); ticket == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for _, x := range list(sam.must("GET", "/api/desk/queue", nil), "tickets") {
			ticket, _ = x["conversation_id"].(string)
		}
	}
	desk := "/api/desk/conversations/" + ticket
	sam.must("POST", desk+"/claim", nil)
	sam.must("POST", desk+"/ask-consent", object{"categories": []string{"orders"}})
	shop.see(inWidget(`[data-testid=offer]`), "asks to see your orders")
	for _, choice := range []string{"conversation", "standing", "not-now"} {
		shop.see(inWidget(fmt.Sprintf(`[data-testid=offer-%s]`, choice)), "")
	}
	shop.shot("widget-asked")
	shop.click(inWidget(`[data-testid=offer-conversation]`))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(text(list(sam.must("GET", desk, nil), "records")), "FH-20871") {
			break
		}
		if time.Now().After(deadline) {
			shop.shot("failed")
			t.Fatal("the customer said yes, and the desk does not see the order")
		}
	}
	shop.shot("widget-asked-yes")
}

// TestChatGoesOnInBrowser: a page whose conversation is kept no longer goes on in a
// new one, with what its customer had just written.
func TestChatGoesOnInBrowser(t *testing.T) {
	ctx := browser(t)
	r := newReplicas(t, t.Output())
	a := r.start("a")
	shop := &page{t, ctx}
	shop.run(chromedp.Navigate(a.url + "/demo"))
	shop.click(onPage(`[data-testid=step-1]`))
	shop.see(inWidget(`[data-testid=offer]`), "your orders")
	removed := func() bool {
		n, err := a.store.RemoveConversations(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return n > 0
	}
	for deadline := time.Now().Add(10 * time.Second); !removed(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the conversation was not removed")
		}
	}
	const question = "How long do I have to return a jacket?"
	shop.write(inWidget(`[data-testid=composer]`), question)
	shop.click(inWidget(`[data-testid=send]`))
	shop.see(inWidget(`[data-testid=answer]`), "30 days")
	if chat := shop.eval(inWidget(`.log`) + ".innerText"); strings.Contains(chat, "your orders") || strings.Count(chat, question) != 1 {
		t.Errorf("the new chat reads %q", chat)
	}
}
