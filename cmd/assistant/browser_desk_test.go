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

// TestDeskInBrowser walks through an agent's work: what is reserved for them, the
// answer that is suggested, a note, a file, an edit, the transfer, the end. The page is
// judged on the way, in light, in the dark and on a phone.
func TestDeskInBrowser(t *testing.T) {
	const canary = "FH-20871"
	ctx := browser(t)
	info := startDemo(t)
	boss := staff(t, info, "admin@fernhill.example")
	boss.must("PUT", "/api/admin/queues/support", object{"title": "Support", "reserve": "60s"})
	boss.must("PUT", "/api/admin/queues/returns", object{
		"title": "Returns desk", "order": 50, "takes": object{"reasons": []string{"policy_topic"}}, "reserve": "60s",
	})

	ids := make(map[string]any) // of staff, by name
	for _, m := range list(boss.must("GET", "/api/admin/staff", nil), "items") {
		ids[m["name"].(string)] = m["id"]
	}
	desk := &page{t, ctx}
	desk.accessible()
	desk.run(chromedp.Navigate(info.URL + "/desk"))
	desk.signIn("agent@fernhill.example", "demo-agent-pass")
	desk.see(onPage(`[data-testid=load]`), "0 of 4")
	desk.see(onPage(`.queue`), "Nobody is waiting")
	maya := customer(t, info, "maya")
	maya.consent(change("answers", "orders", "brand_ai", true), change("agent_assist", "orders", "human_agents", true),
		change("agent_assist", "orders", "brand_ai", true))
	maya.ask("Where is my order?")
	maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", nil)
	audits := func(name string) {
		t.Helper()
		desk.auditPage(name)
		desk.shot(name)
		desk.look(true, false)
		desk.auditPage(name + " (dark)")
		desk.shot(name + "-dark")
		desk.look(false, true)
		if wide := desk.eval(`document.documentElement.scrollWidth`); wide != "390" {
			t.Errorf("%s is %s pixels wide on a phone", name, wide)
		}
		desk.auditPage(name + " (phone)")
		desk.shot(name + "-phone")
		desk.look(false, false)
	}

	// It is reserved, and the agent takes it.
	desk.see(onPage(`[data-testid=reserved]`), "Where is my order?")
	desk.see(onPage(`[data-testid=countdown]`), " s")
	if title := desk.eval(`document.title`); !strings.Contains(title, "Reserved for you") {
		t.Errorf("the page is called %q while a conversation is reserved", title)
	}
	audits("desk-a-reserved")
	desk.width(320)
	if cut := desk.eval(`(e => e.scrollHeight - e.clientHeight || e.scrollWidth - e.clientWidth)(document.querySelector(".reserved-text"))`); cut != "0" {
		t.Errorf("on a small phone %s pixels of what is reserved are cut off", cut)
	}
	desk.shot("desk-a-reserved-320")
	desk.look(false, false)
	desk.click(onPage(`[data-testid=take]`))
	desk.see(onPage(`[data-testid=load]`), "1 of 4")
	desk.see(onPage(`[data-testid=summary]`), "Where is my order?")
	desk.click(onPage(`[data-testid=point-source]`))
	desk.see(`document.activeElement?.closest("[data-from=customer]")`, "Where is my order?")

	// The keys do something, and can be turned off.
	press := func(key string) {
		desk.eval(fmt.Sprintf(`document.body.dispatchEvent(new KeyboardEvent("keydown", {key: %q, bubbles: true}))`, key))
	}
	press("?")
	desk.see(onPage(`[data-testid=help-dialog]`), "The next conversation")
	desk.auditPage("the help")
	desk.click(onPage(`[data-testid=shortcuts-on]`))
	desk.eval(`document.querySelector("[data-testid=help-dialog]").close()`)
	press("?")
	if desk.eval(`document.querySelector("dialog[open]")`) != "null" {
		t.Error("a key that is turned off does something")
	}

	// A suggestion goes when the customer stops sharing what it was made of, also from
	// the box in which it is edited.
	desk.click(onPage(`[data-testid=suggest]`))
	desk.see(onPage(`[data-testid=suggested-sentence]`), canary)
	desk.see(onPage(`[data-testid=suggestion]`), "The assistant may not use: Profile")
	audits("desk-b-suggestion")
	desk.click(onPage(`[data-testid=suggestion-edit]`))
	desk.see(onPage(`[data-testid=reply]`), canary)
	maya.consent(change("agent_assist", "orders", "human_agents", false))
	desk.see(onPage(`[data-testid=problem]`), "stopped sharing")
	if kept := desk.eval(`document.querySelector("[data-testid=reply]").value + JSON.stringify(sessionStorage)`); strings.Contains(kept, canary) {
		t.Errorf("after the customer stopped the draft reads %q", kept)
	}
	maya.consent(change("agent_assist", "orders", "human_agents", true))
	desk.see(onPage(`[data-testid=record]`), canary)
	desk.click(onPage(`[data-testid=suggest]:enabled`))
	desk.see(onPage(`[data-testid=suggested-sentence]`), canary)
	desk.click(onPage(`[data-testid=suggestion-use]:enabled`))
	desk.see(onPage(`[data-from=agent]`), "written with AI")

	// What is left of a draft says who wrote it: nothing of it, and it is the agent's own.
	for text, with := range map[string]bool{"So it is.": false, "Yes, order " + canary + ".": true} {
		desk.click(onPage(`[data-testid=suggest]:enabled`))
		desk.see(onPage(`[data-testid=suggested-sentence]`), canary)
		desk.click(onPage(`[data-testid=suggestion-edit]`))
		desk.see(onPage(`[data-testid=reply]`), canary)
		desk.eval(`document.querySelector("[data-testid=reply]").select()`)
		desk.write(onPage(`[data-testid=reply]`), text)
		desk.click(onPage(`[data-testid=reply-send]:enabled`))
		desk.see(`[...document.querySelectorAll("[data-from=agent]")].find(e => e.innerText.includes("`+text+`"))`, "")
		if got := strings.Contains(desk.eval(`[...document.querySelectorAll("[data-from=agent]")].at(-1).innerText`), "written with AI"); got != with {
			t.Errorf("%q is said to be written with AI: %t", text, got)
		}
	}

	// What an agent writes stays, through a reload too; a note is not the customer's to read.
	desk.write(onPage(`[data-testid=reply]`), "I will look at the parcel")
	desk.click(onPage(`[data-testid=mode-note]`))
	desk.write(onPage(`[data-testid=note]`), "The depot has it.")
	desk.run(chromedp.Reload())
	desk.see(onPage(`[data-testid=reply]`), "I will look at the parcel")
	desk.click(onPage(`[data-testid=mode-note]`))
	desk.see(onPage(`[data-testid=note]`), "The depot has it.")
	desk.click(onPage(`[data-testid=note-send]`))
	desk.see(onPage(`[data-testid=note-shown]`), "The depot has it.")

	// A file goes with the answer.
	desk.click(onPage(`[data-testid=mode-answer]`))
	desk.eval(fmt.Sprintf(`(() => {
	  const files = new DataTransfer();
	  files.items.add(new File([%s], "parcel.png", {type: "image/png"}));
	  document.querySelector("[data-testid=reply]").dispatchEvent(new ClipboardEvent("paste", {clipboardData: files, bubbles: true, cancelable: true}));
	})()`, picture))
	desk.see(onPage(`[data-testid=upload]`), "parcel.png")
	desk.click(onPage(`[data-testid=reply-send]:enabled`))
	desk.see(`[...document.querySelectorAll("[data-testid=attachment] img")].find(e => e.naturalWidth === 320)`, "")

	// What was just sent can be put right.
	desk.click(`[...document.querySelectorAll("[data-testid=edit-message]")].at(-1)`)
	desk.see(onPage(`[data-testid=edit-text]`), "I will look at the parcel")
	desk.write(onPage(`[data-testid=edit-text]`), " today")
	desk.click(onPage(`[data-testid=edit-save]`))
	desk.see(`[...document.querySelectorAll("[data-from=agent]")].at(-1)`, "edited")
	last := list(maya.must("GET", "/api/conversations/"+maya.conversation, nil), "messages")
	if m := last[len(last)-1]; !strings.Contains(m["text"].(string), "today") || strings.Contains(text(last), "depot") {
		t.Errorf("the customer reads %v", m["text"])
	}
	seq, _ := last[len(last)-1]["seq"].(float64)
	maya.must("POST", "/api/conversations/"+maya.conversation+"/read", object{"seq": int(seq)})
	desk.see(onPage(`[data-testid=read]`), "Read")
	maya.must("POST", "/api/conversations/"+maya.conversation+"/typing", nil)
	desk.see(onPage(`[data-testid=typing]`), "is typing")
	audits("desk-c-conversation")

	// A reply that is ready, with the slash.
	desk.eval(`document.querySelector("[data-testid=reply]").dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true}))`)
	desk.see(onPage(`[data-testid=canned-option]`), "")
	audits("desk-d-ready-replies")
	desk.eval(`document.querySelector("[data-testid=canned-search]").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}))`)
	if desk.eval(`document.querySelector("[data-testid=reply]").value`) == "" {
		t.Error("the reply that was chosen is not in the box")
	}

	// It goes to another queue with a note, comes back, and ends.
	desk.click(onPage(`[data-testid=transfer]`))
	desk.see(onPage(`[data-testid=transfer-dialog] option[value="queue:returns"]`), "Returns desk")
	audits("desk-e-transfer")
	desk.choose(onPage(`[data-testid=transfer-to]`), "queue:returns")
	desk.write(onPage(`[data-testid=transfer-note]`), "She wants to send it back.")
	desk.click(onPage(`[data-testid=transfer-send]`))
	desk.see(onPage(`[data-testid=done]`), "Transferred to Returns desk")
	desk.see(onPage(`[data-testid=reserved]`), "the conversation that is open")
	desk.click(onPage(`[data-testid=claim]`))
	desk.see(`[...document.querySelectorAll("[data-testid=note-shown]")].at(-1)`, "send it back")
	// Whoever leads the desk gives it to a colleague, and back.
	at := "/api/desk/conversations/" + maya.conversation
	give := func(to string) { boss.must("POST", at+"/assign", object{"staff": ids[to]}) }
	desk.write(onPage(`[data-testid=reply]`), "I was about to")
	give("Noor")
	desk.see(onPage(`[data-testid=done]`), "Noor has this conversation now. What you were writing is kept.")
	give("Sam")
	desk.see(onPage(`[data-testid=reply]`), "I was about to")

	// Put off, it is with its owner until then, and whoever leads the desk sees it too.
	desk.click(onPage(`[data-testid=snooze]`))
	desk.click(onPage(`.menu:popover-open button`))
	desk.see(onPage(`[data-testid=until]`), "Put off until")
	if listed := text(list(boss.must("GET", "/api/desk/queue", nil), "tickets")); !strings.Contains(listed, `"state":"snoozed"`) {
		t.Errorf("who leads the desk is told of %s", listed)
	}
	audits("desk-g-put-off")
	desk.click(onPage(`[data-testid=claim]`))
	desk.see(onPage(`[data-testid=reply]`), "I was about to")
	desk.eval(`document.querySelector("[data-testid=history]").open = true`)
	desk.see(onPage(`[data-testid=history]`), "Transferred")
	desk.click(onPage(`[data-testid=resolve]:enabled`))
	desk.see(onPage(`.conversation-head`), "Resolved")
	desk.see(onPage(`[data-testid=load]`), "0 of 4")
	maya.must("POST", "/api/conversations/"+maya.conversation+"/rating", object{"score": 4, "comment": "Quick.", "shown": "yes"})
	desk.run(chromedp.Reload())
	desk.see(onPage(`[data-testid=rating]`), "4 of 5")
	desk.shot("desk-f-resolved")
}

// TestOutsideDeskInBrowser: the customer's words are on the page of somebody else's desk
// while they are shared with it, and neither after that nor while nobody can tell.
func TestOutsideDeskInBrowser(t *testing.T) {
	const said, noted, typed = "canary-words", "canary-note", "my own reply"
	ctx := browser(t)
	texts := func(text string) string {
		return fmt.Sprintf(`{ en: %[1]q, pt-BR: %[1]q, es: %[1]q, uk: %[1]q, ru: %[1]q }`, text)
	}
	r := newReplicas(t, t.Output())
	a := r.start("a", func(c *Config) {
		c.Policy = policyFile(t, "outside", "\nrecipients:\n", `
recipients:
  - id: "desk:acme"
    dpv: "dpv:DataProcessor"
    third_party: true
    label: `+texts("Acme, a support company")+`
    only: `+texts("Only Acme will see them.")+"\n", "\nuses:\n", `
uses:
  - purpose: agent_assist
    categories: [conversation]
    recipients: ["desk:acme"]
`)
	})
	robin := staff(t, r.at("a"), "admin@fernhill.example")
	robin.must("PUT", "/api/admin/queues/acme", object{"title": "Acme", "order": 50, "takes": object{"languages": []string{"ru"}}, "reserve": "0s"})
	invited := robin.must("POST", "/api/admin/staff", object{
		"name": "Olga", "email": "olga@acme.example", "roles": []string{"agent"}, "recipient": "desk:acme",
		"seat": object{"queues": []string{"acme"}, "skills": []string{}, "languages": []string{}, "capacity": 4},
	})
	_, token, _ := strings.Cut(invited["link"].(string), "token=")
	newClient(t, a.url).must("POST", "/api/staff/password", object{"token": token, "password": "a password for Olga"})
	maya := customer(t, r.at("a"), "maya")
	maya.ask("Where is my " + said + "?")
	maya.must("POST", "/api/conversations/"+maya.conversation+"/handoff", nil)
	at := "/api/desk/conversations/" + maya.conversation
	robin.must("POST", at+"/claim", nil)
	robin.must("POST", at+"/transfer", object{"queue": "acme"})

	desk := &page{t, ctx}
	desk.run(chromedp.Navigate(a.url + "/desk"))
	desk.signIn("olga@acme.example", "a password for Olga")
	desk.see(onPage(`[data-testid=ticket]`), "Not shared with your desk")
	desk.click(onPage(`[data-testid=ticket]`))
	desk.click(onPage(`[data-testid=claim]`))
	desk.see(onPage(`.shared`), "nothing")
	desk.write(onPage(`[data-testid=reply]`), typed)
	held := func(when string, words, mine bool) {
		t.Helper()
		page := desk.eval(`document.documentElement.outerHTML + JSON.stringify(sessionStorage) +
			[...document.querySelectorAll("textarea, input")].map((e) => e.value).join()`)
		if strings.Contains(page, said) != words || strings.Contains(page, noted) != words || strings.Contains(page, typed) != mine {
			t.Errorf("%s: the page has the customer's words %v, a note %v, my own %v", when,
				strings.Contains(page, said), strings.Contains(page, noted), strings.Contains(page, typed))
		}
	}
	held("before it is shared", false, true)

	desk.click(onPage(`[data-testid=ask-conversation]`))
	desk.see(onPage(`[data-testid=asked-conversation]`), "asked, waiting")
	var offer object
	for _, m := range list(maya.must("GET", "/api/conversations/"+maya.conversation, nil), "messages") {
		if o, ok := m["offer"].(object); ok && list(o, "changes")[0]["category"] == "conversation" {
			offer = o
		}
	}
	share := func(granted bool, more object) {
		more["changes"] = []object{change("agent_assist", "conversation", "desk:acme", granted)}
		maya.must("PUT", "/api/me/consents", more)
	}
	share(true, object{"offer_id": offer["id"], "notice": offer["notice"]})
	desk.see(onPage(`.log`), said)
	desk.click(onPage(`[data-testid=mode-note]`))
	desk.write(onPage(`[data-testid=note]`), noted)
	desk.click(onPage(`[data-testid=note-send]`))
	desk.see(onPage(`.log`), noted)
	desk.see(onPage(`[data-testid=ticket]`), said)
	held("while it is shared", true, true)

	desk.eval(`dispatchEvent(new Event("offline"))`)
	desk.see(onPage(`[data-testid=unchecked]`), "can't be checked")
	held("without a line", false, true)
	desk.eval(`dispatchEvent(new Event("online"))`)
	desk.see(onPage(`.log`), said)
	share(false, object{})
	desk.see(onPage(`[data-testid=asked-conversation]`), "stopped sharing")
	desk.see(onPage(`[data-testid=ticket]`), "Not shared with your desk")
	held("after the customer stopped", false, true)
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
