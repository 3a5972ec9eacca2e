package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// attach gives the chat a file, as a click, a paste or a drop does. Its bytes are an
// expression.
func (p *page) attach(how, name, kind, bytes string) {
	p.t.Helper()
	p.eval(fmt.Sprintf(`(() => {
	  const frame = document.querySelector("candor-chat").shadowRoot.querySelector("iframe").contentWindow;
	  const files = new frame.DataTransfer();
	  files.items.add(new frame.File([%s], %q, { type: %q }));
	  const box = frame.document.querySelector("#composer"), input = frame.document.querySelector("[data-testid=attach-input]");
	  switch (%q) {
	    case "paste": return box.dispatchEvent(new frame.ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }));
	    case "drop": return frame.document.dispatchEvent(new frame.DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
	  }
	  input.files = files.files;
	  return input.dispatchEvent(new frame.Event("change", { bubbles: true }));
	})()`, bytes, name, kind, how))
}

// picture is a PNG that the page draws.
const picture = `(() => {
  const c = document.createElement("canvas");
  [c.width, c.height] = [320, 200];
  const g = c.getContext("2d");
  g.fillStyle = "#0b6e4f"; g.fillRect(0, 0, 320, 200);
  g.fillStyle = "#f3c969"; g.fillRect(90, 60, 140, 90);
  return Uint8Array.from(atob(c.toDataURL().split(",")[1]), (x) => x.charCodeAt(0));
})()`

// TestHandoffInBrowser walks the customer's side of the desk: from asking for a person,
// over what both send each other, to what the customer thought of it.
func TestHandoffInBrowser(t *testing.T) {
	ctx := browser(t)
	info, _ := delivered(t, t.Output(), "smtp://127.0.0.1:9") // nobody is written to here
	lb := startBalancer(t, info)
	shop := &page{t, ctx}
	test := func(id string) string { return inWidget(fmt.Sprintf("[data-testid=%q]", id)) }
	last := func(selector string) string {
		return fmt.Sprintf(`[...(%s?.querySelectorAll(%q) ?? [])].at(-1)`, inWidget(".log"), selector)
	}
	send := inWidget(`[data-testid=send]:enabled`)
	shop.accessible()
	shop.run(chromedp.Navigate(lb.url + "/demo"))
	shop.look(false, true)
	shop.click(onPage(`[data-testid=step-1]`))
	shop.see(test("offer"), "your orders")
	shop.click(test("offer-not-now"))

	// Asking for a person; sharing is no condition.
	shop.click(test("handoff-open"))
	shop.see(inWidget(".panel"), "Share:")
	shop.see(inWidget(".panel"), "You reach a person either way.")
	shop.see(test("handoff-without"), "Continue without")
	shop.audits("handoff-ask")
	shop.click(test("share-billing"))
	shop.click(test("handoff-share"))
	shop.see(test("banner"), "You can close this and come back.")

	// A way to be told of the answer, and out of it again.
	shop.write(test("contact-address"), "maya")
	shop.click(test("contact-leave"))
	shop.see(test("contact"), "not a whole e-mail address")
	shop.write(test("contact-address"), "@example.org")
	shop.audits("handoff-waiting")
	shop.click(test("contact-leave"))
	shop.see(test("contact"), "m…@example.org")
	shop.click(test("contact-remove"))
	shop.see(test("contact"), "We will not write to you.")

	sam := staff(t, info, "agent@fernhill.example")
	var id string
	for deadline := time.Now().Add(10 * time.Second); id == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for _, x := range list(sam.must("GET", "/api/desk/queue", nil), "tickets") {
			id, _ = x["conversation_id"].(string)
		}
	}
	desk := "/api/desk/conversations/" + id
	sam.must("POST", desk+"/claim", nil)
	shop.see(test("banner"), "is answering you")
	sam.must("POST", desk+"/typing", nil)
	shop.see(test("typing"), "is writing")
	sam.must("POST", desk+"/messages", object{"text": "Sam here. Can you send me a picture?"})
	shop.see(inWidget(".log"), "Can you send me a picture?")

	// Files: what cannot be sent says so before it is sent.
	shop.attach("drop", "notes.txt", "text/plain", `"words"`)
	shop.see(test("attached"), "Only PNG, JPEG, WebP and GIF images and PDF files can be sent.")
	shop.audits("handoff-refused")
	shop.click(test("attached-remove"))
	shop.gone(test("attached"))
	shop.attach("paste", "tent.png", "image/png", picture)
	shop.see(inWidget(`[data-testid=attached][data-sent=true]`), "tent.png")
	shop.attach("choose", "invoice.pdf", "application/pdf", `"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\ntrailer<</Size 1/Root 1 0 R>>\nstartxref\n44\n%%EOF\n"`)
	shop.write(test("composer"), "This is teh tear.")
	shop.click(send)
	shop.see(last(".mine"), "invoice.pdf")
	shop.see(last(".mine img"), "")

	// A slip is put right within the minute.
	shop.click(last("[data-testid=edit]"))
	shop.eval(inWidget(`[data-testid=editor] textarea`) + `.select()`)
	shop.write(inWidget(`[data-testid=editor] textarea`), "This is the tear.")
	shop.shot("20-handoff-edit")
	shop.click(test("edit-save"))
	shop.see(last(".mine"), "This is the tear.")
	shop.see(last(".mine"), "edited")
	seen := sam.must("GET", desk, nil)
	messages := list(seen, "messages")
	newest := messages[len(messages)-1]
	if newest["text"] != "This is the tear." || len(list(newest, "attachments")) != 2 {
		t.Errorf("the desk reads %v", newest)
	}
	sam.must("POST", desk+"/read", object{"seq": newest["seq"]})
	shop.see(test("seen"), "Seen")
	shop.audits("handoff-talk")

	// What nobody sees of the field scrolls with the list, or the page would be as long as that.
	shop.click(last("[data-testid=edit]"))
	shop.see(inWidget(`[data-testid=editor]`), "Save")
	if within := shop.eval(inWidget(`[data-testid=editor] label`) + `.offsetParent.className`); within != "log" {
		t.Errorf("the label of a message that is changed is placed in %q", within)
	}
	shop.press(kb.Escape)

	// What was shared says how it is, also once that has ended.
	sam.must("POST", desk+"/ask-consent", object{"categories": []string{"orders"}})
	shop.click(test("offer-standing"))
	shop.see(test("offer-outcome"), "")
	shop.see(last("[data-testid=offer-outcome]"), "They can see it now.")
	customer(t, info, "maya").consent(change("agent_assist", "orders", "human_agents", false))
	shop.see(last("[data-testid=offer-outcome]"), "It is no longer used.")

	// A message with a file that is written while the line is cut goes out once.
	lb.set(cut)
	shop.attach("paste", "later.png", "image/png", picture)
	shop.write(test("composer"), "And another one.")
	shop.click(send)
	shop.see(test("draft"), "Not sent yet.")
	shop.shot("20-handoff-cut")
	lb.set(fine)
	shop.see(last(".mine[data-testid=message]"), "And another one.")
	shop.gone(test("draft"))
	twice := 0
	for _, m := range list(sam.must("GET", desk, nil), "messages") {
		if m["text"] == "And another one." && len(list(m, "attachments")) == 1 {
			twice++
		}
	}
	if twice != 1 {
		t.Errorf("what was written without a line was sent %d times", twice)
	}

	// Who has left is told on the page, and sees what is new on return.
	launcher := `document.querySelector("candor-chat").shadowRoot.querySelector("[data-testid=launcher]")`
	label := `({ innerText: ` + launcher + `.getAttribute("aria-label") })`
	shop.eval(`window.Candor.close()`)
	sam.must("POST", desk+"/messages", object{"text": "I have ordered you a new one."})
	shop.see(label, "New messages: 1")
	shop.click(launcher)
	shop.see(test("new"), "New while you were away")
	shop.eval(`window.Candor.close()`)
	sam.must("POST", desk+"/messages", object{"text": "It leaves today."})
	shop.see(label, "New messages: 1")
	shop.run(chromedp.Navigate(lb.url + "/demo"))
	shop.see(label, "New messages: 1")
	shop.shot("20-handoff-badge")
	shop.click(launcher)
	shop.see(test("new"), "New while you were away")
	shop.see(inWidget(".log"), "It leaves today.")
	shop.audits("handoff-return")

	// Another tab before it is as good as a closed chat.
	tab := func(state string) {
		shop.eval(`(d => (Object.defineProperty(d, "visibilityState", { value: "` + state + `", configurable: true }), d.dispatchEvent(new Event("visibilitychange"))))(` + inWidget(".log") + `.ownerDocument)`)
	}
	tab("hidden")
	sam.must("POST", desk+"/messages", object{"text": "Anything else?"})
	shop.see(last(".theirs"), "Anything else?")
	seen = sam.must("GET", desk, nil)
	messages = list(seen, "messages")
	if read := seen["read"].(object)["customer"].(float64); read >= messages[len(messages)-1]["seq"].(float64) {
		t.Error("what came behind another tab counts as read")
	}
	tab("visible")
	shop.see(test("new")+`?.nextElementSibling`, "Anything else?")

	// Solved, or not; and how it was, also on the next page.
	sam.must("POST", desk+"/resolve", nil)
	shop.see(test("outcome"), "Is it solved?")
	shop.click(test("solved-no"))
	shop.see(inWidget(".log"), "It is not solved yet: our team will look at it again.")
	sam.must("POST", desk+"/claim", nil)
	sam.must("POST", desk+"/resolve", nil)
	shop.see(test("outcome"), "Is it solved?")
	shop.audits("handoff-solved")
	shop.click(test("solved-yes"))
	shop.see(test("rating"), "Did we show you what we used?")
	shop.run(chromedp.Navigate(lb.url + "/demo"))
	shop.see(onPage(`[data-testid=step-1]`), "")
	shop.click(launcher)
	shop.see(inWidget(".log"), "Anything else?")
	shop.see(test("rating"), "Did we show you what we used?")
	shop.audits("handoff-rating")
	shop.eval(test("score-3") + `.focus()`)
	shop.press(" ")
	shop.press(kb.ArrowRight) // the next one
	shop.click(test("shown-unsure"))
	shop.write(test("rating-comment"), "Quick, and to the point.")
	shop.shot("20-handoff-rated")
	shop.click(test("rating-send"))
	shop.see(test("rated"), "Thank you. You said: Good.")
	if rating := text(sam.must("GET", desk, nil)["rating"]); !strings.Contains(rating, "4") {
		t.Errorf("the desk is told of the rating %s", rating)
	}
}
